"""One order with every row about it, read in a fixed number of queries however long its story is."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from intents.models import Attempt, Belief, ChainHead, ChainLog, Deposit, Event, Order, Quote, Step

# Transactions whose logs are looked up by hash: those of the newest attempts and events.
MOST_HASHES = 300


@dataclass(frozen=True)
class Dossier:
    """Rows as they were read at wall time `now`, seconds; each list in the order in which it happened."""

    order: Order
    quote: Quote | None
    steps: list[Step]
    attempts: list[Attempt]
    events: list[Event]
    beliefs: list[Belief]
    logs: list[ChainLog]
    heads: dict[int, ChainHead]
    deposit: Deposit | None
    now: float
    shared: dict[int, list[int]] = field(default_factory=dict)

    @property
    def start(self) -> float:
        """Wall time of the first thing that is known: the question for an offer, or the order itself."""
        first = [self.order.created_at.timestamp()]
        if self.quote is not None:
            first.append(self.quote.created_at.timestamp())
        first += [event.at.timestamp() for event in self.events[:1]]
        return min(first)

    def tries(self, step: Step) -> list[Attempt]:
        """The transactions of a step, those that serve other orders too among them."""
        shared = self.shared.get(step.pk, [])
        return [row for row in self.attempts if row.step_id == step.pk or row.pk in shared]

    def step(self, kind: str) -> Step | None:
        """The order's step of a kind."""
        return next((step for step in self.steps if step.kind == kind), None)


def dossier(order: Order, *, now: float | None = None) -> Dossier:
    """Read everything about an order."""
    steps = list(Step.objects.filter(order=order).order_by("index"))
    own = list(Attempt.objects.filter(step__in=steps).order_by("id"))
    links = Attempt.also.through.objects.filter(step__in=steps).values_list("step_id", "attempt_id")
    shared: dict[int, list[int]] = {}
    for step_id, attempt_id in links:
        shared.setdefault(step_id, []).append(attempt_id)
    others = {attempt for attempts in shared.values() for attempt in attempts}
    together = list(Attempt.objects.filter(pk__in=others).order_by("id")) if others else []
    attempts = sorted({row.pk: row for row in [*own, *together]}.values(), key=lambda row: row.pk)
    events = list(Event.objects.filter(order=order).order_by("seq"))
    hashes = {str(event.data.get("tx_hash") or "") for event in events[-MOST_HASHES:]} - {""}
    hashes |= {row.tx_hash for row in attempts[-MOST_HASHES:]}
    logs = ChainLog.objects.filter(Q(order_id=order.order_id) | Q(order_id="", tx_hash__in=hashes))
    return Dossier(
        order=order,
        quote=order.quote,
        steps=steps,
        attempts=attempts,
        events=events,
        beliefs=list(Belief.objects.filter(order=order).order_by("at", "id")),
        logs=list(logs.order_by("block_timestamp", "block_number", "log_index")),
        heads={head.chain_id: head for head in ChainHead.objects.defer("world")},
        deposit=Deposit.objects.filter(pk=order.pk).first(),
        now=time.time() if now is None else now,
        shared=shared,
    )


def wall(moment: datetime | None) -> float | None:
    """Seconds of wall time, None for a moment that has not come."""
    return None if moment is None else moment.timestamp()
