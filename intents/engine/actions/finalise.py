"""Collect the escrow for a proven fill."""

from collections.abc import Sequence
from functools import partial

from intents.chains.client import client
from intents.chains.reverts import Reverted
from intents.engine import events
from intents.engine.actions.prove import note_proven
from intents.engine.batches import MOST_COLLECTED, company, joined, ready_to_collect, until_more_collect
from intents.engine.case import IN_BLOCK, Case, Wait, move_step, wait
from intents.engine.evidence import Evidence, gather
from intents.engine.flight import Companion, in_flight, send
from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
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
    if case.tries(step, "finalise"):
        # What failed in company goes alone.
        return _collect(case, step, seen, [])
    reason = until_more_collect(case, step)
    if reason is not None:
        wait(case, step, reason)
        return False
    with company(case, [order_id for order_id, _ in ready_to_collect(case)], judge=_collectable) as ready:
        others: list[Companion] = []
        while len(others) < MOST_COLLECTED - 1 and (other := next(ready, None)) is not None:
            others.append(other)
        return _collect(case, step, seen, _deposited(case, others))


def _collect(case: Case, step: Step, seen: Evidence, others: list[Companion]) -> bool:
    """Collect this order and others with it; one that cannot be collected never keeps the others back."""
    along = others
    while True:
        facts = [seen.facts, *(gather(each.case).facts for each in along)]
        terms = [case.terms, *(each.case.terms for each in along)]
        try:
            call = calls.finalise_many(terms, facts, origin=case.origin)
            attempt = send(case, step, "finalise", call, others=along)
        except Reverted as reverted:
            if not along:
                return _reverted(case, step, reverted)
            fine = _proven_of(case, along)
            along = fine if len(fine) < len(along) else []
            continue
        for each in along:
            joined(each, partial(_await_block, each.case, each.step, attempt))
        return _await_block(case, step, attempt)


def _collectable(case: Case) -> Companion | None:
    """What an order's own look would collect right now."""
    step, seen = case.step(StepKind.FINALISE), gather(case)
    if step is None or case.state is not OrderState.PROVING or case.tries(step, "finalise"):
        return None
    if seen.opened is None or seen.finalised is not None or seen.refunded is not None:
        return None
    return Companion(case, step) if note_proven(case, seen) and step.state == StepState.READY else None


def _deposited(case: Case, others: Sequence[Companion]) -> list[Companion]:
    """Those whose input still lies in escrow, asked of the chain at once."""
    if not others:
        return []
    views = [calls.order_status(each.case.id_bytes, origin=case.origin) for each in others]
    answers = client(case.origin.chain_id).multicall([(view.target, view.data) for view in views])
    return [
        each
        for each, answer in zip(others, answers, strict=True)
        if answer.is_success and int.from_bytes(answer.data, "big") == _DEPOSITED
    ]


def _proven_of(case: Case, others: Sequence[Companion]) -> list[Companion]:
    """Those that could be collected alone now; who asks does not matter to the contract."""
    alone = [
        calls.finalise_many([each.case.terms], [gather(each.case).facts], origin=case.origin)
        for each in others
    ]
    answers = client(case.origin.chain_id).multicall([(call.target, call.data) for call in alone])
    return [each for each, answer in zip(others, answers, strict=True) if answer.is_success]


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
