"""Evidence before memory: bring an order's rows in line with what the chains say, backward included."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog
from intents.settlement.order import bytes32_to_address

from . import alerts, events, ledger, reservations
from .arrivals import record_call
from .case import Case, add_step, confirm_step, move_order, move_step
from .claimed import claim_lost, forget_claim, wait_again
from .deposit_facts import is_unopened, opened_after_all, returned
from .depth import depth_of, final_depth
from .evidence import Evidence
from .flight import recheck
from .receipts import delivery_of, is_paid_by_us

_NEEDS_OPEN = (OrderState.OPENED, OrderState.FILLING, OrderState.REFUND_DUE, OrderState.REFUNDING)
_RETURNING = (OrderState.REFUND_DUE, OrderState.REFUNDING)
_NEEDS_FILL = (OrderState.FILLED, OrderState.PROVING)
_BEFORE_OPEN = (OrderState.SIGNED, OrderState.OPENING, OrderState.REJECTED, OrderState.AWAITING_DEPOSIT)
_FILLABLE = (OrderState.OPENED, OrderState.FILLING, OrderState.REFUND_DUE, OrderState.REFUNDING)
_REFUNDABLE = (
    OrderState.OPENED,
    OrderState.FILLING,
    OrderState.FILLED,
    OrderState.PROVING,
    OrderState.REFUND_DUE,
    OrderState.REFUNDING,
)


def reconcile(case: Case, seen: Evidence) -> bool:
    """Apply what the evidence says; True when anything moved, so that the caller looks again."""
    moved = _undo_lost_facts(case, seen)
    if not moved:
        moved = _apply_facts(case, seen)
    _confirm_attempts(case)
    _mark_final(case, seen)
    return moved


def fact_data(log: ChainLog) -> dict[str, Any]:
    """Where a fact is written: what events carry."""
    return {"chain_id": log.chain_id, "tx_hash": log.tx_hash, "block": log.block_number}


def _undo_lost_facts(case: Case, seen: Evidence) -> bool:
    if seen.refunded is None and case.state is OrderState.REFUNDED:
        # What followed from the refund did not happen either.
        return _go_back(case, OrderState.REFUNDING, StepKind.REFUND, memos=("refund", "claim", "loss"))
    if claim_lost(case):
        return wait_again(case)
    if seen.finalised is None and case.state is OrderState.SETTLED:
        return _go_back(case, OrderState.PROVING, StepKind.FINALISE, memos=("finalise",))
    if seen.filled is None and case.state in _NEEDS_FILL:
        return _go_back(case, OrderState.FILLING, StepKind.FILL, memos=("fill",))
    if seen.opened is None and case.state in _NEEDS_OPEN and not is_unopened(case):
        return _go_back(case, OrderState.OPENING, StepKind.OPEN, memos=("open",))
    return False


def _go_back(case: Case, target: OrderState, kind: StepKind, *, memos: tuple[str, ...]) -> bool:
    step = case.step(kind)
    changes: dict[str, Any] = {}
    if kind is StepKind.FILL:
        changes = {"delivered_amount": None, "delivered_at": None}
    if kind is StepKind.REFUND:
        changes = {"payout": ""}
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
        if kind is StepKind.REFUND:
            alerts.end(alerts.loss_key(case.order))
            forget_claim(case)
        if kind is StepKind.OPEN:
            reservations.mark_unopened(case.order.order_id)
        if step is not None and step.state in (StepState.CONFIRMED, StepState.FINAL):
            move_step(case, step, StepState.READY)
    # The very bytes go out again first: same hash, same nonce, no second transaction.
    recheck([a for tries in case.attempts.values() for a in tries if a.chain_id == chain_id])
    return True


def _apply_facts(case: Case, seen: Evidence) -> bool:
    state = case.state
    if state is OrderState.NEEDS_ATTENTION and case.order.resume_state:
        # Parked orders follow the chains too: a stranger may have helped.
        state = OrderState(case.order.resume_state)
    if seen.opened is not None and state in _BEFORE_OPEN:
        return _opened(case, seen.opened)
    if seen.opened is not None and state in _RETURNING and is_unopened(case):
        return opened_after_all(case, seen.opened)
    if seen.filled is not None and state in _FILLABLE:
        return _filled(case, seen, seen.filled)
    if seen.refunded is not None and state in _RETURNING and is_unopened(case):
        return returned(case, seen.refunded)
    if seen.refunded is not None and state in _REFUNDABLE:
        return _refunded(case, seen, seen.refunded)
    if seen.finalised is not None and state in _NEEDS_FILL:
        return _settled(case, seen, seen.finalised)
    return False


@transaction.atomic
def _opened(case: Case, log: ChainLog) -> bool:
    move_order(case, OrderState.OPENED, event="opened", data=fact_data(log), reason={})
    confirm_step(case, case.step(StepKind.OPEN))
    fill = case.step(StepKind.FILL)
    if fill is not None and fill.state == StepState.BLOCKED:
        move_step(case, fill, StepState.READY)
    reservations.mark_opened(case.order.order_id)
    ledger.book_open(case.order)
    return True


def _filled(case: Case, seen: Evidence, log: ChainLog) -> bool:
    # The receipt is read before the transaction: no RPC while writing.
    is_spent = seen.is_our_fill and is_paid_by_us(case, log)
    delivery = delivery_of(case, log, is_ours=is_spent)
    paid_besides = [
        output
        for output, fact, fill in zip(case.terms.outputs[1:], seen.facts[1:], seen.fills[1:], strict=True)
        if fact.solver == seen.facts[0].solver and seen.is_our_fill and is_paid_by_us(case, fill)
    ]
    with transaction.atomic():
        move_order(
            case,
            OrderState.FILLED,
            event="filled",
            data={**fact_data(log), "is_ours": seen.is_our_fill},
            delivered_amount=delivery.delivered,
            delivered_at=timezone.now(),
            reason={},
        )
        _delivered_event(case, log, delivery.delivered)
        confirm_step(case, case.step(StepKind.FILL))
        _end_refund(case)
        _skip_bridge(case)
        after = StepState.READY if seen.is_our_fill else StepState.SKIPPED
        for kind in (StepKind.PROVE, StepKind.FINALISE):
            step = case.step(kind)
            if step is None or step.state not in (StepState.BLOCKED, StepState.READY, StepState.SKIPPED):
                continue
            if kind is StepKind.PROVE or after is StepState.SKIPPED:
                move_step(case, step, after)
        if is_spent:
            ledger.book_fill(case.order, amount=delivery.delivered)
            if delivery.token_in:
                ledger.book_swap(
                    case.order,
                    token_in=delivery.token_in,
                    amount_in=delivery.amount_in,
                    amount_out=delivery.amount_out,
                )
            reservations.spend(
                case.order.order_id, chain_id=case.destination.chain_id, block_number=log.block_number
            )
        for besides in paid_besides:
            ledger.book_arrival(case.order, token=bytes32_to_address(besides.token), amount=besides.amount)
        reservations.release(case.order.order_id)
    return True


def _skip_bridge(case: Case) -> None:
    """Stock that was not sent for yet is not sent for any more; what is under way arrives as ours."""
    step = case.step(StepKind.BRIDGE)
    if step is not None and step.state in (StepState.BLOCKED, StepState.READY):
        move_step(case, step, StepState.SKIPPED)


def _delivered_event(case: Case, log: ChainLog, amount: int) -> None:
    events.record(case.order.order_id, "delivered", **fact_data(log), amount=str(amount))
    record_call(case, log)


def _end_refund(case: Case) -> None:
    step = case.step(StepKind.REFUND)
    if step is not None and step.state not in (StepState.SKIPPED, StepState.CONFIRMED, StepState.FINAL):
        move_step(case, step, StepState.SKIPPED)


@transaction.atomic
def _refunded(case: Case, seen: Evidence, log: ChainLog) -> bool:
    payout = "claimable" if seen.held is not None and seen.held.tx_hash == log.tx_hash else "sent"
    is_loss = seen.is_our_fill and ledger.is_filled(case.order)
    move_order(
        case,
        OrderState.REFUNDED,
        event="refunded",
        data={**fact_data(log), "payout": payout} | ({"is_loss": True} if is_loss else {}),
        payout=payout,
        reason={"code": "refunded_after_fill", "params": {}} if is_loss else {},
    )
    refund = add_step(case, StepKind.REFUND, chain_id=case.origin.chain_id, details={})
    confirm_step(case, refund)
    for kind in (StepKind.FILL, StepKind.PROVE, StepKind.FINALISE):
        step = case.step(kind)
        if step is not None and step.state not in (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED):
            move_step(case, step, StepState.SKIPPED)
    _skip_bridge(case)
    ledger.book_refund(case.order, payout=payout)
    if is_loss:
        alerts.book_loss(case.order, tx_hash=log.tx_hash)
    reservations.release(case.order.order_id)
    return True


@transaction.atomic
def _settled(case: Case, seen: Evidence, log: ChainLog) -> bool:
    move_order(case, OrderState.SETTLED, event="settled", data=fact_data(log), reason={})
    for kind in (StepKind.PROVE, StepKind.FINALISE):
        step = case.step(kind)
        if step is not None and step.state != StepState.SKIPPED:
            confirm_step(case, step)
    if seen.is_our_fill:
        ledger.book_finalise(case.order)
    else:
        ledger.book_finalise_to_other(case.order)
    reservations.release(case.order.order_id)
    return True


def _confirm_attempts(case: Case) -> None:
    """An attempt whose transaction left one of the order's logs is confirmed, whatever we remember.

    Its block hash stays empty: the receipt, with the gas it cost, is read when nobody waits.
    """
    logs = {log.tx_hash: log for log in case.logs}
    for attempts in case.attempts.values():
        for attempt in attempts:
            log = logs.get(attempt.tx_hash)
            if log is None or attempt.state == AttemptState.CONFIRMED:
                continue
            Attempt.objects.filter(pk=attempt.pk).update(
                state=AttemptState.CONFIRMED,
                block_number=log.block_number,
                confirmed_at=timezone.now(),
            )
            attempt.state = AttemptState.CONFIRMED
            attempt.block_number = log.block_number


def _mark_final(case: Case, seen: Evidence) -> None:
    facts = {
        StepKind.OPEN: seen.opened,
        StepKind.FILL: seen.filled,
        StepKind.FINALISE: seen.finalised,
        StepKind.REFUND: seen.refunded,
    }
    for kind, log in facts.items():
        step = case.step(kind)
        if log is None or step is None or step.state != StepState.CONFIRMED:
            continue
        manifest = case.origin if log.chain_id == case.origin.chain_id else case.destination
        if depth_of(log.block_number, head=case.head(log.chain_id)) >= final_depth(manifest):
            move_step(case, step, StepState.FINAL)
