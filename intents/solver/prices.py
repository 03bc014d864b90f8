"""What amounts are worth in this world's prices, in exact integers; each function names its rounding."""

from typing import Final

from intents.amounts import divide_down, divide_up, rescale_down
from intents.solver.world import ChainWorld, Price, Token, World

USD: Final = 10**8


class Unpriced(Exception):
    """An amount cannot be valued: `code` is no_price, stale_price, no_message_fee or no_data_fee, `asset` the
    canonical id."""

    def __init__(self, code: str, asset: str) -> None:
        super().__init__(f"{code}: {asset}")
        self.code = code
        self.asset = asset


def price_of(world: World, canonical_id: str) -> Price:
    """The fresh price of an asset; raises Unpriced."""
    price = world.prices.get(canonical_id)
    if price is None:
        raise Unpriced("stale_price" if canonical_id in world.stale else "no_price", canonical_id)
    return price


def usd_down(amount: int, token: Token, price_e8: int) -> int:
    """USD × 10^8, rounded down."""
    return divide_down(amount * price_e8, 10**token.decimals)


def usd_up(amount: int, token: Token, price_e8: int) -> int:
    """USD × 10^8, rounded up."""
    return divide_up(amount * price_e8, 10**token.decimals)


def from_usd_up(usd_e8: int, token: Token, price_e8: int) -> int:
    """Base units worth at least `usd_e8`."""
    return divide_up(usd_e8 * 10**token.decimals, price_e8)


def exchange_down(amount: int, given: Token, wanted: Token, world: World) -> int:
    """What `amount` of one token is worth in another, never more; 1 : 1 for one asset on two chains."""
    if given.canonical_id == wanted.canonical_id:
        return rescale_down(amount, from_decimals=given.decimals, to_decimals=wanted.decimals)
    low, high = price_of(world, given.canonical_id).low_e8, price_of(world, wanted.canonical_id).high_e8
    return divide_down(amount * low * 10**wanted.decimals, high * 10**given.decimals)


def exchange_back_up(amount: int, given: Token, wanted: Token, world: World) -> int:
    """The least of `given` for which `exchange_down` pays at least `amount` of `wanted`."""
    if given.canonical_id == wanted.canonical_id:
        shift = wanted.decimals - given.decimals
        return divide_up(amount * 10 ** max(-shift, 0), 10 ** max(shift, 0))
    low, high = price_of(world, given.canonical_id).low_e8, price_of(world, wanted.canonical_id).high_e8
    return divide_up(amount * high * 10**given.decimals, low * 10**wanted.decimals)


def native_usd_up(world: World, chain: ChainWorld, wei: int) -> int:
    """The highest price of `wei` of a chain's native coin, USD × 10^8; raises Unpriced."""
    return divide_up(wei * price_of(world, chain.native_id).high_e8, 10**chain.native_decimals)
