"""What a reorganised chain takes back: the order goes back with it, or where it stands forgets what followed."""

from typing import Any

from django.db import transaction

from intents.lifecycle import DELIVERED, RETURNING, TO_BE_FILLED, OrderState, StepKind, StepState

from . import alerts, events, lease, ledger, reservations
from .case import Case, current_state, is_done, move_order, move_step
from .deposit_facts import is_unopened
from .evidence import Evidence
from .flight import recheck
from .waiting_refunds import claim_lost, forget_claim, wait_again


def undo_lost_facts(case: Case, seen: Evidence) -> bool:
    """Take back one fact that its chain no longer has; True when there was one."""
    if seen.filled is None and case.state is OrderState.REFUNDED and case.order.delivered_at is not None:
        return _forget_delivery(case)
    if seen.refunded is None and case.state is OrderState.REFUNDED:
        # What followed from the refund did not happen either.
        return _go_back(case, OrderState.REFUNDING, StepKind.REFUND, memos=("refund", "claim"))
    if claim_lost(case):
        return wait_again(case)
    if seen.finalised is None and case.state is OrderState.SETTLED:
        return _go_back(case, OrderState.PROVING, StepKind.FINALISE, memos=("finalise",))
    # Parked orders follow the chains too: what they were parked for may be gone.
    state = current_state(case)
    if seen.filled is None and state in DELIVERED:
        return _go_back(case, OrderState.FILLING, StepKind.FILL, memos=("fill",))
    # What comes back from a deposit address need never have been open; what we pay must be.
    if seen.opened is None and (
        case.state in TO_BE_FILLED or (case.state in RETURNING and not is_unopened(case))
    ):
        return _go_back(case, OrderState.OPENING, StepKind.OPEN, memos=("open",))
    if seen.opened is None and state in DELIVERED and is_done(case.step(StepKind.OPEN)):
        return _open_lost(case)
    return False


def _go_back(case: Case, target: OrderState, kind: StepKind, *, memos: tuple[str, ...]) -> bool:
    step = case.step(kind)
    changes: dict[str, Any] = {}
    if kind is StepKind.FILL:
        changes = {"delivered_amount": None, "delivered_at": None}
    if kind is StepKind.REFUND:
        changes = {"payout": ""}
    if case.state is OrderState.NEEDS_ATTENTION:
        changes |= {"reason": {}, "resume_state": "", "failures": 0}
    chain_id = step.chain_id if step else case.origin.chain_id
    with transaction.atomic():
        move_order(
            case,
            target,
            event="reorg",
            data={"chain_id": chain_id, "step": kind.value},
            is_reorg=True,
            **changes,
        )
        for memo in memos:
            ledger.unbook(case.order, memo=memo)
        if kind in (StepKind.REFUND, StepKind.FILL):
            alerts.undo_loss(case.order)
        if kind is StepKind.FILL:
            alerts.end(alerts.gone_key(case.order))
        if kind is StepKind.REFUND:
            forget_claim(case)
        if kind is StepKind.OPEN:
            reservations.mark_unopened(case.order.order_id)
        if step is not None and is_done(step):
            move_step(case, step, StepState.READY)
    _recheck(case, chain_id)
    return True


def _forget_delivery(case: Case) -> bool:
    """The order stays returned: what it had been paid besides was not paid."""
    fill = case.step(StepKind.FILL)
    with transaction.atomic():
        changes: dict[str, Any] = {"delivered_amount": None, "delivered_at": None, "reason": {}}
        lease.write(case.lease, where={"state": case.order.state}, **changes)
        for name, value in changes.items():
            setattr(case.order, name, value)
        events.record(
            case.order.order_id, "reorg", chain_id=case.destination.chain_id, step=StepKind.FILL.value
        )
        ledger.unbook(case.order, memo="fill")
        alerts.undo_loss(case.order)
        if fill is not None and is_done(fill):
            move_step(case, fill, StepState.READY)
            move_step(case, fill, StepState.SKIPPED)
    _recheck(case, case.destination.chain_id)
    return True


def _open_lost(case: Case) -> bool:
    """We have paid for what is not open any more: staff are told, and it is put in again."""
    with transaction.atomic():
        events.record(case.order.order_id, "reorg", chain_id=case.origin.chain_id, step=StepKind.OPEN.value)
        ledger.unbook(case.order, memo="open")
        move_step(case, case.step(StepKind.OPEN), StepState.READY)
        if ledger.is_filled(case.order):
            alerts.deposit_gone(case.order)
    _recheck(case, case.origin.chain_id)
    return True


def _recheck(case: Case, chain_id: int) -> None:
    # The very bytes go out again first: same hash, same nonce, no second transaction.
    recheck([a for tries in case.attempts.values() for a in tries if a.chain_id == chain_id])
