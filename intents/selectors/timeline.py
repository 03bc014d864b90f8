"""The life of a transfer as a person sees it: what is shown, where the money is, the steps, the events."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from intents.engine.gone import CHAIN_GONE, is_declared_gone
from intents.lifecycle import RETURNING, OrderState
from intents.models import Order
from intents.services.words import text as error_words

from .access import shown_key_of
from .again import Again, again
from .arrival import app_called, gas_besides
from .costs import Costs, costs_of
from .deposit import DepositPanel, began_at, chain_now, is_paid_to_address, money_code
from .deposit import money_params as deposit_params
from .deposit import panel as deposit_panel
from .event_views import EventView, events_after
from .masking import shown_address
from .network import TokenName, chain_name, contract_address, token_name
from .place import Evidence, Place, evidence, place_of
from .progress import Progress, Remaining, progress_of, remaining_of
from .relief import relief_facts, relief_of, relief_words
from .sentences import (
    CALL_FAILED,
    OUT_OF_REACH,
    SHOWN,
    TAKES_LONGER,
    Sentence,
)
from .sight import Present, Sight
from .steps import StepView, amount_words, step_json, step_views

DEFAULT_ETA_SECONDS = 30
SLOW_FACTOR = 2
SLOW_SLACK_SECONDS = 10

ENDED_SHOWN = frozenset({"delivered", "returned", "waiting_for_you", "not_started"})
MARKS = {
    "awaiting": "next",
    "slower": "wait",
    "delivered": "done",
    "returning": "back",
    "returned": "back",
    "waiting_for_you": "warn",
    "not_started": "skip",
    "staff_checking": "person",
}


class Waiting(Protocol):
    """A step as far as it may hold a transfer up."""

    @property
    def waiting(self) -> str: ...
    @property
    def is_for_person(self) -> bool: ...


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
    deposit: DepositPanel | None = None
    relief: str = ""
    app: str = ""
    gas_on_arrival: str = ""
    progress: Progress | None = None
    remaining: Remaining | None = None
    recipient: str = ""
    is_masked: bool = False

    @property
    def is_ended(self) -> bool:
        """Nothing more happens that the person waits for."""
        return self.shown in ENDED_SHOWN

    @property
    def mark(self) -> str:
        """The icon beside the headline; the words say the same."""
        if self.is_call_failed:
            return "warn"
        return MARKS.get(self.shown, "busy")

    @property
    def costs(self) -> Costs:
        """What it was offered for, and what it cost."""
        return costs_of(self.order)

    @property
    def is_call_failed(self) -> bool:
        """Delivered, but what should have been done with it on arrival was not."""
        return self.money.code == "delivered_call_failed"

    @property
    def shown_key(self) -> str:
        """The key of the link to show around."""
        return shown_key_of(self.order)

    @property
    def again(self) -> Again:
        """The form filled with the same once more, or with the way back."""
        return again(self.order)

    @property
    def relief_facts(self) -> str:
        """What the page's script needs for a transaction of the person's own."""
        return relief_facts(self.order)

    @property
    def relief_words(self) -> dict[str, str]:
        """The places of that part's texts."""
        return relief_words(self.order)

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
            "steps": [step_json(step) for step in self.steps],
        }


def timeline(order: Order, *, now: float | None = None) -> Timeline:
    """Build the view of an order as it is now; `now` is wall time in seconds."""
    moment = time.time() if now is None else now
    seen = evidence(order)
    sight = Present(order, seen)
    place = place_of(order, seen)
    steps = tuple(step_views(order, seen))
    eta = eta_of(order)
    elapsed = elapsed_seconds(order, moment)
    shown = shown_state(order, place, sight, is_slow=is_slow(elapsed, eta))
    origin_time = chain_now(order.origin_id, wall=moment)
    money = money_sentence(order, place, seen, sight)
    return Timeline(
        order=order,
        shown=shown,
        headline=str(CALL_FAILED if money.code == "delivered_call_failed" else headline_of(order, shown)),
        money=money,
        reason=reason_of(order, shown, steps),
        steps=steps,
        events=tuple(events_after(order, 0)),
        input_token=token_name(order.origin_id, order.input_token),
        output_token=token_name(order.destination_id, order.output_token),
        origin=chain_name(order.origin_id),
        destination=chain_name(order.destination_id),
        eta_seconds=eta,
        elapsed_seconds=elapsed,
        deposit=deposit_panel(order, now=origin_time),
        relief=relief_of(order, place=place, origin_time=origin_time),
        app=app_called(order),
        gas_on_arrival=gas_besides(order),
        progress=progress_of(order, shown=shown, place=place, have=sight.have, steps=steps),
        remaining=remaining_of(order, shown=shown, have=sight.have, steps=steps, elapsed=elapsed, eta=eta),
        recipient=order.recipient,
    )


def masked(view: Timeline) -> Timeline:
    """The same for a link to show around: no whole address of a person, and nothing to act with."""
    order = view.order
    params = {
        name: shown_address(value, False) if value in (order.user, order.recipient) else value
        for name, value in view.money.params.items()
    }
    return replace(
        view,
        money=Sentence(view.money.code, params),
        deposit=None,
        relief="",
        recipient=shown_address(order.recipient, False),
        is_masked=True,
    )


def shown_state(order: Order, place: Place, sight: Sight, *, is_slow: bool) -> str:
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
    if state in RETURNING:
        return "returning"
    if place is Place.WALLET and state in (OrderState.REJECTED, OrderState.EXPIRED):
        return "not_started"
    if state is OrderState.AWAITING_DEPOSIT:
        is_all_there = is_paid_to_address(order) and sight.arrived >= order.input_amount
        return "checking" if is_all_there else "awaiting"
    if is_slow:
        return "slower"
    if place is Place.WALLET or sight.have < order.required_depth:
        return "checking"
    return "on_its_way"


def money_sentence(order: Order, place: Place, seen: Evidence, sight: Sight | None = None) -> Sentence:
    """Where the money is, what happens next, by when, and what if not; without `sight` as it is now."""
    sight = sight or Present(order, seen)
    code = _money_code(order, place, seen, sight)
    called = sight.call if place is Place.DELIVERED else None
    if called is not None:
        code = "delivered_called" if called.is_success else "delivered_call_failed"
    params: dict[str, Any] = {
        "input": amount_words(order.origin_id, order.input_token, order.input_amount),
        "minimum": amount_words(order.destination_id, order.output_token, order.output_amount),
        "output": amount_words(
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
        "have": min(sight.have, order.required_depth),
        "need": order.required_depth,
    }
    if called is not None:
        params["app"] = called.name
    if code.startswith("deposit_"):
        params |= deposit_params(order, arrived=sight.arrived, returned=sight.returned)
    return Sentence(code, params)


def _money_code(order: Order, place: Place, seen: Evidence, sight: Sight) -> str:
    at_address = money_code(order, place, seen, arrived=sight.arrived) if is_paid_to_address(order) else ""
    if at_address:
        return at_address
    state = OrderState(order.state)
    if place in (Place.DELIVERED, Place.RETURNED, Place.CLAIMABLE):
        return place.value
    if state is OrderState.NEEDS_ATTENTION:
        held = "wallet" if place is Place.WALLET else "escrow"
        return f"{'gone' if is_gone(order) else 'staff'}_{held}"
    if place is Place.WALLET:
        return _WALLET_CODES.get(state, "wallet_signed")
    if state in RETURNING:
        is_silent = isinstance(sight, Present) and is_declared_gone(order.destination_id)
        return "escrow_waits" if is_silent else "escrow_returning"
    if sight.destination_time > order.fill_deadline:
        return "escrow_late"
    return "escrow_counting" if sight.have < order.required_depth else "escrow_paying"


_WALLET_CODES = {
    OrderState.AWAITING_DEPOSIT: "wallet_awaiting",
    OrderState.OPENING: "wallet_opening",
    OrderState.REJECTED: "wallet_untouched",
    OrderState.EXPIRED: "wallet_expired",
}


def headline_of(order: Order, shown: str) -> str:
    """The words for what is shown, a key of SHOWN."""
    return str(OUT_OF_REACH if shown == "staff_checking" and is_gone(order) else SHOWN[shown])


def is_gone(order: Order) -> bool:
    """Whether the order waits for a chain of its to come back."""
    return bool(order.state == OrderState.NEEDS_ATTENTION and order.reason.get("code") == CHAIN_GONE)


def _goes_back(order: Order, place: Place) -> bool:
    if place in (Place.RETURNED, Place.CLAIMABLE):
        return True
    return OrderState(order.state) in (*RETURNING, OrderState.NEEDS_ATTENTION)


def reason_of(order: Order, shown: str, steps: Iterable[Waiting]) -> str:
    """Why it stands where it stands, "" when there is nothing to say."""
    if shown in ("not_started", "staff_checking") and order.reason.get("code"):
        return error_words(order.reason["code"], order.reason.get("params", {}))
    if shown in ("returning", "returned") and str(order.reason.get("code", "")).startswith("deposit_"):
        return error_words(order.reason["code"])
    if shown == "delivered" and order.state == OrderState.REFUNDED:
        return error_words("refunded_after_fill")
    if shown != "slower":
        return ""
    running = next((step.waiting for step in steps if step.waiting and step.is_for_person), "")
    return running or str(TAKES_LONGER)


def eta_of(order: Order) -> int:
    """How many seconds the offer said it takes."""
    return (order.quote.eta_seconds if order.quote else None) or DEFAULT_ETA_SECONDS


def elapsed_seconds(order: Order, now: float) -> float:
    """How long it has taken at wall time `now`, or took in all."""
    begin = order.received_at or order.created_at.timestamp()
    if is_paid_to_address(order):
        # Until the payment is there only the person's own time passes.
        begin = began_at(order) or now
    end = order.delivered_at or order.ended_at
    return max(0.0, (end.timestamp() if end else now) - begin)


def is_slow(elapsed: float, eta: int) -> bool:
    """Whether it takes longer than is usual. Seconds."""
    return elapsed > max(SLOW_FACTOR * eta, eta + SLOW_SLACK_SECONDS)


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
