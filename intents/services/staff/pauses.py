"""Brakes: a person stops new transfers of a chain, a token or a route, with a reason that people read.

One person is enough to pull one; letting go takes two (see `requests`). What the system pauses by itself ends by
itself.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from intents.chains import registry
from intents.chains.pauses import OURS
from intents.engine import departures
from intents.engine.brakes import refusal_of
from intents.engine.gas import GAS_LOW
from intents.models import Chain, Departure, Pause
from intents.settlement.acceptance import Refusal

from .audit import Actor
from .errors import NotOffered, Unknown
from .once import Change, Form, once
from .roles import PAUSE

CHAIN: Final = "chain"
TOKEN: Final = "token"
ROUTE: Final = "route"
DRAIN: Final = "drain"
AUTOMATIC: Final = (*OURS, GAS_LOW)
MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Brake:
    """What can be paused: `subject` is what is typed to confirm it, such as birch, birch:USDC or alder>birch."""

    kind: str
    subject: str
    chain_id: int
    destination_id: int = 0
    token: str = ""


def brake_named(kind: str, subject: str) -> Brake:
    """The brake that a page or form names. Raises Unknown."""
    slugs = {chain.slug: chain for chain in registry.all_chains().values()}
    first, _separator, second = subject.partition({TOKEN: ":", ROUTE: ">"}.get(kind, "\n"))
    chain = slugs.get(first)
    if chain is None:
        raise Unknown(subject)
    if kind in (CHAIN, DRAIN):
        return Brake(kind, subject, chain.chain_id)
    if kind == ROUTE and second in slugs and second != first:
        return Brake(kind, subject, chain.chain_id, destination_id=slugs[second].chain_id)
    token = next((each for each in chain.assets if each.symbol == second), None)
    if kind != TOKEN or token is None:
        raise Unknown(subject)
    return Brake(kind, subject, chain.chain_id, token=token.address)


def why_paused(brake: Brake) -> str:
    """The reason that staff gave, "" when no person paused it."""
    if brake.kind == CHAIN:
        reason = Chain.objects.filter(pk=brake.chain_id).values_list("paused_reason", flat=True).first() or ""
        return "" if is_automatic(reason) else reason
    if brake.kind == DRAIN:
        return _departing(brake).values_list("reason", flat=True).first() or ""
    return _open(brake).values_list("reason", flat=True).first() or ""


def is_automatic(reason: str) -> bool:
    """Whether the system paused the chain, which lets go by itself."""
    return not reason or reason.partition(" ")[0] in AUTOMATIC


def pause(
    kind: str, subject: str, actor: Actor, form: Form, *, stock: Departure.Stock = Departure.Stock.LEFT
) -> bool:
    """Pull a brake; False when this form was sent before. `stock` says what a drain does with ours.

    Raises ActRefused.
    """
    brake = brake_named(kind, subject)

    def deed() -> Change:
        before = why_paused(brake)
        if before:
            raise NotOffered(Refusal("paused_already"))
        reason = form.reason.strip()[:MOST_SHOWN]
        # A word that the system uses for itself would be let go by it.
        reason = f"“{reason}”" if is_automatic(reason) else reason
        if brake.kind == CHAIN:
            Chain.objects.filter(pk=brake.chain_id).update(paused_reason=reason)
        elif brake.kind == DRAIN:
            departures.begin(
                brake.chain_id, kind=Departure.Kind.DRAIN, stock=stock, reason=reason, user=actor.user
            )
        else:
            # A person's reason stands above what a probe found, and is not let go by a probe.
            _held(brake).filter(is_automatic=True).update(ended_at=timezone.now())
            Pause.objects.create(
                kind=brake.kind,
                origin_id=brake.chain_id,
                destination_id=brake.destination_id,
                token=brake.token,
                reason=reason,
                created_by=actor.user,
            )
        return Change(before={"paused": ""}, after={"paused": reason})

    return once(actor, "pause", form, permission=PAUSE, kind=kind, subject=subject, deed=deed)


@transaction.atomic
def release(brake: Brake) -> str:
    """Let go of a brake; the reason it had, "" when no person had pulled it."""
    reason = why_paused(brake)
    if not reason:
        return ""
    if brake.kind == CHAIN:
        Chain.objects.filter(pk=brake.chain_id, paused_reason=reason).update(paused_reason="")
    elif brake.kind == DRAIN:
        departures.end(brake.chain_id)
    else:
        _open(brake).update(ended_at=timezone.now())
    return reason


def pulled() -> list[tuple[Brake, str]]:
    """Every brake that a person holds, with its reason."""
    chains = registry.all_chains()
    found = [
        (Brake(CHAIN, chains[row.pk].slug, row.pk), row.paused_reason)
        for row in Chain.objects.exclude(paused_reason="").order_by("pk")
        if row.pk in chains and not is_automatic(row.paused_reason)
    ]
    found += [
        (Brake(DRAIN, chains[row.chain_id].slug, row.chain_id), row.reason)
        for row in Departure.objects.filter(ended_at=None, left_at=None)
        if row.chain_id in chains
    ]
    rows = Pause.objects.filter(ended_at=None, is_automatic=False)
    return found + [(brake, row.reason) for row in rows if (brake := _of(row))]


def _of(row: Pause) -> Brake | None:
    chains = registry.all_chains()
    origin, destination = chains.get(row.origin_id), chains.get(row.destination_id)
    if origin is None:
        return None
    if row.kind == ROUTE:
        subject = f"{origin.slug}>{destination.slug}" if destination else ""
        return Brake(ROUTE, subject, row.origin_id, destination_id=row.destination_id) if subject else None
    symbol = refusal_of(row).params["token"]
    return Brake(TOKEN, f"{origin.slug}:{symbol}", row.origin_id, token=row.token)


def _departing(brake: Brake) -> Any:
    return Departure.objects.filter(chain_id=brake.chain_id, ended_at=None, left_at=None)


def _open(brake: Brake) -> Any:
    """The brake as a person holds it."""
    return _held(brake).filter(is_automatic=False)


def _held(brake: Brake) -> Any:
    return Pause.objects.filter(
        kind=brake.kind,
        origin_id=brake.chain_id,
        destination_id=brake.destination_id,
        token=brake.token,
        ended_at=None,
    )
