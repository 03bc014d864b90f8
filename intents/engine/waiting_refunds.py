"""Refunds that waited in the escrow and were pushed to their user: what says so, and a reorg that takes it back."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q, QuerySet

from intents.lifecycle import OrderState, StepKind
from intents.models import ChainLog, Order

from . import events, lease, ledger
from .case import Case, set_details
from .flight import recheck

KIND = "Claimed"


def claims_for(order: Order) -> QuerySet[ChainLog]:
    """Payouts of what the escrow held for the order's user in its input token, oldest first."""
    rows = ChainLog.objects.filter(chain_id=order.origin_id, kind=KIND)
    return rows.filter(data__user=order.user, data__token=order.input_token).order_by(
        "block_number", "log_index"
    )


def claim_lost(case: Case) -> bool:
    """Whether the block that paid the waiting refund out is gone: then it waits again."""
    step = case.step(StepKind.REFUND)
    claim_tx = step.details.get("claim_tx") if step is not None else ""
    if case.state is not OrderState.REFUNDED or case.order.payout != "sent" or not claim_tx:
        return False
    return not ChainLog.objects.filter(tx_hash=claim_tx, kind=KIND).exists()


def forget_claim(case: Case) -> None:
    """The refund itself is gone, and with it what was paid out of it."""
    step = case.step(StepKind.REFUND)
    if step is not None and step.details.get("claim_tx"):
        set_details(case, step, claim_tx="")


def wait_again(case: Case) -> bool:
    """The escrow holds the refund for its user again."""
    step = case.step(StepKind.REFUND)
    assert step is not None
    with transaction.atomic():
        lease.write(case.lease, where={"payout": "sent"}, payout="claimable")
        case.order.payout = "claimable"
        set_details(case, step, claim_tx="")
        ledger.unbook(case.order, memo="claim")
        events.record(case.order.order_id, "reorg", chain_id=case.origin.chain_id, step=StepKind.REFUND.value)
    recheck(case.tries(step, "claim"))
    return True


def orders_paid_by(chain_id: int, logs: Iterable[ChainLog]) -> set[str]:
    """Orders whose waiting refund these logs may have paid out; claims name nobody but the user."""
    names = [Q(user=log.data["user"], input_token=log.data["token"]) for log in logs if log.kind == KIND]
    if not names:
        return set()
    rows = Order.objects.filter(origin_id=chain_id, state=OrderState.REFUNDED, payout="sent")
    return set(rows.filter(reduce(or_, names)).values_list("order_id", flat=True))
