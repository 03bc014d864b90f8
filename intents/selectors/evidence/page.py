"""All that the console's page about one transfer shows, of one moment and for one pair of eyes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from intents.models import Event, Order
from intents.selectors.explain_words import event_words
from intents.selectors.network import chain_name, explorer_url
from intents.selectors.timeline import Timeline, timeline

from .attempts import LogView, StepEvidence, other_logs, step_evidence
from .books import Books, books, reason_words
from .coins import CoinPrices
from .dossier import Dossier, dossier
from .eyes import Eyes
from .offer import Offer, offer
from .promised import Promised, promised
from .replay import Replay, replay
from .signed import Signed, signed

# A longer story is shown with its beginning and its end, and whole when asked for.
FIRST_EVENTS = 100
LAST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it was written; `gap` counts the ones left out before it."""

    seq: int
    at: datetime
    stop: str
    kind: str
    words: str
    chain: str
    tx_hash: str
    explorer_url: str
    data: str
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Everything:
    """One transfer for staff."""

    order: Order
    person: Timeline
    replay: Replay
    reason: str
    resume_state: str
    steps: tuple[StepEvidence, ...]
    logs: tuple[LogView, ...]
    signed: Signed
    promised: Promised
    books: Books
    offer: Offer | None
    events: tuple[EventRow, ...]
    event_count: int
    user: str
    recipient: str
    share_key: str
    may_see: bool

    @property
    def has_all_events(self) -> bool:
        """Whether none is left out."""
        return len(self.events) == self.event_count


def everything(
    order: Order, *, may_see: bool, at: float | None = None, has_all_events: bool = False
) -> Everything:
    """Read all of it; `at` is the wall time, seconds, that the slider stands at."""
    eyes, case, prices = Eyes(may_see), dossier(order), CoinPrices()
    steps = step_evidence(case, eyes, prices)
    return Everything(
        order=order,
        person=masked(timeline(order, now=case.now), eyes),
        replay=replay(case, at=at, eyes=eyes),
        reason=eyes.text(reason_words(order.reason)),
        resume_state=order.resume_state,
        steps=steps,
        logs=other_logs(case, eyes),
        signed=signed(order, eyes),
        promised=promised(case, steps, prices, eyes),
        books=books(case, eyes),
        offer=offer(case.quote, eyes),
        events=tuple(_events(case, eyes, has_all=has_all_events)),
        event_count=len(case.events),
        user=eyes.address(order.user),
        recipient=eyes.address(order.recipient),
        # The link shows the person's page, addresses and all.
        share_key=order.share_key if may_see else "",
        may_see=may_see,
    )


def moment(order: Order, *, may_see: bool, at: float | None) -> Replay:
    """The slider's part alone."""
    return replay(dossier(order), at=at, eyes=Eyes(may_see))


def person(order: Order, *, may_see: bool) -> Timeline:
    """The person's page alone, as they see it now."""
    return masked(timeline(order), Eyes(may_see))


def masked(view: Timeline, eyes: Eyes) -> Timeline:
    """The person's page for these eyes."""
    if eyes.may_see:
        return view
    return replace(
        view,
        money=eyes.sentence(view.money),
        reason=eyes.text(view.reason),
        steps=tuple(
            replace(step, title=eyes.text(step.title), waiting=eyes.text(step.waiting)) for step in view.steps
        ),
        events=tuple(replace(event, words=eyes.text(event.words)) for event in view.events),
        deposit=None,
        relief="",
        app=eyes.text(view.app),
    )


def _events(case: Dossier, eyes: Eyes, *, has_all: bool) -> Iterator[EventRow]:
    rows, gap = case.events, len(case.events) - FIRST_EVENTS - LAST_EVENTS
    if has_all or gap <= 0:
        yield from (_event(row, eyes) for row in rows)
        return
    yield from (_event(row, eyes) for row in rows[:FIRST_EVENTS])
    last = [_event(row, eyes) for row in rows[-LAST_EVENTS:]]
    yield replace(last[0], gap=gap)
    yield from last[1:]


def _event(row: Event, eyes: Eyes) -> EventRow:
    data: dict[str, Any] = row.data or {}
    chain_id = int(data.get("chain_id") or 0)
    tx_hash = str(data.get("tx_hash") or "")
    return EventRow(
        seq=row.seq,
        at=row.at,
        stop=f"{row.at.timestamp() + 0.001:.3f}",
        kind=row.kind,
        words=event_words(row.kind),
        chain=chain_name(chain_id) if chain_id else "",
        tx_hash=tx_hash,
        explorer_url=explorer_url(chain_id, tx_hash) if tx_hash else "",
        data=json.dumps(eyes.value(data), ensure_ascii=False, sort_keys=True),
    )
