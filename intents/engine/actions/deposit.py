"""Open an order out of its deposit address once enough is there, or see that it comes back."""

import time

from django.db import transaction

from intents.chains.client import client
from intents.chains.reverts import Reverted
from intents.engine import alerts, deposits, events, reservations
from intents.engine.actions import open as opening
from intents.engine.actions import recover
from intents.engine.case import (
    IN_BLOCK,
    Case,
    NeedsAttention,
    Wait,
    add_step,
    move_order,
    move_step,
    set_details,
    wait,
)
from intents.engine.economics import is_late
from intents.engine.evidence import Evidence
from intents.engine.flight import in_flight, send
from intents.lifecycle import DELIVERED, RETURNING, OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Deposit, Step
from intents.settlement import calls

GATE_SECONDS = 5.0
IDLE_SECONDS = 60.0


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the open step of an order paid to its address; True when the order moved."""
    if seen.opened is not None:
        return False
    deposit = Deposit.objects.get(pk=case.order.pk)
    arrived = deposits.held_at(deposit, deposit.token)
    if recover.is_over(case):
        return _close(case, step, deposit, arrived)
    flying = in_flight(case, step, "open")
    if flying is not None:
        return _await_block(case, step, flying)
    _note_arrived(case, step, arrived)
    if arrived < case.order.input_amount:
        return _await_more(case, step, arrived)
    return _open(case, step, seen)


def _note_arrived(case: Case, step: Step, arrived: int) -> None:
    if int(step.details.get("arrived") or 0) == arrived:
        return
    with transaction.atomic():
        set_details(case, step, arrived=str(arrived))
        events.record(
            case.order.order_id,
            "deposit_seen",
            chain_id=case.origin.chain_id,
            token=case.order.input_token,
            amount=str(arrived),
            need=str(case.order.input_amount),
        )


def _await_more(case: Case, step: Step, arrived: int) -> bool:
    if reservations.has_held(case.order.order_id):
        reservations.release(case.order.order_id)
    if case.state is OrderState.OPENING:
        # A reorganised chain took the payment back.
        return move_order(case, OrderState.AWAITING_DEPOSIT, is_reorg=True)
    missing = case.order.input_amount - arrived
    code = "deposit_short" if arrived else "deposit_awaited"
    left = case.terms.fill_deadline - case.clock(case.origin.chain_id)
    params = {"missing": str(missing), "have": str(arrived), "by": case.terms.fill_deadline}
    wait(case, step, Wait(code, params, seconds=max(1.0, min(left + 1.0, IDLE_SECONDS))))
    return False


def _open(case: Case, step: Step, seen: Evidence) -> bool:
    is_delivered = case.state in DELIVERED or seen.filled is not None
    # What we have begun to open is taken.
    may_lose = not is_late(case) or bool(case.tries(step, "open"))
    refusal = None if is_delivered else opening.refusal_of(case, step, may_lose=may_lose)
    if refusal is not None:
        # It is looked at again: with no price and no stock until the deadline it goes back.
        reservations.release(case.order.order_id)
        wait(case, step, Wait(refusal.code, refusal.params, seconds=GATE_SECONDS))
        return False
    try:
        attempt = send(case, step, "open", calls.open_deposit(case.terms, origin=case.origin))
    except Reverted as reverted:
        # Opened or taken back by somebody, or a block behind: the next reading says which.
        reservations.release(case.order.order_id)
        wait(case, step, Wait("not_opened", {"revert": reverted.name}, seconds=1.0))
        return False
    return _await_block(case, step, attempt)


def _await_block(case: Case, step: Step, attempt: Attempt) -> bool:
    moved = False
    if case.state is OrderState.AWAITING_DEPOSIT:
        data = {"chain_id": attempt.chain_id, "tx_hash": attempt.tx_hash}
        moved = move_order(case, OrderState.OPENING, event="open_sent", data=data)
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
    late = time.time() - (attempt.broadcast_at or time.time()) - reservations.unopened_seconds(case.origin)
    if late > 0 and reservations.has_held(case.order.order_id):
        reservations.release(case.order.order_id)
    wait(case, step, IN_BLOCK)
    return moved


def _close(case: Case, step: Step, deposit: Deposit, arrived: int) -> bool:
    """The deadline passed unopened: what is there goes back, and with nothing there the order has ended."""
    if case.state in DELIVERED:
        alerts.book_loss(case.order)
        raise NeedsAttention("deposit_lost", {"code": "expired", "params": {}})
    if case.state in (*RETURNING, OrderState.REFUNDED):
        return False
    if arrived or any(_is_input(deposit, log) for log in case.logs if log.kind == "Recovered"):
        return _give_back(case, arrived)
    if case.state is OrderState.EXPIRED:
        return False
    if not opening.is_final_past(case, case.terms.fill_deadline):
        wait(case, step, Wait("fill_deadline", {"by": case.terms.fill_deadline}, seconds=2.0))
        return False
    return _expire(case, step, deposit)


def _give_back(case: Case, arrived: int) -> bool:
    is_enough = arrived >= case.order.input_amount
    move_order(
        case,
        OrderState.REFUND_DUE,
        event="refund_due",
        data={"chain_id": case.origin.chain_id, "by": case.terms.fill_deadline},
        reason={"code": "deposit_not_used" if is_enough else "deposit_too_little", "params": {}},
    )
    add_step(case, StepKind.REFUND, chain_id=case.origin.chain_id, details={"arrived": str(arrived)})
    reservations.release(case.order.order_id)
    return True


def _expire(case: Case, step: Step, deposit: Deposit) -> bool:
    status = calls.order_status(case.id_bytes, origin=case.origin)
    answer = client(case.origin.chain_id).call(status.target, status.data)
    there = deposits.read_now(deposit, origin=case.origin)
    if int.from_bytes(answer, "big") != 0 or there:
        # The follower's next reading moves it.
        wait(case, step, Wait("in_block", seconds=2.0))
        return False
    reservations.release(case.order.order_id)
    move_order(case, OrderState.EXPIRED, event="expired", reason={"code": "never_paid", "params": {}})
    if step.state not in (StepState.FAILED, StepState.SKIPPED):
        move_step(case, step, StepState.FAILED)
    return True


def _is_input(deposit: Deposit, log: ChainLog) -> bool:
    return bool(log.data["token"] == deposit.token)
