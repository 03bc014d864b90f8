"""Bring the proof of our fill to the origin."""

from intents.engine import events
from intents.engine.actions.carry import carry, is_carried
from intents.engine.case import Case, confirm_step, move_order, move_step
from intents.engine.evidence import Evidence
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Step
from intents.settlement import calls


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the prove step; True when the order moved."""
    if seen.filled is None or not seen.is_our_fill or step.state in (StepState.CONFIRMED, StepState.FINAL):
        return False
    payloads = [
        calls.proof_payload(case.terms, order_id=case.id_bytes, fact=fact, index=index)
        for index, fact in enumerate(seen.facts)
    ]
    if is_carried(case, step, payloads):
        return _proven(case, step)
    dispatch = carry(case, step, payloads)
    return _mark_sent(case, step, dispatch.tx_hash if dispatch else "")


def _mark_sent(case: Case, step: Step, tx_hash: str) -> bool:
    tries = case.tries(step, "dispatch")
    if not tries:
        return False
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
    if case.state is not OrderState.FILLED:
        return False
    sent = tx_hash or tries[-1].tx_hash
    data = {"chain_id": case.destination.chain_id, "tx_hash": sent}
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
