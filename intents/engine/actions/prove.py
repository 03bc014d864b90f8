"""Bring the proof of our fill to the origin."""

import time
from functools import partial

from intents.engine import events
from intents.engine.actions.carry import dispatch, hash_of, is_carried, is_carried_by_us, is_under_way
from intents.engine.batches import MOST_PAYLOADS, company, joined, ready_to_prove, until_more_prove
from intents.engine.case import Case, Wait, confirm_step, move_order, move_step, set_details, wait
from intents.engine.economics import input_value_usd_e8
from intents.engine.evidence import Evidence, gather
from intents.engine.flight import Companion
from intents.engine.world import load_prices
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import LedgerEntry, Step
from intents.settlement import calls
from intents.solver.gas import GasRules, finalise_usd, message_usd
from intents.solver.prices import Unpriced

UNPRICED_SECONDS = 5.0


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the prove step; True when the order moved."""
    is_over = step.state in (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED)
    if seen.filled is None or not seen.is_our_fill or is_over:
        return False
    try:
        if not _is_worth_fetching(case, step):
            return _leave(case, step)
    except Unpriced as unpriced:
        wait(case, step, Wait(unpriced.code, {"asset": unpriced.asset}, seconds=UNPRICED_SECONDS))
        return False
    payloads = _payloads(case, seen)
    if is_carried(case, step, payloads):
        return _proven(case, step)
    if not is_under_way(case, step, payloads):
        reason = until_more_prove(case, step, payloads=len(payloads))
        if reason is not None:
            wait(case, step, reason)
            return False
        waited = _waited(case, step)
        if waited:
            set_details(case, step, **waited)
        _send(case, step, payloads)
    return _mark_sent(case, step)


def note_proven(case: Case, seen: Evidence) -> bool:
    """Whether the proof is at the origin by a message of ours; noted if nobody has. Asks no chain."""
    step = case.step(StepKind.PROVE)
    if step is None or seen.filled is None or not seen.is_our_fill:
        return False
    if step.state in (StepState.CONFIRMED, StepState.FINAL):
        return True
    return is_carried_by_us(case, step, _payloads(case, seen)) and _proven(case, step)


def _is_worth_fetching(case: Case, step: Step) -> bool:
    """Whether we fetch the input. What a stranger opened and paid in our name may be worth less than that costs.

    Raises Unpriced.
    """
    if case.is_ours or case.tries(step, "dispatch") or _has_paid(case):
        return True
    world, gas = load_prices(), GasRules()
    if not {case.order.origin_id, case.order.destination_id} <= world.chains.keys():
        raise Unpriced("no_price", case.order.input_token)
    origin, destination = world.chains[case.order.origin_id], world.chains[case.order.destination_id]
    try:
        value = input_value_usd_e8(case, world)
    except KeyError:
        # No token of ours: nobody will ever value it.
        return False
    return value >= message_usd(world, origin, destination, gas) + finalise_usd(world, origin, gas)


def _has_paid(case: Case) -> bool:
    """Whether our stock paid any of the outputs."""
    return LedgerEntry.objects.filter(order=case.order, memo__in=("fill", "fill:arrival")).exists()


def _leave(case: Case, step: Step) -> bool:
    """Anybody may bring the proof and have us collect; without that the input goes back to its user."""
    for each in (step, case.step(StepKind.FINALISE)):
        if each is not None and each.state in (StepState.READY, StepState.BLOCKED):
            move_step(case, each, StepState.SKIPPED)
    return False


def _payloads(case: Case, seen: Evidence) -> list[bytes]:
    return [
        calls.proof_payload(case.terms, order_id=case.id_bytes, fact=fact, index=index)
        for index, fact in enumerate(seen.facts)
    ]


def _send(case: Case, step: Step, payloads: list[bytes]) -> None:
    """Send the proof, and in the same message those of others of this way that are ready."""
    if case.tries(step, "dispatch"):
        # What failed in company goes alone.
        dispatch(case, step, payloads)
        return
    with company(case, [order_id for order_id, _ in ready_to_prove(case)], judge=_provable) as ready:
        others: list[tuple[Companion, list[bytes]]] = []
        room = MOST_PAYLOADS - len(payloads)
        while room > 0 and (other := next(ready, None)) is not None:
            theirs = _payloads(other.case, gather(other.case))
            if len(theirs) > room or not _is_same_way(case, other.case):
                continue
            room -= len(theirs)
            other.details = {"payload_hash": hash_of(theirs)} | _waited(other.case, other.step)
            others.append((other, theirs))
        for other in dispatch(case, step, payloads, others) or ():
            joined(other, partial(_mark_sent, other.case, other.step))


def _waited(case: Case, step: Step) -> dict[str, float]:
    """How long the proof waited for company, in seconds, to be kept with the step."""
    if step.waiting.get("code") != "company" or case.order.delivered_at is None:
        return {}
    return {"waited": round(max(0.0, time.time() - case.order.delivered_at.timestamp()), 1)}


def _provable(case: Case) -> Companion | None:
    """What an order's own look would send the proof of right now."""
    step, seen = case.step(StepKind.PROVE), gather(case)
    if step is None or step.state != StepState.READY or case.tries(step, "dispatch"):
        return None
    is_delivered = case.state is OrderState.FILLED and seen.filled is not None and seen.is_our_fill
    is_open = seen.opened is not None and seen.finalised is None and seen.refunded is None
    try:
        is_wanted = is_delivered and is_open and _is_worth_fetching(case, step)
    except Unpriced:
        return None
    return Companion(case, step) if is_wanted else None


def _is_same_way(case: Case, other: Case) -> bool:
    """Whether both orders name the same contracts: one message is for one oracle and of one settler."""
    first, second = case.terms.outputs[0], other.terms.outputs[0]
    return (first.oracle, first.settler, case.terms.input_oracle) == (
        second.oracle,
        second.settler,
        other.terms.input_oracle,
    )


def _mark_sent(case: Case, step: Step) -> bool:
    tries = case.tries(step, "dispatch")
    if not tries:
        return False
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
    if case.state is not OrderState.FILLED:
        return False
    data = {"chain_id": case.destination.chain_id, "tx_hash": tries[-1].tx_hash}
    return move_order(case, OrderState.PROVING, event="prove_sent", data=data)


def _proven(case: Case, step: Step) -> bool:
    if case.state is OrderState.FILLED:
        move_order(case, OrderState.PROVING)
    confirm_step(case, step)
    events.record(case.order.order_id, "proven", chain_id=case.origin.chain_id)
    finalise = case.step(StepKind.FINALISE)
    if finalise is not None and finalise.state == StepState.BLOCKED:
        move_step(case, finalise, StepState.READY)
    return True
