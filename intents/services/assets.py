"""Canonical assets: what is one and the same thing on several chains, whatever its address and decimals there."""

from dataclasses import dataclass, field
from typing import Final

from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenManifest, TokenNotSupported

ANY: Final = "any"
MOST_ID_DIGITS: Final = 78


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset and the token that it is on each chain; `decimals` are the most that it has anywhere."""

    asset_id: str
    symbol: str
    decimals: int
    tokens: dict[int, TokenManifest] = field(default_factory=dict)

    @property
    def value(self) -> str:
        """As forms write “this asset, wherever it is”."""
        return f"{ANY}:{self.symbol}"

    def scaled(self, chain_id: int, amount: int) -> int:
        """Base units of a chain's token in base units of the asset: exact."""
        return amount * int(10 ** (self.decimals - self.tokens[chain_id].decimals))

    def on_chain(self, chain_id: int, amount: int) -> int | None:
        """Base units of the asset in base units of a chain's token; None where it has too few decimals."""
        unit = int(10 ** (self.decimals - self.tokens[chain_id].decimals))
        return None if amount % unit else amount // unit


def assets() -> list[Asset]:
    """Every asset of the connected chains that can be sent, in the order in which the chains list them.

    A symbol is one asset's here: whatever else calls itself the same somewhere goes by its canonical id.
    """
    found: dict[str, dict[int, TokenManifest]] = {}
    for chain in registry.all_chains().values():
        for token in _sendable(chain):
            found.setdefault(token.canonical_id, {}).setdefault(chain.chain_id, token)
    taken: set[str] = set()
    made = []
    for asset_id, tokens in found.items():
        symbol = _usual_symbol(tokens)
        name = asset_id if symbol.lower() in taken else symbol
        taken.add(name.lower())
        made.append(Asset(asset_id, name, max(token.decimals for token in tokens.values()), tokens))
    return made


def asset_named(text: str) -> Asset:
    """The asset of this symbol or canonical id, in any letter case; raises TokenNotSupported."""
    wanted = text.strip().lower()
    known = assets()
    for asset in known:
        if asset.symbol.lower() == wanted:
            return asset
    for asset in known:
        if asset.asset_id.lower() == wanted:
            return asset
    raise TokenNotSupported(f"{ANY}: {wanted[:60]}", token=wanted[:60], chain=ANY)


def as_listed(text: str) -> str:
    """A choice such as 901:usdc, with an id or any letter case, as forms write it; others unchanged."""
    place, _, name = text.partition(":")
    try:
        if place.lower() == ANY:
            return asset_named(name).value
        is_id = place.isascii() and place.isdigit() and len(place) < MOST_ID_DIGITS
        chain = registry.chain(int(place)) if is_id else registry.chain_by_slug(place)
        return f"{chain.slug}:{chain.token(name).symbol}"
    except (TokenNotSupported, registry.ChainNotSupported):
        return text


def _sendable(chain: ChainManifest) -> list[TokenManifest]:
    return [token for token in chain.assets if not token.is_synthetic and not token.is_transfer_taxed]


def _usual_symbol(tokens: dict[int, TokenManifest]) -> str:
    symbols = [token.symbol for token in tokens.values()]
    return max(symbols, key=lambda symbol: (symbols.count(symbol), -symbols.index(symbol)))
