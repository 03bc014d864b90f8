"""What the new chain's tokens are worth: the network's price of the same asset, by canonical id."""

from intents.chains.manifest import ChainManifest, TokenManifest
from intents.engine.world import load_prices


def usd_e8(manifest: ChainManifest, token: TokenManifest) -> int | None:
    """USD × 10^8 of a whole token at the lowest price; None while nobody knows one."""
    prices = load_prices().prices
    worth = next((end.worth for end in manifest.bridges if end.token == token.address), token.canonical_id)
    price = prices.get(worth)
    return price.low_e8 if price is not None else None


def units_for(value_usd_e8: int, token: TokenManifest, price_e8: int) -> int:
    """Base units of a token that are worth so much, rounded down."""
    return value_usd_e8 * int(10**token.decimals) // price_e8


def value_of(units: int, token: TokenManifest, price_e8: int) -> int:
    """USD × 10^8 of so many base units, rounded down."""
    return units * price_e8 // int(10**token.decimals)
