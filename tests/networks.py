"""A network generated from a seed: nothing of it may be known to the program in advance."""

import random
from typing import Final

from intents.devnet.profiles import USD_E8, WETH, ChainProfile, PoolProfile, TokenProfile

SEED: Final = 7001
NAMES: Final = ("Quince", "Rowan", "Sorrel")


def odd_prices() -> dict[str, int]:
    """Prices that differ from the usual network's."""
    return {"usdc": USD_E8, "usdt": 99_950_000, "weth": 1_777 * USD_E8, "wbtc": 41_000 * USD_E8}


def odd_profiles(seed: int = SEED) -> tuple[ChainProfile, ...]:
    """Three chains from 7001 on; the same seed gives the same network."""
    dice = random.Random(seed)
    return tuple(_odd_chain(dice, number, name) for number, name in enumerate(NAMES))


def _odd_chain(dice: random.Random, number: int, name: str) -> ChainProfile:
    usd_decimals = dice.choice((2, 8, 9, 18))
    tokens = (
        WETH,
        TokenProfile("USDC", "Odd Dollar", usd_decimals, "usdc", "permit", dice.random() < 0.5),
        TokenProfile("WBTC", "Odd Bitcoin", dice.choice((8, 18)), "wbtc", "permit", dice.random() < 0.5),
        TokenProfile("USDT", "Odd Tether", dice.choice((6, 12)), "usdt", "no_return", dice.random() < 0.5),
    )
    pools = (
        PoolProfile("uniswap_v2", "USDC", "WETH", dice.randrange(300_000, 3_000_000)),
        PoolProfile(
            "uniswap_v3", "WBTC", "WETH", dice.randrange(300_000, 3_000_000), dice.choice((500, 3_000))
        ),
        PoolProfile("uniswap_v3", "USDC", "USDT", dice.randrange(300_000, 3_000_000), 500),
    )
    return ChainProfile(
        chain_id=7001 + number,
        slug=name.lower(),
        name=name,
        block_seconds=dice.choice((0.5, 2, 3)),
        depth=dice.randrange(2, 13),
        parent_id=7001 if number else None,
        base_fee_wei=dice.randrange(10**7, 10**9),
        priority_fee_wei=dice.randrange(10**5, 10**7),
        tokens=tokens,
        pools=pools,
        vault_of="USDC" if number == 1 else "",
        coin_stock_wei=number * 10**17,
        inventory={"USDC": dice.randrange(1_000, 30_000), "USDT": dice.randrange(0, 3_000)},
    )
