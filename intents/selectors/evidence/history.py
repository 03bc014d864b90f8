"""What the engine believed when: states of an order, of its steps and of its transactions by wall time.

Beliefs are rows of their own; where an engine was killed before it wrote them, events and the steps' own times
say nearly the same.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, Event, Order, Step

from .dossier import Dossier, wall

_BEFORE_OPEN = (OrderState.AWAITING_DEPOSIT, OrderState.SIGNED, OrderState.OPENING, OrderState.REJECTED)
_AFTER: dict[str, str] = {
    "open_sent": OrderState.OPENING,
    "opened": OrderState.OPENED,
    "fill_sent": OrderState.FILLING,
    "filled": OrderState.FILLED,
    "prove_sent": OrderState.PROVING,
    "settled": OrderState.SETTLED,
    "rejected": OrderState.REJECTED,
    "expired": OrderState.EXPIRED,
    "refund_due": OrderState.REFUND_DUE,
    "refund_sent": OrderState.REFUNDING,
    "recover_sent": OrderState.REFUNDING,
    "refunded": OrderState.REFUNDED,
    "attention": OrderState.NEEDS_ATTENTION,
    "set_aside": OrderState.NEEDS_ATTENTION,
}
_UNDONE = {
    StepKind.OPEN: OrderState.OPENING,
    StepKind.FILL: OrderState.FILLING,
    StepKind.FINALISE: OrderState.PROVING,
    StepKind.REFUND: OrderState.REFUNDING,
}
_ONLY_FROM: dict[str, tuple[OrderState, ...]] = {
    "opened": _BEFORE_OPEN,
    "recover_sent": (OrderState.REFUND_DUE,),
    # What is seen to be delivered only after the refund stays returned.
    "filled": tuple(state for state in OrderState if state is not OrderState.REFUNDED),
    "fill_sent": (OrderState.OPENED, OrderState.FILLING),
    "refund_sent": (OrderState.REFUND_DUE, OrderState.REFUNDING),
}
# Steps that a plan gets only when they become necessary.
_LATE_KINDS = (StepKind.REFUND, StepKind.BRIDGE)

Moment = tuple[float, str]


class History:
    """One order's beliefs in order of time. The present is what the rows say now."""

    def __init__(self, case: Dossier) -> None:
        self.case = case
        self.moves = list(_moves(case))
        self._at = [moment for moment, _ in self.moves]

    def state(self, moment: float) -> str:
        """The order's state then, "" before there was an order."""
        index = bisect_right(self._at, moment) - 1
        return self.moves[index][1] if index >= 0 else ""

    def order(self, moment: float) -> Order:
        """The order's row as it was then; not to be saved."""
        then = copy(self.case.order)
        then.state = self.state(moment) or self.moves[0][1]
        then.resume_state = self._state_before(moment) if then.state == OrderState.NEEDS_ATTENTION else ""
        then.reason = self._reason(moment, then.state)
        then.delivered_amount, then.delivered_at = self._delivery(moment)
        then.payout = self._payout(moment) if then.state == OrderState.REFUNDED else ""
        ended = self.case.order.ended_at
        then.ended_at = ended if ended is not None and ended.timestamp() <= moment else None
        return then

    def steps(self, moment: float) -> list[Step]:
        """The steps that were planned then, each in its state of then; not to be saved."""
        return [then for step in self.case.steps if (then := self._step(step, moment)) is not None]

    def events(self, moment: float, *kinds: str) -> list[Event]:
        """Events of some kinds until then."""
        return [row for row in self.case.events if row.kind in kinds and row.at.timestamp() <= moment]

    def _state_before(self, moment: float) -> str:
        before = [state for since, state in self.moves if since <= moment]
        return next((state for state in reversed(before) if state != OrderState.NEEDS_ATTENTION), "")

    def _reason(self, moment: float, state: str) -> dict[str, Any]:
        if state == OrderState.NEEDS_ATTENTION:
            asked = self.events(moment, "attention", "set_aside")
            return dict(asked[-1].data.get("reason") or {}) if asked else {}
        return self.case.order.reason if state == self.case.order.state else {}

    def _delivery(self, moment: float) -> tuple[int | None, Any]:
        order = self.case.order
        told = self.events(moment, "delivered", "reorg")
        if any(row.kind == "delivered" for row in told):
            last = [row for row in told if row.kind == "delivered" or row.data.get("step") == StepKind.FILL][
                -1
            ]
            return (int(last.data["amount"]), last.at) if last.kind == "delivered" else (None, None)
        since = wall(order.delivered_at)
        if since is None or since > moment or any(row.kind == "delivered" for row in self.case.events):
            return None, None
        return order.delivered_amount, order.delivered_at

    def _payout(self, moment: float) -> str:
        told = [
            row
            for row in self.events(moment, "refunded", "reorg")
            if row.kind == "refunded" or row.data.get("step") == StepKind.REFUND
        ]
        if not told:
            return self.case.order.payout
        # A block that paid a waiting refund out was lost: it waits again.
        return str(told[-1].data.get("payout") or "") if told[-1].kind == "refunded" else "claimable"

    def _step(self, step: Step, moment: float) -> Step | None:
        rows = [row for row in self.case.beliefs if row.step_index == step.index]
        before = [row for row in rows if row.at.timestamp() <= moment]
        if rows and not before and step.kind in _LATE_KINDS:
            return None
        then = copy(step)
        since, state = _by_its_times(step, moment)
        if before and before[-1].at.timestamp() >= since:
            then.state, then.waiting = before[-1].state, before[-1].waiting
        else:
            # Moves of stock end their step by themselves, and older stories have no beliefs.
            then.state, then.waiting = state, {}
        for name in ("started_at", "confirmed_at", "final_at"):
            written = wall(getattr(step, name))
            if written is not None and written > moment:
                setattr(then, name, None)
        return then


def attempt_state(
    attempt: Attempt, moment: float, *, replaced_at: float | None, seen_at: float | None
) -> str:
    """What was known of a transaction then, "" before it was signed; `seen_at` is when its log was there."""
    if attempt.created_at.timestamp() > moment:
        return ""
    known = [since for since in (wall(attempt.confirmed_at), seen_at) if since is not None]
    if known and min(known) <= moment:
        return attempt.state
    if replaced_at is not None and replaced_at <= moment:
        return AttemptState.REPLACED
    if attempt.broadcast_at is None or attempt.broadcast_at > moment:
        return AttemptState.PLANNED
    return AttemptState.UNKNOWN if attempt.state == AttemptState.UNKNOWN else AttemptState.BROADCAST


def _moves(case: Dossier) -> Iterator[Moment]:
    """(wall time, state), oldest first; the last is the present state."""
    kinds = {event.kind for event in case.events[:1]}
    is_awaited = "awaiting" in kinds or (not kinds and case.order.state == OrderState.AWAITING_DEPOSIT)
    state: str = OrderState.AWAITING_DEPOSIT if is_awaited else OrderState.SIGNED
    last = min([case.order.created_at.timestamp(), *(row.at.timestamp() for row in case.events[:1])])
    yield last, state
    for moment, target in sorted(_told(case), key=lambda each: each[0]):
        following = target(state)
        if following and following != state:
            state, last = following, max(last, moment)
            yield last, state
    if state != case.order.state:
        ended = wall(case.order.ended_at) or wall(case.order.delivered_at) or last
        yield min(max(last, ended), case.now), case.order.state


def _told(case: Dossier) -> Iterator[tuple[float, Callable[[str], str]]]:
    beliefs = [row for row in case.beliefs if row.step_index is None]
    for row in beliefs:
        yield row.at.timestamp(), _always(row.state)
    for event in case.events:
        if event.kind == "reorg" and beliefs:
            continue
        yield event.at.timestamp(), _following(event)


def _always(target: str) -> Callable[[str], str]:
    return lambda state: target


def _following(event: Event) -> Callable[[str], str]:
    """The state after an event, from the one before it."""

    def after(state: str) -> str:
        if event.kind in ("resumed", "taken_up"):
            return str(event.data.get("state") or state)
        if event.kind == "reorg":
            return str(_UNDONE.get(event.data.get("step"), state))  # type: ignore[call-overload]
        if event.kind in _ONLY_FROM and state not in _ONLY_FROM[event.kind]:
            return state
        return _AFTER.get(event.kind, state)

    return after


_TIMES = (
    ("final_at", StepState.FINAL),
    ("confirmed_at", StepState.CONFIRMED),
    ("started_at", StepState.SUBMITTED),
)


def _by_its_times(step: Step, moment: float) -> Moment:
    """The step's state by the times that its row keeps, and since when."""
    for name, state in _TIMES:
        since = wall(getattr(step, name))
        if since is not None and since <= moment:
            return since, state
    return 0.0, StepState.BLOCKED if step.depends_on else StepState.READY
