"""Worlds for the solver's tests: two chains, four assets, pools that agree with the prices by default."""

import math
from dataclasses import replace
from typing import Any

from intents.solver.concentrated import Concentrated
from intents.solver.markets import ConcentratedLiquidity, ConstantProduct, Market
from intents.solver.pricing import Delivery
from intents.solver.ticks import sqrt_price_at, word_of
from intents.solver.world import ChainWorld, Price, Stock, Tier, Token, World

USD = 10**8
GWEI = 10**9
ASSETS = {"usdc": 1, "usdt": 1, "weth": 3_200, "wbtc": 96_000}
DECIMALS = {"usdc": 6, "usdt": 6, "weth": 18, "wbtc": 8}
ORIGIN, DESTINATION = 11, 22


def address(chain_id: int, asset: str) -> str:
    """A token's address: any text is one to the solver; order decides token0."""
    return f"0x{chain_id:04x}{list(ASSETS).index(asset):04x}"


def token(chain_id: int, asset: str, decimals: int | None = None) -> Token:
    return Token(address(chain_id, asset), asset.upper(), decimals or DECIMALS[asset], asset)


def units(asset: str, whole: float, decimals: int | None = None) -> int:
    return int(whole * 10 ** (decimals or DECIMALS[asset]))


def pair(
    venue: int,
    first: str,
    second: str,
    usd: float,
    *,
    chain_id: int = DESTINATION,
    fee_pips: int = 3_000,
    skew: float = 1.0,
) -> ConstantProduct:
    """A V2 pair worth `usd` on each side; `skew` moves its price away from the feeds."""
    first, second = sorted((first, second), key=lambda asset: address(chain_id, asset))
    return ConstantProduct(
        venue=venue,
        token0=address(chain_id, first),
        token1=address(chain_id, second),
        fee_pips=fee_pips,
        reserve0=units(first, usd / ASSETS[first]),
        reserve1=units(second, usd / ASSETS[second] * skew),
    )


def concentrated(
    venue: int,
    first: str,
    second: str,
    *,
    liquidity: int,
    chain_id: int = DESTINATION,
    fee_pips: int = 500,
    spacing: int = 10,
    ranges: tuple[tuple[int, int, int], ...] = (),
    skew: float = 1.0,
) -> ConcentratedLiquidity:
    """A V3 pool at the feeds' price: `liquidity` wherever known, more in `ranges` (low, high, liquidity)."""
    first, second = sorted((first, second), key=lambda asset: address(chain_id, asset))
    price = skew * (ASSETS[first] * 10 ** DECIMALS[second]) / (ASSETS[second] * 10 ** DECIMALS[first])
    tick = math.floor(math.log(price, 1.0001))
    nets: dict[int, int] = {}
    active = liquidity
    for low, high, amount in ranges:
        low, high = (tick // spacing + low) * spacing, (tick // spacing + high) * spacing
        nets[low] = nets.get(low, 0) + amount
        nets[high] = nets.get(high, 0) - amount
        active += amount if low <= tick < high else 0
    word = word_of(tick, spacing)
    state = Concentrated(
        sqrt_price=sqrt_price_at(tick), tick=tick, liquidity=active, spacing=spacing,
        first_word=word - 2, last_word=word + 2,
        ticks=tuple(sorted(nets)), nets=tuple(nets[at] for at in sorted(nets)),
    )  # fmt: skip
    return ConcentratedLiquidity(venue, address(chain_id, first), address(chain_id, second), fee_pips, state)


def chain(chain_id: int, **changes: Any) -> ChainWorld:
    """A chain with every asset, a little gas, no stock and no pools."""
    base = ChainWorld(
        chain_id=chain_id, block_number=7, block_hash="0x07", gas_price_wei=GWEI // 20, native_id="eth",
        native_decimals=18, block_seconds=1.0, final_blocks=10,
        tiers=(Tier(1_000 * USD, 1), Tier(10_000 * USD, 5)),
        tokens={address(chain_id, asset): token(chain_id, asset) for asset in ASSETS},
    )  # fmt: skip
    return replace(base, **changes)


def stock(**whole: float) -> dict[str, Stock]:
    """Unreserved stock on the destination in whole tokens."""
    return {address(DESTINATION, asset): Stock(units(asset, amount)) for asset, amount in whole.items()}


def prices(**usd: float) -> dict[str, Price]:
    known = {**ASSETS, "eth": ASSETS["weth"], **usd}
    return {name: Price(int(value * USD), int(value * USD)) for name, value in known.items()}


def world(
    *, markets: tuple[Market, ...] = (), stocks: dict[str, Stock] | None = None, **changes: Any
) -> World:
    """The two chains; `markets` and `stocks` are the destination's."""
    destination = chain(DESTINATION, markets=markets, stocks=stocks or {})
    base = World(chains={ORIGIN: chain(ORIGIN), DESTINATION: destination}, prices=prices(), at=1.0)
    return replace(base, **changes)


def delivery(seen: World, **changes: Any) -> Delivery:
    """USDC of the origin, delivered out of stock a second later."""
    chains = {"origin": seen.chains[ORIGIN], "destination": seen.chains[DESTINATION]}
    return Delivery(**{**chains, "token": token(ORIGIN, "usdc"), "eta": 1, **changes})


def on_destination(base: World, **changes: Any) -> World:
    """The same world with another destination."""
    return replace(base, chains={**base.chains, DESTINATION: replace(base.chains[DESTINATION], **changes)})
