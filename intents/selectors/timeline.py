"""The life of a transfer as a person sees it: what is shown, where the money is, the steps, the events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, ChainHead, Event, Order, Step
from intents.services.words import text as error_words

from .amounts import shown_amount
from .network import TokenName, chain_name, contract_address, explorer_url, token_name
from .place import Evidence, Place, evidence, place_of
from .sentences import (
    ATTEMPT_STATES,
    EVENTS,
    SHOWN,
    STEP_STATES,
    STEPS,
    TAKES_LONGER,
    WAITING,
    Sentence,
    words,
)

DEFAULT_ETA_SECONDS = 30
SLOW_FACTOR = 2
SLOW_SLACK_SECONDS = 10

# Steps whose success the person waits for; the others are between the filler and us.
PERSON_STEPS = frozenset({StepKind.OPEN, StepKind.SWAP, StepKind.BRIDGE, StepKind.FILL, StepKind.REFUND})
ENDED_SHOWN = frozenset({"delivered", "returned", "waiting_for_you", "not_started"})
_RETURNING = (OrderState.REFUND_DUE, OrderState.REFUNDING)
_ICONS = {
    StepState.BLOCKED: "wait",
    StepState.READY: "next",
    StepState.SUBMITTED: "busy",
    StepState.IN_TRANSIT: "busy",
    StepState.CONFIRMED: "done",
    StepState.FINAL: "done",
    StepState.SKIPPED: "skip",
    StepState.FAILED: "fail",
}


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One transaction of a step."""

    tx_hash: str
    purpose: str
    state: str
    state_words: str
    block_number: int | None
    is_current: bool
    explorer_url: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step with what a person may want to know about it."""

    index: int
    kind: str
    title: str
    chain: str
    state: str
    state_words: str
    icon: str
    waiting: str
    started_at: datetime | None
    confirmed_at: datetime | None
    attempts: tuple[AttemptView, ...]
    have_blocks: int | None
    need_blocks: int | None
    is_for_person: bool

    @property
    def is_running(self) -> bool:
        """Whether its clock runs."""
        return self.started_at is not None and self.confirmed_at is None and self.icon == "busy"

    @property
    def seconds(self) -> float | None:
        """How long it took, once it is done."""
        if self.started_at is None or self.confirmed_at is None:
            return None
        return max(0.0, (self.confirmed_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the story; `seq` never repeats and never has a gap."""

    seq: int
    kind: str
    at: datetime
    words: str
    tx_hash: str
    chain: str

    def to_json(self) -> dict[str, Any]:
        """As sent to programs."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "words": self.words,
            "tx_hash": self.tx_hash,
            "chain": self.chain,
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything a transfer's page shows, of one moment."""

    order: Order
    shown: str
    headline: str
    money: Sentence
    reason: str
    steps: tuple[StepView, ...]
    events: tuple[EventView, ...]
    input_token: TokenName
    output_token: TokenName
    origin: str
    destination: str
    eta_seconds: int
    elapsed_seconds: float

    @property
    def is_ended(self) -> bool:
        """Nothing more happens that the person waits for."""
        return self.shown in ENDED_SHOWN

    @property
    def is_settled(self) -> bool:
        """Nothing more happens at all."""
        return self.order.state in (
            OrderState.SETTLED,
            OrderState.REFUNDED,
            OrderState.REJECTED,
            OrderState.EXPIRED,
        )

    @property
    def last_seq(self) -> int:
        """Number of the newest event."""
        return self.events[-1].seq if self.events else 0

    @property
    def person_steps(self) -> list[StepView]:
        """The steps that the person waits for."""
        return [step for step in self.steps if step.is_for_person]

    @property
    def other_steps(self) -> list[StepView]:
        """What the filler, the validators and we do among ourselves afterwards."""
        return [step for step in self.steps if not step.is_for_person]

    def state_json(self) -> dict[str, Any]:
        """The present as sent to programs, without the events."""
        return {
            "order_id": self.order.order_id,
            "state": self.order.state,
            "shown": self.shown,
            "headline": self.headline,
            "money": self.money.to_json(),
            "reason": self.reason,
            "is_ended": self.is_ended,
            "is_settled": self.is_settled,
            "last_seq": self.last_seq,
            "delivered_amount": _text(self.order.delivered_amount),
            "steps": [_step_json(step) for step in self.steps],
        }


def timeline(order: Order, *, now: float | None = None) -> Timeline:
    """Build the view of an order as it is now; `now` is wall time in seconds."""
    moment = time.time() if now is None else now
    seen = evidence(order)
    place = place_of(order, seen)
    steps = tuple(_steps(order, seen))
    eta = (order.quote.eta_seconds if order.quote else None) or DEFAULT_ETA_SECONDS
    elapsed = _elapsed(order, moment)
    shown = shown_state(order, place, seen, is_slow=_is_slow(elapsed, eta))
    return Timeline(
        order=order,
        shown=shown,
        headline=str(SHOWN[shown]),
        money=money_sentence(order, place, seen),
        reason=_reason(order, shown, steps),
        steps=steps,
        events=tuple(events_after(order, 0)),
        input_token=token_name(order.origin_id, order.input_token),
        output_token=token_name(order.destination_id, order.output_token),
        origin=chain_name(order.origin_id),
        destination=chain_name(order.destination_id),
        eta_seconds=eta,
        elapsed_seconds=elapsed,
    )


def shown_state(order: Order, place: Place, seen: Evidence, *, is_slow: bool) -> str:
    """The one word people see, a key of SHOWN."""
    state = OrderState(order.state)
    if place is Place.DELIVERED:
        return "delivered"
    if place is Place.CLAIMABLE:
        return "waiting_for_you"
    if place is Place.RETURNED:
        return "returned"
    if state is OrderState.NEEDS_ATTENTION:
        return "staff_checking"
    if state in _RETURNING:
        return "returning"
    if place is Place.WALLET and state in (OrderState.REJECTED, OrderState.EXPIRED):
        return "not_started"
    if is_slow:
        return "slower"
    if place is Place.WALLET or _blocks(order, seen) < order.required_depth:
        return "checking"
    return "on_its_way"


def money_sentence(order: Order, place: Place, seen: Evidence) -> Sentence:
    """Where the money is, what happens next, by when, and what if not."""
    code = _money_code(order, place, seen)
    params: dict[str, Any] = {
        "input": _amount(order.origin_id, order.input_token, order.input_amount),
        "minimum": _amount(order.destination_id, order.output_token, order.output_amount),
        "output": _amount(
            order.destination_id, order.output_token, order.delivered_amount or order.output_amount
        ),
        "origin": chain_name(order.origin_id),
        "destination": chain_name(order.destination_id),
        "contract": contract_address(order.origin_id, "input_settler"),
        "account": order.user
        if place is not Place.DELIVERED and _goes_back(order, place)
        else order.recipient,
        "by": order.fill_deadline,
        "after": order.expires,
        "have": min(_blocks(order, seen), order.required_depth),
        "need": order.required_depth,
    }
    return Sentence(code, params)


def events_after(order: Order, seq: int) -> list[EventView]:
    """Events numbered above `seq`, oldest first."""
    return [_event_view(event) for event in Event.objects.filter(order=order, seq__gt=seq).order_by("seq")]


def _money_code(order: Order, place: Place, seen: Evidence) -> str:
    state = OrderState(order.state)
    if place in (Place.DELIVERED, Place.RETURNED, Place.CLAIMABLE):
        return place.value
    if state is OrderState.NEEDS_ATTENTION:
        return "staff_wallet" if place is Place.WALLET else "staff_escrow"
    if place is Place.WALLET:
        return _WALLET_CODES.get(state, "wallet_signed")
    if state in _RETURNING:
        return "escrow_returning"
    if _chain_now(order.destination_id) > order.fill_deadline:
        return "escrow_late"
    return "escrow_counting" if _blocks(order, seen) < order.required_depth else "escrow_paying"


_WALLET_CODES = {
    OrderState.OPENING: "wallet_opening",
    OrderState.REJECTED: "wallet_untouched",
    OrderState.EXPIRED: "wallet_expired",
}


def _goes_back(order: Order, place: Place) -> bool:
    if place in (Place.RETURNED, Place.CLAIMABLE):
        return True
    return OrderState(order.state) in (*_RETURNING, OrderState.NEEDS_ATTENTION)


def _reason(order: Order, shown: str, steps: tuple[StepView, ...]) -> str:
    if shown in ("not_started", "staff_checking") and order.reason.get("code"):
        return error_words(order.reason["code"], order.reason.get("params", {}))
    if shown != "slower":
        return ""
    running = next((step.waiting for step in steps if step.waiting and step.is_for_person), "")
    return running or str(TAKES_LONGER)


def _steps(order: Order, seen: Evidence) -> list[StepView]:
    rows = list(order.steps.prefetch_related("attempts"))
    return [_step_view(order, step, seen) for step in rows]


def _step_view(order: Order, step: Step, seen: Evidence) -> StepView:
    is_open = step.kind == StepKind.OPEN
    have = _blocks(order, seen) if is_open and seen.open_block is not None else None
    attempts = list(step.attempts.all())
    return StepView(
        index=step.index,
        kind=step.kind,
        title=words(STEPS, step.kind, _step_params(order, step)),
        chain=chain_name(step.chain_id),
        state=step.state,
        state_words=words(STEP_STATES, step.state),
        icon=_ICONS[StepState(step.state)],
        waiting=_waiting(step),
        started_at=step.started_at,
        confirmed_at=step.confirmed_at,
        attempts=tuple(_attempt_view(attempt) for attempt in attempts),
        have_blocks=None if have is None else min(have, order.required_depth),
        need_blocks=order.required_depth if is_open else None,
        is_for_person=StepKind(step.kind) in PERSON_STEPS,
    )


def _step_params(order: Order, step: Step) -> dict[str, str]:
    return {
        "input": _amount(order.origin_id, order.input_token, order.input_amount),
        "minimum": _amount(order.destination_id, order.output_token, order.output_amount),
        "chain": chain_name(step.chain_id),
    }


def _waiting(step: Step) -> str:
    code = step.waiting.get("code", "")
    if not code or step.state in (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED):
        return ""
    if code not in WAITING:
        return str(TAKES_LONGER)
    return words(WAITING, code, {**step.waiting.get("params", {}), "chain": chain_name(step.chain_id)})


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        tx_hash=attempt.tx_hash,
        purpose=attempt.purpose,
        state=attempt.state,
        state_words=words(ATTEMPT_STATES, attempt.state),
        block_number=attempt.block_number,
        is_current=attempt.state not in (AttemptState.REPLACED, AttemptState.REVERTED),
        explorer_url=explorer_url(attempt.chain_id, attempt.tx_hash),
    )


def _event_view(event: Event) -> EventView:
    data: Mapping[str, Any] = event.data or {}
    chain_id = data.get("chain_id")
    return EventView(
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        words=words(EVENTS, event.kind, data),
        tx_hash=str(data.get("tx_hash") or ""),
        chain=chain_name(int(chain_id)) if chain_id else "",
    )


def _blocks(order: Order, seen: Evidence) -> int:
    if seen.open_block is None:
        return 0
    head = ChainHead.objects.filter(chain_id=order.origin_id).values_list("number", flat=True).first()
    return 0 if head is None else max(0, head - seen.open_block + 1)


def _chain_now(chain_id: int) -> float:
    row = ChainHead.objects.filter(chain_id=chain_id).values_list("timestamp", "seen_at").first()
    return 0.0 if row is None else row[0] + max(0.0, time.time() - row[1])


def _elapsed(order: Order, now: float) -> float:
    begin = order.received_at or order.created_at.timestamp()
    end = order.delivered_at or order.ended_at
    return max(0.0, (end.timestamp() if end else now) - begin)


def _is_slow(elapsed: float, eta: int) -> bool:
    return elapsed > max(SLOW_FACTOR * eta, eta + SLOW_SLACK_SECONDS)


def _amount(chain_id: int, token: str, units: int) -> str:
    name = token_name(chain_id, token)
    return f"{shown_amount(units, name.decimals)} {name.symbol}" if name.is_known else f"{units} ({token})"


def _step_json(step: StepView) -> dict[str, Any]:
    return {
        "index": step.index,
        "kind": step.kind,
        "chain": step.chain,
        "state": step.state,
        "words": step.state_words,
        "waiting": step.waiting,
        "attempts": [
            {"tx_hash": a.tx_hash, "state": a.state, "block": a.block_number} for a in step.attempts
        ],
    }


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
