"""The durable state machine: one call brings one order as far as it can go now.

Take the lease, look at the evidence, do the next thing of the step whose turn it is, say when to look
again. Any call may be lost, doubled or cut off anywhere; the next one starts from the evidence.
"""

import time
from collections.abc import Callable

import structlog
from django.db import transaction

from intents.chains.clock import ClockUnknown
from intents.errors import WaymeetError
from intents.lifecycle import (
    DELIVERED,
    IN_ESCROW,
    MAY_BE_OPENED,
    ORDER_ENDED,
    RETURNING,
    OrderState,
    StepKind,
    StepState,
)
from intents.models import Order, Step

from . import alerts, gone, lease, reservations
from .actions import deposit, fill, finalise, open, prove, recover, refund
from .actions.open import is_final_past
from .case import Case, NeedsAttention, Wait, load, move_order, wait
from .deposit_facts import is_unopened
from .deposits import DEPOSIT
from .deposits import WAYS as DEPOSIT_WAYS
from .depth import block_at_depth, final_depth
from .evidence import Evidence, gather
from .lease import Lease, LeaseLost
from .receipts import book_gas
from .reconcile import reconcile
from .urgency import is_expiring
from .wishes import obey

log = structlog.get_logger(__name__)

MOST_ROUNDS = 12
MOST_FAILURES = 8
# Five minutes of looks that each outlast their lease.
MOST_UNFINISHED = 20
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
PASSING_SECONDS = 1.5
IDLE_SECONDS = 15.0
PARKED_SECONDS = 60.0

Action = Callable[[Case, Step, Evidence], bool]

_SHOWN_AS = {"gas_price_too_high": "fees_too_high"}
_ENDED_BY = {
    OrderState.FILLED: (StepKind.FILL, "OutputFilled"),
    OrderState.SETTLED: (StepKind.FINALISE, "Finalised"),
    OrderState.REFUNDED: (StepKind.REFUND, "Refunded"),
}


def advance(order_id: str) -> bool:
    """Bring an order that is due forward; False when it is not due, not there, or held by somebody else.

    Never raises for the order's own trouble: that is counted, and after MOST_FAILURES in a row a
    person has to look.
    """
    held = lease.take(order_id, only_due=True)
    if held is None:
        return False
    if held.unfinished >= MOST_UNFINISHED:
        alerts.unfinished(held.order_id, looks=held.unfinished)
    try:
        while True:
            case = _work(held)
            if _release(held, case):
                _came_to_an_end(held)
                return True
    except LeaseLost:
        return False
    except NeedsAttention as stop:
        _came_to_an_end(held)
        _park(held, stop.code, stop.params)
    except Exception as error:  # whatever it is: it is tried again, and a person looks in the end
        _count_failure(held, error)
    return True


def _work(held: Lease) -> Case:
    # Rows change in memory as they change in the database; what others write wakes the order again.
    case = load(held)
    try:
        for _ in range(MOST_ROUNDS):
            case.waits.clear()
            seen = gather(case)
            moved = reconcile(case, seen) or obey(case, seen)
            if not (moved or gone.part(case) or _act(case, seen)):
                break
        if case.state in ORDER_ENDED:
            book_gas(case)
    except LeaseLost:
        case.beliefs.drop()
        raise
    finally:
        case.beliefs.write()
    return case


def _act(case: Case, seen: Evidence) -> bool:
    if gone.is_out_of_reach(case):
        return False
    if _goes_home(case, seen):
        return True
    for kind, action in _turns(case, seen):
        step = case.step(kind)
        if step is None:
            continue
        try:
            if action(case, step, seen):
                return True
        except WaymeetError as error:
            if not error.retry:
                raise
            log.info("advance.later", order_id=case.order.order_id, code=error.code, error=str(error))
            if kind is StepKind.OPEN and seen.opened is None:
                _give_back_late(case)
            code = _SHOWN_AS.get(error.code, error.code)
            wait(case, step, Wait(code, error.params, seconds=PASSING_SECONDS))
    return False


def _give_back_late(case: Case) -> None:
    """What could not be sent now keeps no stock beyond its time: each try takes it anew."""
    if time.time() - case.order.received_at > reservations.unopened_seconds(case.origin):
        reservations.release(case.order.order_id)


def _goes_home(case: Case, seen: Evidence) -> bool:
    """A parked order goes on by itself once its deadline passed: the money comes back without a person, and what
    never began ends.

    Of one that is delivered our own money would be lost, so it goes on before it expires.
    """
    if case.state is not OrderState.NEEDS_ATTENTION:
        return False
    if case.order.reason.get("code") == "deposit_lost" and seen.opened is None:
        # Nothing can be collected: it would be parked again at once, for ever.
        return False
    is_late = case.order.resume_state in IN_ESCROW and (
        case.clock(case.destination.chain_id) > case.terms.fill_deadline
    )
    is_at_address = is_unopened(case) and recover.is_over(case)
    if not (is_late or is_expiring(case) or is_at_address or _never_began(case, seen)):
        return False
    state = OrderState(case.order.resume_state)
    with transaction.atomic():
        move_order(
            case, state, event="resumed", data={"state": state}, reason={}, resume_state="", failures=0
        )
    return True


def _never_began(case: Case, seen: Evidence) -> bool:
    """Nothing was taken, and nothing can be any more: there is nothing to look into."""
    return (
        case.order.resume_state in MAY_BE_OPENED
        and seen.opened is None
        and seen.filled is None
        and is_final_past(case, case.terms.fill_deadline)
    )


def _turns(case: Case, seen: Evidence) -> list[tuple[StepKind, Action]]:
    """Whose turn it is, most urgent first; what lies at a deposit address goes back whatever the state."""
    turns = _turns_of_state(case, seen)
    if case.order.confirm_way in DEPOSIT_WAYS:
        turns.append((StepKind.OPEN, recover.run))
    return turns


def _turns_of_state(case: Case, seen: Evidence) -> list[tuple[StepKind, Action]]:
    is_paid_to_address = case.order.confirm_way == DEPOSIT
    opening = deposit.run if is_paid_to_address else open.run
    if case.state in MAY_BE_OPENED or (is_paid_to_address and case.state is OrderState.EXPIRED):
        return [(StepKind.OPEN, opening)]
    if case.state in (OrderState.OPENED, OrderState.FILLING):
        return [(StepKind.FILL, fill.run)]
    if case.state in RETURNING:
        return [(StepKind.REFUND, refund.run)]
    if case.state is OrderState.NEEDS_ATTENTION and case.order.reason.get("code") == "deposit_lost":
        return [(StepKind.OPEN, open.book_lost)]
    if case.state is OrderState.REFUNDED and case.order.payout == "claimable":
        return [(StepKind.REFUND, refund.push_claimable)]
    if case.state not in DELIVERED:
        return []
    turns: list[tuple[StepKind, Action]] = [(StepKind.PROVE, prove.run)]
    if seen.opened is None:
        # The deposit was reorganised away after we delivered: put the very signature in again.
        turns.insert(0, (StepKind.OPEN, opening))
    prove_step = case.step(StepKind.PROVE)
    if prove_step is not None and prove_step.state in (StepState.CONFIRMED, StepState.FINAL):
        turns.append((StepKind.FINALISE, finalise.run))
    return turns


def _release(held: Lease, case: Case) -> bool:
    reason = _next_look(case)
    block = reason.block if reason is not None else None
    return lease.release(
        held,
        wake_at=0.0 if reason is None else time.time() + reason.seconds,
        wait_chain_id=block[0] if block else None,
        wait_block=block[1] if block else None,
        failures=0,
        unfinished=0,
    )


def _came_to_an_end(held: Lease) -> None:
    if held.unfinished >= MOST_UNFINISHED:
        alerts.end(alerts.unfinished_key(held.order_id))


def _next_look(case: Case) -> Wait | None:
    """When to look again; None when nothing can happen any more but by new evidence."""
    if gone.is_out_of_reach(case):
        return None
    if case.state in (OrderState.SETTLED, OrderState.REFUNDED):
        return _soonest(case) if case.waits else _until_final(case)
    if case.state is OrderState.FILLED and _is_anothers_fill(case):
        # Its filler collects the input, or nobody does: either is a log that wakes the order.
        return _soonest(case) if case.waits else _until_final(case)
    if case.state is OrderState.EXPIRED:
        return _soonest(case) if case.waits else None
    if case.state is OrderState.REJECTED and is_final_past(case, case.terms.fill_deadline):
        return None
    if case.state is OrderState.NEEDS_ATTENTION:
        return Wait("staff", seconds=PARKED_SECONDS)
    return _soonest(case) if case.waits else Wait("idle", seconds=IDLE_SECONDS)


def _soonest(case: Case) -> Wait:
    soonest = min(case.waits, key=lambda reason: reason.seconds)
    block = next((reason.block for reason in case.waits if reason.block), None)
    return Wait(soonest.code, soonest.params, seconds=max(0.05, soonest.seconds), block=block)


def _until_final(case: Case) -> Wait | None:
    """An order that ended for us is watched until the block that says so is final: a reorg may reopen it."""
    kind, name = _ENDED_BY[case.state]
    step = case.step(kind)
    entry = next((entry for entry in reversed(case.logs) if entry.kind == name), None)
    if step is None or entry is None or step.state in (StepState.FINAL, StepState.SKIPPED):
        return None
    manifest = case.origin if entry.chain_id == case.origin.chain_id else case.destination
    need = final_depth(manifest)
    block = (manifest.chain_id, block_at_depth(entry.block_number, need))
    return Wait("until_final", seconds=max(30.0, 2 * need * manifest.block_seconds), block=block)


def _is_anothers_fill(case: Case) -> bool:
    prove_step = case.step(StepKind.PROVE)
    return prove_step is not None and prove_step.state == StepState.SKIPPED


def _count_failure(held: Lease, error: Exception) -> None:
    code = str(getattr(error, "code", type(error).__name__))
    is_outage = bool(getattr(error, "retry", False)) or isinstance(error, ClockUnknown)
    is_stopped = not is_outage and time.time() >= held.until
    if not is_stopped:
        _came_to_an_end(held)
    if is_outage or is_stopped:
        # An outage is not the order's failure: however long it lasts, it brings no order nearer to parking. Nor does
        # a look that nodes answered so slowly that its task was stopped; of those staff are told after a while.
        log.info("advance.later", order_id=held.order_id, code=code, error=str(error))
        unfinished = held.unfinished + 1 if is_stopped else 0
        lease.surrender(held, wake_at=time.time() + PASSING_SECONDS, unfinished=unfinished)
        return
    failures = (Order.objects.values_list("failures", flat=True).get(order_id=held.order_id) or 0) + 1
    log.exception("advance.failed", order_id=held.order_id, failures=failures)
    if failures >= MOST_FAILURES:
        _park(held, "internal_error", {"error": code})
        return
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
    lease.surrender(held, wake_at=time.time() + pause, failures=failures, unfinished=0)


def _park(held: Lease, code: str, params: dict[str, object]) -> None:
    """A person must look. The state to resume is kept, and evidence still moves the order."""
    try:
        case = load(held)
        if case.state not in ORDER_ENDED and case.state is not OrderState.NEEDS_ATTENTION:
            reason = {"code": code, "params": params}
            with transaction.atomic():
                move_order(
                    case,
                    OrderState.NEEDS_ATTENTION,
                    event="attention",
                    data={"reason": reason},
                    reason=reason,
                    resume_state=case.order.state,
                )
            case.beliefs.write()
    except LeaseLost:
        return
    except Exception:  # parking failed as the work did: the order is given back all the same
        log.exception("advance.park_failed", order_id=held.order_id)
    lease.surrender(held, wake_at=time.time() + PARKED_SECONDS, unfinished=0)
