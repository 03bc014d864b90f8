"""Collect the escrow for a proven fill."""

from intents.chains.client import client
from intents.chains.reverts import Reverted
from intents.engine import events
from intents.engine.case import IN_BLOCK, Case, Wait, move_step, wait
from intents.engine.evidence import Evidence
from intents.engine.flight import in_flight, send
from intents.lifecycle import AttemptState, StepKind, StepState
from intents.models import Attempt, Step
from intents.settlement import calls

_DEPOSITED = 1


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the finalise step; True when the order moved."""
    if seen.finalised is not None or not seen.is_our_fill:
        return False
    flying = in_flight(case, step, "finalise")
    if flying is not None and not _paid_nothing(case, flying):
        return _await_block(case, step, flying)
    status = calls.order_status(case.id_bytes, origin=case.origin)
    answer = client(case.origin.chain_id).call(status.target, status.data)
    if int.from_bytes(answer, "big") != _DEPOSITED:
        # Finalised or refunded by somebody, its log on its way; or a reorg took the deposit, which is put
        # in again. `finaliseMany` would pay nothing and succeed.
        wait(case, step, Wait("in_block", seconds=1.0))
        return False
    call = calls.finalise_many([case.terms], [seen.facts], origin=case.origin)
    try:
        attempt = send(case, step, "finalise", call)
    except Reverted as reverted:
        return _reverted(case, step, reverted)
    return _await_block(case, step, attempt)


def _paid_nothing(case: Case, attempt: Attempt) -> bool:
    # Mined below the head whose logs we know, and none is its: the order was not deposited just then.
    if attempt.state != AttemptState.CONFIRMED or attempt.block_number is None:
        return False
    return attempt.block_number < case.head(case.origin.chain_id)


def _reverted(case: Case, step: Step, reverted: Reverted) -> bool:
    prove = case.step(StepKind.PROVE)
    if reverted.name == "NotProven" and prove is not None and prove.state == StepState.CONFIRMED:
        # A reorganised origin forgot the message: bring it again.
        move_step(case, prove, StepState.READY)
        return True
    wait(case, step, Wait("not_finalised", {"revert": reverted.name}, seconds=2.0))
    return False


def _await_block(case: Case, step: Step, attempt: Attempt) -> bool:
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
        events.record(
            case.order.order_id, "finalise_sent", chain_id=attempt.chain_id, tx_hash=attempt.tx_hash
        )
    wait(case, step, IN_BLOCK)
    return False
