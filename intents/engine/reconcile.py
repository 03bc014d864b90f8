"""Evidence before memory: bring an order's rows in line with what the chains say, backward included."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from intents.lifecycle import (
    DELIVERED,
    IN_ESCROW,
    MAY_BE_OPENED,
    RETURNING,
    AttemptState,
    OrderState,
    StepKind,
    StepState,
)
from intents.models import Attempt, ChainLog
from intents.settlement.order import MandateOutput, bytes32_to_address

from . import alerts, events, lease, ledger, reservations, withheld
from .arrivals import record_call
from .case import Case, add_step, confirm_step, current_state, is_done, move_order, move_step
from .deposit_facts import is_unopened, opened_after_all, returned
from .depth import depth_of, final_depth
from .evidence import Evidence
from .receipts import Delivery, delivery_of, is_paid_by_us
from .undone import undo_lost_facts

# We pay nothing that is not open: a fill of ours stands there when a reorganised chain took the open back.
_NOT_OPEN = (OrderState.AWAITING_DEPOSIT, OrderState.OPENING, OrderState.REJECTED, OrderState.EXPIRED)
# After `expires` the escrow gives back what was delivered, too.
_REFUNDABLE = IN_ESCROW | DELIVERED


def reconcile(case: Case, seen: Evidence) -> bool:
    """Apply what the evidence says; True when anything moved, so that the caller looks again."""
    moved = undo_lost_facts(case, seen)
    if not moved:
        moved = _apply_facts(case, seen)
    _confirm_attempts(case)
    _mark_final(case, seen)
    return moved


def fact_data(log: ChainLog) -> dict[str, Any]:
    """Where a fact is written: what events carry."""
    return {"chain_id": log.chain_id, "tx_hash": log.tx_hash, "block": log.block_number}


def _apply_facts(case: Case, seen: Evidence) -> bool:
    # Parked orders follow the chains too: a stranger may have helped.
    state = current_state(case)
    if seen.opened is not None and state in MAY_BE_OPENED:
        return _opened(case, seen.opened)
    if seen.opened is not None and state in RETURNING and is_unopened(case):
        return opened_after_all(case, seen.opened)
    opening = case.step(StepKind.OPEN)
    if seen.opened is not None and state in DELIVERED and opening is not None and not is_done(opening):
        return _open_again(case, seen.opened)
    if seen.filled is not None and (state in IN_ESCROW or _is_paid_unopened(case, seen, seen.filled)):
        return _filled(case, seen, seen.filled)
    if seen.filled is not None and state is OrderState.REFUNDED and case.order.delivered_at is None:
        return _filled_besides(case, seen, seen.filled)
    if seen.refunded is not None and state in RETURNING and is_unopened(case):
        return returned(case, seen.refunded)
    if seen.refunded is not None and state in _REFUNDABLE:
        return _refunded(case, seen, seen.refunded)
    if seen.finalised is not None and state in DELIVERED:
        return _settled(case, seen, seen.finalised)
    if seen.finalised is not None and state is OrderState.SETTLED and seen.is_our_fill:
        return _paid_otherwise(case, seen)
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


@dataclass(frozen=True, slots=True)
class _Payment:
    """What a fill's transaction paid, and how much of it was our stock."""

    delivery: Delivery
    is_spent: bool
    besides: tuple[MandateOutput, ...]


def _payment(case: Case, seen: Evidence, log: ChainLog) -> _Payment:
    is_spent = seen.is_our_fill and is_paid_by_us(case, log)
    besides = tuple(
        output
        for output, fact, fill in zip(case.terms.outputs[1:], seen.facts[1:], seen.fills[1:], strict=True)
        if fact.solver == seen.facts[0].solver and seen.is_our_fill and is_paid_by_us(case, fill)
    )
    return _Payment(delivery_of(case, log, is_ours=is_spent), is_spent, besides)


def _is_paid_unopened(case: Case, seen: Evidence, log: ChainLog) -> bool:
    return current_state(case) in _NOT_OPEN and seen.is_our_fill and is_paid_by_us(case, log)


def _filled(case: Case, seen: Evidence, log: ChainLog) -> bool:
    # The receipt is read before the transaction: no RPC while writing.
    paid = _payment(case, seen, log)
    with transaction.atomic():
        move_order(
            case,
            OrderState.FILLED,
            event="filled",
            data={**fact_data(log), "is_ours": seen.is_our_fill},
            delivered_amount=paid.delivery.delivered,
            delivered_at=timezone.now(),
            reason={},
        )
        _delivered_event(case, log, paid.delivery.delivered)
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
        _book_fill(case, log, paid)
        if seen.opened is None and paid.is_spent:
            _try_open_again(case)
    return True


def _filled_besides(case: Case, seen: Evidence, log: ChainLog) -> bool:
    """A fill in time that we see only after the refund: the person has both, and the order stays returned."""
    paid = _payment(case, seen, log)
    refund_tx = seen.refunded.tx_hash if seen.refunded is not None else ""
    with transaction.atomic():
        changes: dict[str, Any] = {
            "delivered_amount": paid.delivery.delivered,
            "delivered_at": timezone.now(),
            "reason": _both(is_loss=paid.is_spent),
        }
        lease.write(case.lease, where={"state": case.order.state, "delivered_at": None}, **changes)
        for name, value in changes.items():
            setattr(case.order, name, value)
        data = {**fact_data(log), "is_ours": seen.is_our_fill}
        events.record(case.order.order_id, "filled", **data | ({"is_loss": True} if paid.is_spent else {}))
        _delivered_event(case, log, paid.delivery.delivered)
        confirm_step(case, case.step(StepKind.FILL))
        _book_fill(case, log, paid)
        if paid.is_spent:
            alerts.book_loss(case.order, tx_hash=refund_tx)
    return True


def _both(*, is_loss: bool) -> dict[str, Any]:
    return {"code": "refunded_after_fill", "params": {}} if is_loss else {}


def _book_fill(case: Case, log: ChainLog, paid: _Payment) -> None:
    tokens = {bytes32_to_address(besides.token) for besides in paid.besides}
    if paid.is_spent:
        delivery = paid.delivery
        ledger.book_fill(case.order, amount=delivery.delivered)
        if delivery.token_in:
            ledger.book_swap(
                case.order,
                token_in=delivery.token_in,
                amount_in=delivery.amount_in,
                amount_out=delivery.amount_out,
            )
        tokens.add(delivery.token_in or case.order.output_token)
        reservations.spend(
            case.order.order_id,
            chain_id=case.destination.chain_id,
            tokens=tokens,
            block_number=log.block_number,
        )
    for besides in paid.besides:
        ledger.book_arrival(case.order, token=bytes32_to_address(besides.token), amount=besides.amount)
    reservations.release(case.order.order_id)


def _try_open_again(case: Case) -> None:
    """We have paid for what is not open: staff are told, and what had been given up is put in once more."""
    step = case.step(StepKind.OPEN)
    if step is not None and step.state == StepState.FAILED:
        move_step(case, step, StepState.READY)
    alerts.deposit_gone(case.order)


@transaction.atomic
def _open_again(case: Case, log: ChainLog) -> bool:
    """The open that a reorganised chain had taken from a delivered order is back: nothing is lost."""
    confirm_step(case, case.step(StepKind.OPEN))
    events.record(case.order.order_id, "opened", **fact_data(log))
    ledger.book_open(case.order)
    alerts.end(alerts.gone_key(case.order))
    if case.state is OrderState.NEEDS_ATTENTION and case.order.reason.get("code") == "deposit_lost":
        alerts.undo_loss(case.order)
        state = OrderState(case.order.resume_state)
        move_order(
            case, state, event="resumed", data={"state": state}, reason={}, resume_state="", failures=0
        )
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
        reason=_both(is_loss=is_loss),
    )
    refund = add_step(case, StepKind.REFUND, chain_id=case.origin.chain_id, details={})
    confirm_step(case, refund)
    for kind in (StepKind.FILL, StepKind.PROVE, StepKind.FINALISE):
        step = case.step(kind)
        if step is not None and step.state not in (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED):
            move_step(case, step, StepState.SKIPPED)
    _skip_bridge(case)
    if not is_unopened(case):
        ledger.book_refund(case.order, payout=payout)
    if is_loss:
        alerts.book_loss(case.order, tx_hash=log.tx_hash)
    reservations.release(case.order.order_id)
    return True


@transaction.atomic
def _settled(case: Case, seen: Evidence, log: ChainLog) -> bool:
    if case.state is OrderState.NEEDS_ATTENTION:
        alerts.undo_loss(case.order)
    move_order(case, OrderState.SETTLED, event="settled", data=fact_data(log), reason={})
    for kind in (StepKind.PROVE, StepKind.FINALISE):
        step = case.step(kind)
        if step is not None and step.state != StepState.SKIPPED:
            confirm_step(case, step)
    if seen.is_our_fill:
        _book_finalise(case, seen)
    else:
        ledger.book_finalise_to_other(case.order)
    reservations.release(case.order.order_id)
    return True


def _book_finalise(case: Case, seen: Evidence) -> None:
    ledger.book_finalise(case.order, is_withheld=seen.is_withheld)
    if seen.is_withheld:
        withheld.tell(case.origin.chain_id, case.order.input_token)


def _paid_otherwise(case: Case, seen: Evidence) -> bool:
    """A reorganised chain settled the order again, and what the token refused before it paid now, or the reverse."""
    if ledger.is_withheld(case.order) == seen.is_withheld:
        return False
    with transaction.atomic():
        ledger.unbook(case.order, memo=ledger.FINALISE)
        _book_finalise(case, seen)
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
