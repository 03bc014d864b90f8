"""Carries moves of our own stock to their end: one call looks at one move and does what comes next.

A move is never given up once its stock has left: whatever became of the order it was for, it arrives and is
ours. Like orders, any call may be lost, doubled or cut off; the next one starts from the evidence.
"""

import time
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from intents.chains.endpoints import SendRejected
from intents.chains.reverts import Reverted
from intents.chains.sender import submit
from intents.errors import WaymeetError
from intents.lifecycle import AttemptState, StepState
from intents.models import MOVE_ARRIVED, Attempt, ChainLog, Order, Step, StockMove

from . import bridging, exchanging, ledger, reservations, stranded
from .case import Wait
from .flight import AttemptsChanged
from .gone import is_declared_gone
from .receipts import book_attempts
from .waking import wake_orders

log = structlog.get_logger(__name__)

LEASE_SECONDS = 25.0
PASSING_SECONDS = 2.0
STATES = StockMove.State

_OVER = (STATES.DONE, STATES.GIVEN_UP)
_SHOWN = {
    STATES.SENT: StepState.SUBMITTED,
    STATES.IN_TRANSIT: StepState.IN_TRANSIT,
    STATES.ARRIVED: StepState.CONFIRMED,
    STATES.DONE: StepState.FINAL,
    # The fill may send for stock again, from elsewhere.
    STATES.GIVEN_UP: StepState.READY,
}


def advance_move(move_id: int) -> Wait | None:
    """Bring a move as far as it goes now; why it waits, None when it ended. Raises nothing of the chains'."""
    now = time.time()
    taken = StockMove.objects.filter(pk=move_id, leased_until__lt=now).exclude(state__in=_OVER)
    if not taken.update(leased_until=now + LEASE_SECONDS):
        return Wait("in_block", seconds=0.5)
    move = StockMove.objects.select_related("order", "step").get(pk=move_id)
    try:
        reason = stranded.take_up(move) if move.state == STATES.STRANDED else None
        reason = reason or _work(move)
    except WaymeetError as error:
        if not error.retry:
            raise
        log.info("move.later", move=move_id, code=error.code, error=str(error))
        reason = Wait(error.code, error.params, seconds=PASSING_SECONDS)
    finally:
        StockMove.objects.filter(pk=move_id).update(leased_until=0)
    StockMove.objects.filter(pk=move_id).update(
        wake_at=0 if reason is None else time.time() + reason.seconds,
        reason={"code": reason.code, "params": reason.params} if reason else F("reason"),
    )
    return reason


def sweep_moves() -> int:
    """Advance the moves whose time has come; how many."""
    now = time.time()
    due = StockMove.objects.filter(wake_at__gt=0, wake_at__lte=now, leased_until__lt=now)
    move_ids = list(due.values_list("pk", flat=True)[:20])
    for move_id in move_ids:
        try:
            advance_move(move_id)
        except Exception:  # one move's trouble does not keep the others from their way
            log.exception("move.failed", move=move_id)
            StockMove.objects.filter(pk=move_id).update(wake_at=time.time() + PASSING_SECONDS)
    return len(move_ids)


def expected_seconds(move: StockMove) -> float:
    """How long a bridge takes when nothing is late."""
    return bridging.expected_seconds(move)


def _work(move: StockMove) -> Wait | None:
    if move.kind == StockMove.Kind.SWAP:
        return _exchange(move)
    departed = bridging.departed(move)
    if departed is None:
        return _depart(move)
    if move.state in (STATES.PLANNED, STATES.SENT):
        _left(move, departed)
    arrived = bridging.arrived(move)
    if arrived is None:
        if move.state == STATES.ARRIVED:
            _shift(move, STATES.IN_TRANSIT, undo=ledger.arrival_memo(move))
        return _arrive(move, departed)
    if move.state == STATES.IN_TRANSIT:
        _there(move)
    return _until_final(move, move.destination_id, arrived.block_number)


def _depart(move: StockMove) -> Wait | None:
    """Nothing is known to have left: see what was sent, or send it."""
    if move.state in MOVE_ARRIVED or move.state == STATES.IN_TRANSIT:
        # The source was reorganised. The same bytes go out again; the books wait for what comes of them.
        _shift(move, STATES.SENT)
    flying = bridging.flying(move, "bridge")
    if flying is not None:
        if move.state == STATES.PLANNED:
            _shift(move, STATES.SENT)
        return Wait("in_block", seconds=3.0)
    is_unwanted = move.state == STATES.PLANNED and not bridging.is_wanted(move)
    if is_unwanted or is_declared_gone(move.destination_id):
        _give_up(move)
        return None
    call = bridging.departure_call(move)
    if call is None:
        return Wait("gas_price_too_high", seconds=PASSING_SECONDS)
    if not _send(move, "bridge", move.source_id, call):
        _give_up(move)
        return None
    _shift(move, STATES.SENT)
    return Wait("in_block", seconds=3.0)


def _arrive(move: StockMove, departed: ChainLog) -> Wait:
    if bridging.flying(move, "arrive") is not None:
        return Wait("in_block", seconds=3.0)
    call, reason = bridging.arrival_call(move, departed)
    if call is None:
        return reason
    if not _send(move, "arrive", move.destination_id, call):
        # Somebody else delivered it: the log will say so.
        return Wait("not_processed", seconds=PASSING_SECONDS)
    return Wait("in_block", seconds=3.0)


def _exchange(move: StockMove) -> Wait | None:
    flying = bridging.flying(move, "trade")
    if flying is None:
        if move.state != STATES.PLANNED:
            ledger.unbook_move(ledger.departure_memo(move))
        if not _send(move, "trade", move.source_id, exchanging.call_of(move)):
            _give_up(move)
            return None
        _shift(move, STATES.SENT)
        return Wait("in_block", seconds=3.0)
    if flying.state != AttemptState.CONFIRMED or flying.block_number is None:
        return Wait("in_block", seconds=1.0)
    if move.state in (STATES.PLANNED, STATES.SENT):
        spent, gained = exchanging.amounts_of(move, flying)
        with transaction.atomic():
            move.arrived_amount = gained
            _shift(move, STATES.ARRIVED, arrived_amount=gained)
            ledger.book_exchange(move, spent=spent)
            reservations.end_move(move.pk, spent_at=flying.block_number)
    return _until_final(move, move.source_id, flying.block_number)


def _left(move: StockMove, departed: ChainLog) -> None:
    fee_wei = bridging.paid_wei(departed)
    with transaction.atomic():
        if move.order is not None:
            # Whoever ends the order meanwhile releases what it holds after this, not before it.
            Order.objects.select_for_update().values_list("pk").get(pk=move.order.pk)
        _shift(move, STATES.IN_TRANSIT)
        ledger.book_move_departure(move, fee_wei=fee_wei)
        if move.order is None:
            reservations.end_move(move.pk, spent_at=departed.block_number)
            return
        reservations.spend(move.order.order_id, chain_id=move.source_id, block_number=departed.block_number)
        if bridging.is_awaited(move):
            reservations.hold_arriving(move.order.order_id, bridging.arriving_claim(move))


def _there(move: StockMove) -> None:
    bridging.read_stock(move)
    with transaction.atomic():
        move.arrived_amount = move.amount
        _shift(move, STATES.ARRIVED, arrived_amount=move.amount)
        ledger.book_move_arrival(move)
        if move.order is not None:
            wake_orders([move.order.order_id])


def _until_final(move: StockMove, chain_id: int, block_number: int) -> Wait | None:
    reason = bridging.until_depth(chain_id, block_number)
    if reason is None:
        book_attempts(move.order, list(bridging.tries(move)))
        _shift(move, STATES.DONE, ended_at=timezone.now())
    return reason


def _give_up(move: StockMove) -> None:
    """Nothing has left and nothing will: the stock stays where it is."""
    with transaction.atomic():
        ledger.unbook_move(ledger.departure_memo(move))
        if move.order is None:
            reservations.end_move(move.pk)
        _shift(move, STATES.GIVEN_UP, ended_at=timezone.now())
    log.warning("move.given_up", move=move.pk)


def _send(move: StockMove, purpose: str, chain_id: int, call: bridging.Sent) -> Attempt | None:
    """Sign, store and broadcast; None when the chain would not take it now."""
    try:
        return submit(
            step=move.step,
            purpose=bridging.purpose_of(move, purpose),
            chain_id=chain_id,
            role=call.role,
            call=call.call,
            guard=partial(_guard, move, purpose),
        )
    except SendRejected as error:
        # Stored all the same: the sweep carries on with it.
        return Attempt.objects.filter(tx_hash=error.params.get("tx_hash", "")).first()
    except Reverted as reverted:
        log.info("move.reverted", move=move.pk, purpose=purpose, revert=reverted.name)
        return None


def _guard(move: StockMove, purpose: str) -> None:
    """Two workers never store two attempts for the same thing: the lease is held against the database."""
    mine = StockMove.objects.filter(pk=move.pk, leased_until=move.leased_until)
    if not mine.update(leased_until=move.leased_until) or bridging.flying(move, purpose) is not None:
        raise AttemptsChanged(purpose)


def _shift(move: StockMove, state: StockMove.State, *, undo: str = "", **changes: object) -> None:
    if undo:
        ledger.unbook_move(undo)
    StockMove.objects.filter(pk=move.pk).update(state=state, **changes)
    move.state = state
    if move.step is not None:
        _show(move.step.pk, _SHOWN[state])


def _show(step_id: int, target: StepState) -> None:
    """Let the order's bridge step say what the move does; a step that was skipped stays so."""
    step = Step.objects.get(pk=step_id)
    current = StepState(step.state)
    if current is target or current is StepState.SKIPPED:
        return
    now = timezone.now()
    changes: dict[str, object] = {"state": target, "waiting": {}, "started_at": step.started_at or now}
    if target is StepState.READY:
        changes |= {"confirmed_at": None, "final_at": None}
    if target is StepState.CONFIRMED:
        changes["confirmed_at"] = now
    if target is StepState.FINAL:
        changes["final_at"] = now
    Step.objects.filter(pk=step.pk, state=current).update(**changes)
