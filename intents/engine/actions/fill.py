"""Deliver the output from stock or by a swap, once the deposit is deep enough and never too late."""

from django.conf import settings
from django.db import transaction

from intents.chains.reverts import TOO_MUCH_GAS, Reverted
from intents.engine import events, reservations
from intents.engine.actions import refund
from intents.engine.actions.bridge import bring
from intents.engine.blocklist import blocked_addresses
from intents.engine.case import IN_BLOCK, Case, Wait, move_order, move_step, wait
from intents.engine.cold_start import UNSIGNED_WAYS, refuse_due
from intents.engine.depth import block_at_depth, depth_of
from intents.engine.economics import is_late
from intents.engine.evidence import Evidence
from intents.engine.exposure import is_within_cap
from intents.engine.flight import in_flight, send
from intents.engine.reservations import StockShort
from intents.engine.strangers import gate_stranger, patience
from intents.engine.supply import call_of, change_supply, resolve, settle_supply
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Step
from intents.settlement.acceptance import refuse_filling, refuse_terms

LOOK_AGAIN_SECONDS = 2.0
SWITCHED_OFF_SECONDS = 30.0
TOO_MUCH_GAS_SECONDS = 15.0
# For want of these what its user opened goes back at once: nothing was promised before it was there.
_TURNING = frozenset({"no_stock", "cold_start_cap", "cold_start_day", "cold_start_held"})
_ALREADY = "AlreadyFilled"


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the fill step; True when the order moved."""
    if seen.opened is None or seen.filled is not None:
        return False
    now = case.clock(case.destination.chain_id)
    if now > case.terms.fill_deadline:
        return refund.begin(case)
    flying = in_flight(case, step, "fill")
    is_half_paid = 0 not in seen.to_fill and flying is not None and _has_filled(case, flying)
    if flying is not None and not (is_half_paid and seen.to_fill):
        return _await_block(case, step, flying)
    if is_half_paid:
        # Somebody had paid the rest, and a reorganised chain took that back: without it nothing is paid to us.
        return _pay(case, step, seen)
    if not seen.to_fill:
        # Somebody else's fill owns the order and is not complete: that is theirs to do, and till then only theirs.
        left = case.terms.fill_deadline - now + 1.0
        wait(case, step, Wait("fill_deadline", {"by": case.terms.fill_deadline}, seconds=left))
        return False
    # Anybody may pay the first output in our name: what is left to pay passes every gate all the same.
    reason = _not_yet(case) or gate_stranger(case, step)
    if reason is not None:
        wait(case, step, reason)
        return False
    if not reservations.has_held(case.order.order_id):
        # Opened without a reservation, or later than it lasted.
        is_taken = _is_opened_by_us(case, seen.opened)
        reason = _prepare(case, step, may_lose=is_taken or not is_late(case))
        if reason is not None and _turns_round(case, reason):
            return refund.begin(case, because=reason.code)
    reason = reason or _depth(case, step, seen.opened)
    if reason is not None:
        wait(case, step, reason)
        return False
    return _send(case, step, seen)


def _not_yet(case: Case) -> Wait | None:
    until_deadline = case.terms.fill_deadline - case.clock(case.destination.chain_id) + 1.0
    if not settings.FILL_ENABLED:
        # Whoever switches it on again tells no order.
        return Wait("fill_switched_off", seconds=min(until_deadline, SWITCHED_OFF_SECONDS))
    refusal = refuse_filling(
        case.terms,
        destination=case.destination,
        origin_time=case.clock(case.origin.chain_id),
        destination_time=case.clock(case.destination.chain_id),
    ) or refuse_terms(
        case.terms, origin=case.origin, destination=case.destination, blocked=blocked_addresses()
    )
    if refusal is not None:
        return Wait(refusal.code, refusal.params, seconds=until_deadline)
    return None


def _depth(case: Case, step: Step, opened: ChainLog) -> Wait | None:
    need = case.order.required_depth
    have = depth_of(opened.block_number, head=case.head(case.origin.chain_id))
    if have >= need:
        return None
    params = {"have": have, "need": need}
    if step.waiting.get("params") != params:
        events.record(case.order.order_id, "depth", chain_id=case.origin.chain_id, have=have, need=need)
    block = (case.origin.chain_id, block_at_depth(opened.block_number, have + 1))
    return Wait("depth", params, seconds=max(5.0, 3 * case.origin.block_seconds), block=block)


def _is_opened_by_us(case: Case, opened: ChainLog) -> bool:
    step = case.step(StepKind.OPEN)
    return step is not None and any(each.tx_hash == opened.tx_hash for each in case.tries(step, "open"))


def _prepare(case: Case, step: Step, *, may_lose: bool = True) -> Wait | None:
    """Price and reserve; why not, when it does not pay or there is no stock for it."""
    try:
        refusal = settle_supply(case, step, may_lose=may_lose)
        if refusal is not None:
            return Wait(refusal.code, refusal.params, seconds=patience(case, LOOK_AGAIN_SECONDS))
        if not reservations.has_held(case.order.order_id):
            change_supply(case, step, {})
    except StockShort as short:
        return Wait("no_stock", {"token": short.token}, seconds=patience(case, LOOK_AGAIN_SECONDS))
    return None


def _turns_round(case: Case, reason: Wait) -> bool:
    return reason.code in _TURNING and case.is_ours and case.order.confirm_way in UNSIGNED_WAYS


def _send(case: Case, step: Step, seen: Evidence) -> bool:
    reason = _prepare(case, step)
    if reason is None:
        reason = _enter_filling(case)
        if reason is not None and _turns_round(case, reason):
            return refund.begin(case, because=reason.code)
    if reason is not None:
        if not case.is_ours and not step.details.get("bridge"):
            # It may wait for years: what it holds meanwhile nobody else could be paid from.
            reservations.release(case.order.order_id)
        wait(case, step, reason)
        return False
    if 0 in seen.to_fill and not bring(case, step):
        return False
    return _pay(case, step, seen)


def _has_filled(case: Case, attempt: Attempt) -> bool:
    return any(log.kind == "OutputFilled" and log.tx_hash == attempt.tx_hash for log in case.logs)


def _pay(case: Case, step: Step, seen: Evidence) -> bool:
    try:
        attempt = send(case, step, "fill", call_of(case, step, seen.to_fill))
    except Reverted as reverted:
        return _reverted(case, step, reverted)
    return _await_block(case, step, attempt)


@transaction.atomic
def _enter_filling(case: Case) -> Wait | None:
    """OPENED → FILLING before anything is sent, if the origin's unfinal deposits leave room for it; else why not."""
    if case.state is OrderState.FILLING:
        return None
    capped = refuse_due(case.origin, case.order)
    if capped is not None:
        return Wait(capped.code, capped.params, seconds=patience(case, LOOK_AGAIN_SECONDS))
    if not is_within_cap(case):
        return Wait("exposure_full", {"chain": case.origin.name}, seconds=LOOK_AGAIN_SECONDS)
    move_order(case, OrderState.FILLING)
    return None


def _reverted(case: Case, step: Step, reverted: Reverted) -> bool:
    if reverted.name == _ALREADY:
        wait(case, step, Wait("in_block", seconds=0.5))
        return False
    if reverted.name == "FillDeadline":
        wait(case, step, Wait("fill_deadline_near", {}, seconds=2.0))
        return False
    if reverted.name == TOO_MUCH_GAS:
        # Whoever is paid would burn it: no other way to the output changes that, only they can.
        wait(case, step, Wait("too_much_gas", {}, seconds=TOO_MUCH_GAS_SECONDS))
        return False
    fresh = resolve(case, step)
    try:
        if fresh is not None:
            change_supply(case, step, fresh)
    except StockShort as short:
        wait(case, step, Wait("no_stock", {"token": short.token}, seconds=LOOK_AGAIN_SECONDS))
        return False
    pause = 1.0 if fresh is None else 0.2
    wait(case, step, Wait("price_moved", {"revert": reverted.said}, seconds=pause))
    return False


def _await_block(case: Case, step: Step, attempt: Attempt) -> bool:
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
        events.record(case.order.order_id, "fill_sent", chain_id=attempt.chain_id, tx_hash=attempt.tx_hash)
    wait(case, step, IN_BLOCK)
    return False
