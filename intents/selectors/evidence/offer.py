"""The offer that an order was made from: what was asked, the world it was priced in, the routes taken and not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intents.models import Quote
from intents.selectors.card import ROUTES
from intents.selectors.network import chain_name, connected_chains, token_name
from intents.selectors.sentences import words
from intents.selectors.steps import amount_words

from .books import reason_words
from .eyes import Eyes


@dataclass(frozen=True, slots=True)
class BlockSeen:
    """The block of a chain that the offer was made on."""

    chain: str
    number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class RouteView:
    """One way that was found; the first one is the one that was offered."""

    kind: str
    words: str
    expected: str
    minimum: str
    usd_e8: int | None
    eta_seconds: int | None
    depth: int | None
    stock: str
    path: str
    bridge: str


@dataclass(frozen=True, slots=True)
class RejectedView:
    """One way that was not offered, and why."""

    kind: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything about the quote; `seconds` is how long it took to solve."""

    quote_id: str
    state: str
    asked: tuple[tuple[str, str], ...]
    created_at: datetime
    solved_at: datetime | None
    expires_at: datetime | None
    seconds: float | None
    world: tuple[BlockSeen, ...]
    routes: tuple[RouteView, ...]
    rejected: tuple[RejectedView, ...]
    refusal: str


def offer(quote: Quote | None, eyes: Eyes) -> Offer | None:
    """The offer for these eyes; None for orders that somebody made without us."""
    if quote is None:
        return None
    solved = quote.solved_at
    return Offer(
        quote_id=str(quote.pk),
        state=quote.state,
        asked=tuple(
            (name, str(eyes.value(value))) for name, value in quote.intent.items() if value not in ("", None)
        ),
        created_at=quote.created_at,
        solved_at=solved,
        expires_at=quote.expires_at,
        seconds=None if solved is None else (solved - quote.created_at).total_seconds(),
        world=tuple(
            BlockSeen(chain_name(int(chain_id)), int(seen[0]), str(seen[1]))
            for chain_id, seen in sorted(quote.world.items())
        ),
        routes=tuple(_route(quote, route, eyes) for route in quote.routes),
        rejected=tuple(
            RejectedView(
                kind=str(each.get("kind", "")),
                path=_symbols(quote.destination_id, each.get("path") or ()),
                reason=eyes.text(reason_words(each.get("reason"))),
            )
            for each in quote.rejected
        ),
        refusal=eyes.text(reason_words(quote.refusal)),
    )


def _route(quote: Quote, route: Mapping[str, Any], eyes: Eyes) -> RouteView:
    kind = str(route.get("kind", ""))

    def said(name: str) -> str:
        units = route.get(name)
        return (
            ""
            if units is None
            else eyes.text(amount_words(quote.destination_id, quote.output_token, int(units)))
        )

    stock = route.get("stock_token")
    usd = route.get("output_usd_e8")
    return RouteView(
        kind=kind,
        words=words(ROUTES, kind, {"destination": chain_name(quote.destination_id)}),
        expected=said("output_expected"),
        minimum=said("output_minimum"),
        usd_e8=None if usd is None else int(usd),
        eta_seconds=route.get("eta_seconds"),
        depth=route.get("depth"),
        stock=eyes.text(amount_words(quote.destination_id, str(stock), int(route.get("stock_amount") or 0)))
        if stock
        else "",
        path=_swap(quote.destination_id, route.get("swap")),
        bridge=_bridge(route.get("bridge"), eyes),
    )


def _swap(chain_id: int, swap: Mapping[str, Any] | None) -> str:
    if not swap:
        return ""
    manifest = connected_chains().get(chain_id)
    venues = manifest.venues if manifest else ()
    through = [
        f"{venues[index].kind} {venues[index].fee_pips / 10_000:g} %" if index < len(venues) else str(index)
        for index in map(int, swap.get("venues") or ())
    ]
    path = _symbols(chain_id, swap.get("path") or ())
    beside = _swap(chain_id, swap.get("beside"))
    return f"{path} ({', '.join(through)})" + (f" + {beside}" if beside else "")


def _bridge(bridge: Mapping[str, Any] | None, eyes: Eyes) -> str:
    if not bridge:
        return ""
    chain_id = int(bridge["chain_id"])
    amount = eyes.text(amount_words(chain_id, str(bridge["token"]), int(bridge["amount"])))
    return f"{bridge['route']}: {chain_name(chain_id)}, {amount}"


def _symbols(chain_id: int, path: Sequence[Any]) -> str:
    """Symbols along a path; what is no token of the chain stands as it is, shortened."""
    return " → ".join(token_name(chain_id, str(token)).symbol or f"{str(token)[:10]}…" for token in path)
