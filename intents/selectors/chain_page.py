"""One chain as its page shows it: what goes over it, how deep its routes are, and what holds it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from intents.chains import registry
from intents.engine.cold_start import joined_at, observed_since, room
from intents.engine.world import load_prices
from intents.models import Chain, Departure
from intents.solver.cold_start import OBSERVED_SECONDS
from intents.solver.world import World

from .again import sending_to
from .amounts import grouped
from .network import ChainView, chain_views
from .overview import ChainActivity, activity, liquidity
from .passports import PassportView, passport_view
from .pauses import departure_words


@dataclass(frozen=True, slots=True)
class Depth:
    """How much can be sent between this chain and another at once, in USD; None where nothing has a price."""

    chain: str
    slug: str
    out_usd: float | None
    in_usd: float | None


@dataclass(frozen=True, slots=True)
class ChainPage:
    """A connected chain with everything that everybody may know of it.

    `send_there` is the form's address with this chain as the place where it arrives, "" while nothing may begin.
    """

    view: ChainView
    sums: ChainActivity
    passport: PassportView | None
    depths: tuple[Depth, ...]
    held_back: tuple[str, ...]
    joined_at: datetime | None
    send_there: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A chain that left the network."""

    chain_id: int
    name: str
    slug: str
    words: str
    left_at: datetime


def chain_page(slug: str) -> ChainPage | None:
    """The chain with this slug, None when it is not connected."""
    views = chain_views()
    view = next((each for each in views if each.manifest.slug == slug), None)
    if view is None:
        return None
    chain_id = view.manifest.chain_id
    passport = passport_view(chain_id)
    free = {bar.chain: bar.usd for bar in liquidity(views).bars}
    world = load_prices()
    return ChainPage(
        view=view,
        sums=activity().chains.get(chain_id, ChainActivity()),
        passport=passport,
        depths=tuple(_depths(view, views, free, world)),
        held_back=tuple(_held_back(view, passport, world)),
        joined_at=joined_at(chain_id),
        send_there=sending_to(view.manifest),
    )


def gone_chains() -> list[Gone]:
    """Chains that left and did not come back, the last first."""
    connected = set(registry.all_chains())
    rows = Departure.objects.filter(left_at__isnull=False, ended_at=None).order_by("-left_at")
    chains = Chain.objects.in_bulk([row.chain_id for row in rows])
    return [
        Gone(
            row.chain_id,
            chains[row.chain_id].name,
            chains[row.chain_id].slug,
            departure_words(row),
            row.left_at,
        )
        for row in rows
        if row.chain_id in chains and row.chain_id not in connected and row.left_at is not None
    ]


def _depths(
    view: ChainView, views: Sequence[ChainView], free: dict[str, float | None], world: World
) -> Iterator[Depth]:
    room_usd = _room_usd(view, world)
    for other in views:
        if other is view:
            continue
        yield Depth(
            chain=other.manifest.name,
            slug=other.manifest.slug,
            out_usd=_at_most(free.get(other.manifest.name), room_usd),
            in_usd=_at_most(free.get(view.manifest.name), _room_usd(other, world)),
        )


def _room_usd(view: ChainView, world: World) -> float | None:
    """What may still leave a new chain, over all its tokens; None when nothing is capped."""
    if observed_since(view.manifest.chain_id) is None:
        return None
    rooms = [room(view.manifest.chain_id, token.address, world=world) for token in view.manifest.assets]
    known = [each for each in rooms if each is not None]
    if len(known) < len(rooms):
        return None
    # The day is that of all of them together.
    today = [each.left_today_usd_e8 for each in known if each.left_today_usd_e8 is not None]
    return min([sum(each.left_usd_e8 for each in known), *today]) / 1e8


def _at_most(usd: float | None, cap: float | None) -> float | None:
    return usd if usd is None or cap is None else min(usd, cap)


def _held_back(view: ChainView, passport: PassportView | None, world: World) -> Iterator[str]:
    if view.paused_words:
        yield view.paused_words
    yield from view.braked_words
    if view.is_stale and not view.paused_reason:
        yield _("It has made no new block for a while.")
    yield from _caps(view, world)
    if passport is None:
        yield _("It was not measured yet.")
    else:
        notes = [each for each in passport.findings if not each.is_bad]
        yield from (
            _("We looked the chain over and found: %(found)s.") % {"found": each.words} for each in notes
        )
    if not any(stock.unreserved for stock in view.stock):
        yield _("We hold nothing here that could be paid out.")
    if len(view.manifest.endpoints) == 1 and not view.manifest.is_local:
        yield _("Only one node tells us about it: while that is away, nothing begins here.")


def _caps(view: ChainView, world: World) -> Iterator[str]:
    """Tokens with the same cap share a sentence."""
    alike: dict[tuple[int, int], list[str]] = {}
    day = None
    kept: list[tuple[int, str, int]] = []
    for token in view.manifest.assets:
        left = None if token.is_synthetic else room(view.manifest.chain_id, token.address, world=world)
        if left is None:
            continue
        hours = 0 if left.is_observed else -(-(OBSERVED_SECONDS - left.observed_seconds) // 3600)
        if left.cap_usd_e8 is not None:
            alike.setdefault((left.cap_usd_e8, hours), []).append(token.symbol)
            day = (left.day_usd_e8, left.left_today_usd_e8)
        if left.left_to_hold_usd_e8 is not None and left.most_held_usd_e8 is not None:
            kept.append((left.left_to_hold_usd_e8, token.symbol, left.most_held_usd_e8))
    for (cap, hours), symbols in alike.items():
        said = {
            "tokens": ", ".join(symbols),
            "chain": view.manifest.name,
            "usd": _whole_usd(cap),
            "hours": hours,
        }
        if hours:
            yield (
                _(
                    "%(tokens)s out of %(chain)s is capped at %(usd)s USD under way until its finality was "
                    "observed for 24 h (%(hours)s h to go); it grows with use."
                )
                % said
            )
        else:
            yield (
                _("%(tokens)s out of %(chain)s is capped at %(usd)s USD under way; it grows with use.") % said
            )
    if day is not None and day[0] is not None and day[1] is not None:
        said = {"chain": view.manifest.name, "usd": _whole_usd(day[0]), "left": _whole_usd(day[1])}
        yield (
            _(
                "Until then at most %(usd)s USD of everything leaves %(chain)s within 24 h, %(left)s USD of it now."
            )
            % said
        )
    yield from _kept_words(view, kept)


def _kept_words(view: ChainView, kept: Sequence[tuple[int, str, int]]) -> Iterator[str]:
    """The token that is nearest to its bound speaks for all of them."""
    if not kept:
        return
    left, symbol, most = min(kept)
    said = {
        "chain": view.manifest.name,
        "usd": _whole_usd(most),
        "left": _whole_usd(min(left, most)),
        "token": symbol,
    }
    yield (
        _(
            "Of each token of %(chain)s we keep at most %(usd)s USD that we took in and did not pass on; %(left)s USD "
            "of it is left for %(token)s."
        )
        % said
    )


def _whole_usd(value_usd_e8: int) -> str:
    return grouped(str(value_usd_e8 // 10**8))
