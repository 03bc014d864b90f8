"""How far a transfer is, from facts alone, and how long what is left usually takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Order

from .network import connected_chains
from .place import Place
from .steps import StepView

SENT: Final = (StepState.SUBMITTED, StepState.IN_TRANSIT, StepState.CONFIRMED, StepState.FINAL)
DONE: Final = (StepState.CONFIRMED, StepState.FINAL)
_KNOWN, _OPEN_SENT, _LOCKED, _COUNTED = 4, 12, 25, 55
_STOCK_SENT, _STOCK_HERE, _FILL_SENT = 62, 72, 85
_RETURN_DUE = 10
# (sent, in a block) by what a transaction of the return is for.
_RETURN: Final = {
    "attest": (25, 40),
    "dispatch": (45, 55),
    "process": (65, 80),
    "refund": (88, 95),
    "recover": (60, 95),
}
_FILL_BLOCKS: Final = 2
_FILL_SLACK_SECONDS: Final = 3
# What somebody else must end: nobody can say when.
_UNFORESEEABLE: Final = frozenset(
    {
        "no_stock", "exposure_full", "not_profitable", "no_price", "stale_price", "chain_unreachable",
        "no_message_fee", "no_data_fee", "fees_too_high",
        "node_unreachable", "chain_paused", "token_paused", "route_paused", "gas_price_too_high",
        "fill_switched_off", "fill_deadline_near", "too_much_gas", "bridge_not_now", "fill_deadline",
    }
)  # fmt: skip
_MOVING: Final = frozenset({"checking", "on_its_way", "slower", "staff_checking"})


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` only grows while chains keep what they said, and is 100 once the money is where it belongs."""

    percent: int
    is_returning: bool = False


@dataclass(frozen=True, slots=True)
class Remaining:
    """`seconds` until it is usually delivered, 0 for any moment, None when nobody can say."""

    seconds: float | None
    is_new: bool = False


def progress_of(
    order: Order, *, shown: str, place: Place, have: int, steps: Iterable[StepView]
) -> Progress | None:
    """The bar of a transfer; None where there is nothing under way and nothing was reached."""
    by_kind = {step.kind: step for step in steps}
    if place is Place.DELIVERED:
        return Progress(100)
    if place is Place.RETURNED:
        return Progress(100, is_returning=True)
    if shown == "returning":
        return Progress(_returned(by_kind.get(StepKind.REFUND)), is_returning=True)
    return Progress(_reached(order, place, have, by_kind)) if shown in _MOVING else None


def remaining_of(
    order: Order, *, shown: str, have: int, steps: Iterable[StepView], elapsed: float, eta: int
) -> Remaining | None:
    """How long it usually still takes; past that a new estimate from what is left to do. None when not under way."""
    if shown in ("checking", "on_its_way"):
        return Remaining(max(0.0, eta - elapsed))
    if shown != "slower":
        return None
    waiting = next((step.waiting_code for step in steps if step.waiting_code and step.is_for_person), "")
    chains = connected_chains()
    origin, destination = chains.get(order.origin_id), chains.get(order.destination_id)
    if waiting in _UNFORESEEABLE or origin is None or destination is None:
        return Remaining(None, is_new=True)
    blocks = max(0, order.required_depth - have)
    left = blocks * origin.block_seconds + _FILL_BLOCKS * destination.block_seconds + _FILL_SLACK_SECONDS
    return Remaining(left, is_new=True)


def _reached(order: Order, place: Place, have: int, steps: dict[str, StepView]) -> int:
    counted = min(have, order.required_depth) * (_COUNTED - _LOCKED) // max(1, order.required_depth)
    reached = [
        _KNOWN,
        _OPEN_SENT if order.state == OrderState.OPENING or _is(steps, StepKind.OPEN, SENT) else 0,
        _LOCKED + counted if place is Place.ESCROW else 0,
    ]
    if place is Place.ESCROW:
        reached += [
            _STOCK_SENT if _is(steps, StepKind.BRIDGE, SENT) else 0,
            _STOCK_HERE if _is(steps, StepKind.BRIDGE, DONE) else 0,
            _FILL_SENT if _is(steps, StepKind.FILL, SENT) else 0,
        ]
    return max(reached)


def _is(steps: dict[str, StepView], kind: StepKind, states: tuple[StepState, ...]) -> bool:
    return kind in steps and steps[kind].state in states


def _returned(step: StepView | None) -> int:
    reached = _RETURN_DUE
    for attempt in step.attempts if step else ():
        sent, done = _RETURN.get(attempt.purpose, (0, 0))
        if attempt.state == AttemptState.CONFIRMED:
            reached = max(reached, done)
        elif attempt.state in (AttemptState.BROADCAST, AttemptState.UNKNOWN):
            reached = max(reached, sent)
    return reached
