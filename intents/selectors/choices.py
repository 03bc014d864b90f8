"""Everything that may be chosen at the two ends of the form: what the wallet holds of it, what that is worth,
and why something cannot be chosen now."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.engine.brakes import Place, brakes
from intents.engine.world import load_world
from intents.errors import WaymeetError
from intents.services.assets import ANY, Asset, assets
from intents.services.balances import AssetBalance, balances_of
from intents.services.solving import own_open_wei
from intents.services.words import reason
from intents.solver.connectivity import unreached
from intents.solver.world import World

from .amounts import shown_amount
from .pauses import brake_words

KEPT_SECONDS: Final = 15.0
# Above this a picture of what can be reached would cost more than it tells.
MOST_ASKED: Final = 300
TONES: Final = 8
GLYPHS: Final = {"usdc": "$", "usdt": "₮", "dai": "◈", "eth": "Ξ", "weth": "Ξ", "wbtc": "B", "btc": "B"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A token on a chain, or an asset wherever it is. Amounts are base units; None is not known.

    `spendable` leaves the gas of opening where the coin itself is sent. `why_from` and `why_to` say why it
    cannot be chosen at that end, "" when it can.
    """

    value: str
    symbol: str
    name: str
    chain: str
    address: str
    decimals: int
    asset_id: str
    price_e8: int | None
    amount: int | None = None
    spendable: int | None = None
    why_from: str = ""
    why_to: str = ""

    @property
    def usd_e8(self) -> int | None:
        """What is held, in USD × 10^8."""
        if self.amount is None or self.price_e8 is None:
            return None
        return int(self.amount * self.price_e8 // 10**self.decimals)

    def to_json(self) -> dict[str, Any]:
        """For the page's script; integers are decimal text."""
        return {
            "value": self.value,
            "symbol": self.symbol,
            "name": self.name,
            "chain": self.chain,
            "address": self.address.lower(),
            "decimals": self.decimals,
            "tone": tone(self.asset_id),
            "glyph": glyph(self.asset_id, self.symbol),
            "place": tone(self.chain),
            "price_e8": _text(self.price_e8),
            "held": "" if not self.amount else shown_amount(self.amount, self.decimals),
            "spendable": _text(self.spendable),
            "usd_e8": _text(self.usd_e8),
            "why_from": self.why_from,
            "why_to": self.why_to,
        }


def tone(name: str) -> int:
    """One of TONES colours that always belongs to this name."""
    return hashlib.sha256(f"36{name}".encode()).digest()[0] % TONES


def glyph(asset_id: str, symbol: str) -> str:
    """The sign or letter on an asset's mark."""
    return GLYPHS.get(asset_id, symbol[:1].upper())


def choices(*, user: str = "", source: str = "") -> list[Choice]:
    """Every choice, assets of any chain first; `source` is what would be sent, for what can be reached from it."""
    view = _View(user, source)
    return [*view.anywhere(), *view.on_chains()]


def held_back() -> dict[str, str]:
    """Why no transfer of a token begins or ends on a chain now, by the choice that names both; no node is asked."""
    pulled = brakes()
    found = {
        f"{manifest.slug}:{token.symbol}": pulled.at((manifest.chain_id, token.address))
        for manifest in registry.all_chains().values()
        for token in manifest.assets
    }
    return {value: brake_words(brake.code, brake.params) for value, brake in found.items() if brake}


class _View:
    def __init__(self, user: str, source: str) -> None:
        self.world = _world()
        self.held = {each.asset.asset_id: each for each in balances_of(user)} if user else {}
        self.brakes = brakes()
        self.source = _place(source)
        self.unreached = _unreached(self.world, self.source)

    def anywhere(self) -> Iterator[Choice]:
        for asset in assets():
            if len(asset.tokens) < 2:
                continue
            held = self.held.get(asset.asset_id)
            total = held.total if held else None
            yield Choice(
                value=asset.value, symbol=asset.symbol, name=asset.symbol, chain="", address="",
                decimals=asset.decimals, asset_id=asset.asset_id, price_e8=self._price(asset.asset_id),
                amount=total, spendable=total, why_from=self._why_nowhere(asset),
            )  # fmt: skip

    def on_chains(self) -> Iterator[Choice]:
        for manifest in registry.all_chains().values():
            for token in manifest.assets:
                amount = _amount(self.held.get(token.canonical_id), manifest.chain_id, token)
                why = self._why(manifest, token)
                yield Choice(
                    value=f"{manifest.slug}:{token.symbol}", symbol=token.symbol, name=token.name,
                    chain=manifest.name, address="" if token.address == ZERO_ADDRESS else token.address,
                    decimals=token.decimals, asset_id=token.canonical_id,
                    price_e8=self._price(token.canonical_id), amount=amount,
                    spendable=_spendable(manifest, token, amount), why_from=why,
                    why_to=why or self._why_not_from_source((manifest.chain_id, token.address)),
                )  # fmt: skip

    def _why_nowhere(self, asset: Asset) -> str:
        """Why it cannot be sent from any chain: what keeps the first, when something keeps each."""
        chains = registry.all_chains()
        reasons = [self._why(chains[chain_id], token) for chain_id, token in asset.tokens.items()]
        return reasons[0] if all(reasons) else ""

    def _why_not_from_source(self, place: Place) -> str:
        """What keeps the way between them, or why there is none; the source's own brakes stand with the source."""
        if self.source is None:
            return ""
        braked = self.brakes.routes.get((self.source[0], place[0]))
        return brake_words(braked.code, braked.params) if braked else self.unreached.get(place, "")

    def _price(self, asset_id: str) -> int | None:
        price = self.world.prices.get(asset_id)
        return price.low_e8 if price else None

    def _why(self, manifest: ChainManifest, token: TokenManifest) -> str:
        if token.is_synthetic:
            return _("It stands for a token of another chain and is not the chain's own: not supported.")
        if token.is_transfer_taxed:
            return _("It takes a part of every payment for itself: not supported.")
        chain = self.world.chains.get(manifest.chain_id)
        if chain is None:
            return reason("clock_unknown", {"chain": manifest.name})
        braked = self.brakes.at((manifest.chain_id, token.address))
        if braked is not None:
            return brake_words(braked.code, braked.params)
        if self._price(token.canonical_id) is None:
            return reason("no_price")
        return ""


def _amount(held: AssetBalance | None, chain_id: int, token: TokenManifest) -> int | None:
    if held is None or held.asset.tokens.get(chain_id) != token:
        return None
    return next((each.amount for each in held.balances if each.chain_id == chain_id), None)


def _spendable(manifest: ChainManifest, token: TokenManifest, amount: int | None) -> int | None:
    if amount is None or token.address != ZERO_ADDRESS:
        return amount
    try:
        return max(amount - own_open_wei(manifest), 0)
    except WaymeetError:
        return None


@dataclass(slots=True)
class _Kept:
    """What this process found out lately, in codes: words differ by reader."""

    world: World | None = None
    at: float = float("-inf")
    unreached: dict[Place, dict[Place, Any]] = field(default_factory=dict)


_kept = _Kept()


def forget() -> None:
    """Have the next look read the world."""
    _kept.at = float("-inf")


def _world() -> World:
    now = time.monotonic()
    if _kept.world is None or now - _kept.at > KEPT_SECONDS:
        _kept.world, _kept.at, _kept.unreached = load_world(), now, {}
    return _kept.world


def _place(source: str) -> Place | None:
    """The chain and token of a choice; None for any chain, or none."""
    slug, _colon, name = source.partition(":")
    if not name or slug == ANY:
        return None
    try:
        manifest = registry.chain_by_slug(slug)
        return manifest.chain_id, manifest.token(name).address
    except WaymeetError:
        return None


def _unreached(world: World, source: Place | None) -> dict[Place, str]:
    """Why what lies on other chains cannot be delivered for `source`, in words; nothing for any chain."""
    if source is None or sum(len(chain.tokens) for chain in world.chains.values()) > MOST_ASKED:
        return {}
    if source not in _kept.unreached:
        _kept.unreached[source] = unreached(world, origin_id=source[0], token=source[1])
    return {place: reason(why.code, why.params) for place, why in _kept.unreached[source].items()}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
