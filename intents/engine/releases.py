"""When a refund may be released: only once the protocol allows it, whoever asks."""

from intents.chains.clock import clock
from intents.lifecycle import DELIVERED, IN_ESCROW, OrderState
from intents.models import Order
from intents.settlement.acceptance import Refusal

from .case import Case

RELEASED = "released"


def refuse_release(order: Order) -> Refusal | None:
    """Why the order's money cannot go back now; raises ClockUnknown before the chains' clocks are known.

    While nobody knows that it was not filled, which is until the fill deadline, the escrow keeps it.
    """
    state = OrderState(order.resume_state or order.state)
    if state in DELIVERED or state is OrderState.SETTLED:
        return Refusal("release_delivered")
    if state is OrderState.REFUNDED:
        return None if order.payout == "claimable" else Refusal("release_returned")
    if state not in IN_ESCROW:
        return Refusal("release_not_opened")
    now = clock(order.destination_id)
    if now <= order.fill_deadline:
        params = {"by": order.fill_deadline, "left_seconds": order.fill_deadline - now + 1}
        return Refusal("release_too_early", params)
    return None


def is_released(case: Case) -> bool:
    """Whether staff had the refund released: then we carry and pay it whatever it is worth."""
    return any(step.details.get(RELEASED) for step in case.steps)
