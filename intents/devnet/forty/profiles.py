"""Chains that nobody has seen: generated from a number, the same ones every time."""

import random
from typing import Final

from intents.devnet.profiles import ETHER, WETH, ChainProfile, PoolProfile, TokenKind, TokenProfile

FIRST_ID: Final = 1001
BLOCK_SECONDS: Final = 4.0
PARENT_ID: Final = 900


def generated(number: int) -> ChainProfile:
    """Chain `number`, from 0 on: other decimals, depth, gas, tokens and pool order than its neighbours."""
    dice = random.Random(FIRST_ID + number)
    usd_kind: TokenKind = dice.choice(("fiat", "permit"))
    decimals = 6 if usd_kind == "fiat" else dice.choice((6, 8, 18))
    tokens = [
        WETH,
        TokenProfile("USDC", "USD Coin", decimals, "usdc", usd_kind, dice.random() < 0.5),
    ]
    pools = [PoolProfile("uniswap_v2", "USDC", "WETH", dice.randrange(200_000, 2_000_000))]
    inventory = {"USDC": dice.randrange(5_000, 12_000), "WETH": 1}
    if number % 3 == 0:
        tokens.append(TokenProfile("USDT", "Local Tether", 6, "usdt", "no_return", dice.random() < 0.5))
        pools.append(PoolProfile("uniswap_v3", "USDC", "USDT", 400_000, 500))
    if number % 4 == 1:
        tokens.append(TokenProfile("WBTC", "Wrapped Bitcoin", 8, "wbtc", "permit", dice.random() < 0.5))
        pools.append(PoolProfile("uniswap_v2", "WBTC", "WETH", 400_000))
    return ChainProfile(
        chain_id=FIRST_ID + number,
        slug=f"grove-{number + 1}",
        name=f"Grove {number + 1}",
        block_seconds=BLOCK_SECONDS,
        depth=dice.randrange(2, 6),
        parent_id=PARENT_ID,
        base_fee_wei=dice.randrange(10**7, 10**8),
        priority_fee_wei=10**6,
        tokens=tuple(tokens),
        pools=tuple(pools),
        inventory=inventory,
        coin_stock_wei=ETHER // 5,
        joins_later=True,
    )
