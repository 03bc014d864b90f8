"""Deliver the output from stock or by a swap, once the deposit is deep enough and never too late."""

from django.conf import settings
from django.db import transaction

from intents.chains.reverts import Reverted
from intents.engine import events, reservations
from intents.engine.actions import refund
from intents.engine.actions.bridge import bring
from intents.engine.blocklist import blocked_addresses
from intents.engine.case import IN_BLOCK, Case, Wait, move_order, move_step, set_details, wait
from intents.engine.claims import claims_of
from intents.engine.depth import block_at_depth, depth_of
from intents.engine.evidence import Evidence
from intents.engine.exposure import is_within_cap
from intents.engine.flight import in_flight, send
from intents.engine.reservations import StockShort
from intents.engine.strangers import gate_stranger
from intents.engine.supply import call_of, resolve
from intents.lifecycle import OrderState, StepState
from intents.models import Attempt, ChainLog, Step
from intents.settlement.acceptance import refuse_filling, refuse_terms

_ALREADY = "AlreadyFilled"


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the fill step; True when the order moved."""
    if seen.opened is None or seen.filled is not None:
        return False
    now = case.clock(case.destination.chain_id)
    if now > case.terms.fill_deadline:
        return refund.begin(case, step)
    flying = in_flight(case, step, "fill")
    if flying is not None:
        return _await_block(case, step, flying)
    reason = _not_yet(case, step, seen.opened)
    if reason is not None:
        wait(case, step, reason)
        return False
    return _send(case, step)


def _not_yet(case: Case, step: Step, opened: ChainLog) -> Wait | None:
    until_deadline = case.terms.fill_deadline - case.clock(case.destination.chain_id) + 1.0
    if not settings.FILL_ENABLED:
        return Wait("fill_switched_off", seconds=until_deadline)
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
    return gate_stranger(case, step) or _depth(case, step, opened)


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


def _send(case: Case, step: Step) -> bool:
    try:
        _reserve(case, step)
    except StockShort as short:
        fresh = resolve(case, step)
        if fresh is not None:
            set_details(step, **fresh)
        wait(case, step, Wait("no_stock", {"token": short.token}, seconds=0.2 if fresh else 2.0))
        return False
    if not _enter_filling(case):
        wait(case, step, Wait("exposure_full", {"chain": case.origin.name}, seconds=2.0))
        return False
    if not bring(case, step):
        return False
    try:
        attempt = send(case, step, "fill", call_of(case, step))
    except Reverted as reverted:
        return _reverted(case, step, reverted)
    return _await_block(case, step, attempt)


def _reserve(case: Case, step: Step) -> None:
    if reservations.has_held(case.order.order_id):
        return
    claims = claims_of(
        case.terms,
        origin=case.origin,
        destination=case.destination,
        fill_details=step.details,
        is_opened=True,
    )
    reservations.hold(case.order, claims, is_opened=True)


@transaction.atomic
def _enter_filling(case: Case) -> bool:
    """OPENED → FILLING before anything is sent, if the origin's unfinal deposits leave room for it."""
    if case.state is OrderState.FILLING:
        return True
    if not is_within_cap(case):
        return False
    move_order(case, OrderState.FILLING)
    return True


def _reverted(case: Case, step: Step, reverted: Reverted) -> bool:
    if reverted.name == _ALREADY:
        wait(case, step, Wait("in_block", seconds=0.5))
        return False
    if reverted.name == "FillDeadline":
        wait(case, step, Wait("fill_deadline_near", {}, seconds=2.0))
        return False
    fresh = resolve(case, step)
    if fresh is not None:
        set_details(step, **fresh)
        reservations.release(case.order.order_id)
        wait(case, step, Wait("price_moved", {"revert": reverted.name}, seconds=0.2))
        return False
    wait(case, step, Wait("price_moved", {"revert": reverted.name}, seconds=1.0))
    return False


def _await_block(case: Case, step: Step, attempt: Attempt) -> bool:
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
        events.record(case.order.order_id, "fill_sent", chain_id=attempt.chain_id, tx_hash=attempt.tx_hash)
    wait(case, step, IN_BLOCK)
    return False
