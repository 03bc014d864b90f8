"""What chain facts mean for orders that are paid to a deposit address and never were in escrow."""

from django.db import transaction

from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import ChainLog

from . import deposits, events, ledger
from .case import Case, confirm_step, move_order, move_step


def is_unopened(case: Case) -> bool:
    """Whether the order is paid to an address and its money never was in escrow, as far as we know."""
    step = case.step(StepKind.OPEN)
    if case.order.confirm_way != deposits.DEPOSIT or step is None:
        return False
    return step.state not in (StepState.CONFIRMED, StepState.FINAL)


def taken_back(case: Case) -> ChainLog | None:
    """The newest log of the input's way from the address back to the user."""
    settler = case.origin.address("input_settler")
    for log in reversed(case.logs):
        is_ours = log.chain_id == case.origin.chain_id and log.address == settler
        if log.kind == "Recovered" and is_ours and log.data["token"] == case.order.input_token:
            return log
    return None


@transaction.atomic
def returned(case: Case, log: ChainLog) -> bool:
    """The input went from the address back to its user: the order ends without having begun."""
    is_held = any(other.kind == "PayoutHeld" and other.tx_hash == log.tx_hash for other in case.logs)
    payout = "claimable" if is_held else "sent"
    move_order(
        case,
        OrderState.REFUNDED,
        event="refunded",
        data={"chain_id": log.chain_id, "tx_hash": log.tx_hash, "block": log.block_number, "payout": payout},
        payout=payout,
    )
    confirm_step(case, case.step(StepKind.REFUND))
    for kind in (StepKind.OPEN, StepKind.FILL, StepKind.PROVE, StepKind.FINALISE):
        step = case.step(kind)
        if step is not None and step.state not in (StepState.SKIPPED, StepState.FAILED):
            move_step(case, step, StepState.SKIPPED)
    return True


@transaction.atomic
def opened_after_all(case: Case, log: ChainLog) -> bool:
    """A block opened what we were about to give back: it comes back through the escrow then."""
    confirm_step(case, case.step(StepKind.OPEN))
    ledger.book_open(case.order)
    events.record(
        case.order.order_id,
        "opened",
        chain_id=log.chain_id,
        tx_hash=log.tx_hash,
        block=log.block_number,
    )
    return True
