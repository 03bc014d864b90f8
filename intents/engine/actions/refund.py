"""Give the money back: at once on the proof that nobody filled in time, or plainly after `expires`."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from intents.chains.calls import ZERO_ADDRESS, Call
from intents.chains.reverts import Reverted
from intents.engine import events, lease, ledger, reservations
from intents.engine.actions.carry import carry, is_carried
from intents.engine.case import IN_BLOCK, Case, Wait, add_step, move_order, move_step, set_details, wait
from intents.engine.courtesy import TOO_LITTLE, carries_proof, pays_refund
from intents.engine.depth import depth_of, final_depth
from intents.engine.evidence import Evidence, log_of
from intents.engine.flight import in_flight, send
from intents.engine.releases import is_released
from intents.engine.waiting_refunds import claims_for
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Step
from intents.settlement import calls
from intents.settlement.order import address_to_bytes32, output_hash
from intents.solver.prices import Unpriced

CLAIM_RETRY_SECONDS = 3600.0
UNPRICED_SECONDS = 5.0
# Proofs that we carry for strangers in an hour, all of them together.
MOST_FOR_STRANGERS = 20
NOTHING_LEFT = "NothingToClaim"
_OF_PROOF = ("attest", "dispatch")


def begin(case: Case, *, because: str = "fill_deadline_passed") -> bool:
    """The fill deadline passed without a fill, or none will come: the input goes back."""
    move_order(
        case,
        OrderState.REFUND_DUE,
        event="refund_due",
        data={"chain_id": case.origin.chain_id, "by": case.terms.fill_deadline},
        reason={"code": because, "params": {}},
    )
    step = add_step(case, StepKind.REFUND, chain_id=case.origin.chain_id, details={})
    if step.state == StepState.SKIPPED:
        # A fill had ended it, and a reorganised chain took that fill back.
        move_step(case, step, StepState.READY)
    reservations.release(case.order.order_id)
    return True


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the refund step; True when the order moved."""
    if seen.refunded is not None or seen.opened is None or step.state == StepState.SKIPPED:
        return False
    flying = in_flight(case, step, "refund")
    if flying is not None:
        return _await_block(case, step, flying.tx_hash)
    try:
        return _return(case, step, seen)
    except Unpriced as unpriced:
        wait(case, step, Wait(unpriced.code, {"asset": unpriced.asset}, seconds=UNPRICED_SECONDS))
        return False


def _return(case: Case, step: Step, seen: Evidence) -> bool:
    if case.clock(case.origin.chain_id) > case.terms.expires:
        if not pays_refund(case):
            wait(case, step, Wait(TOO_LITTLE, {}, seconds=CLAIM_RETRY_SECONDS))
            return False
        return _send(case, step, calls.refund(case.terms, origin=case.origin))
    if seen.unfilled is None or not carries_proof(case) or _is_one_too_many(case, step):
        # Late fills leave records, so no absence can be attested: only `expires` helps.
        left = case.terms.expires - case.clock(case.origin.chain_id) + 1.0
        wait(case, step, Wait("waiting_for_expiry", {"after": case.terms.expires}, seconds=left))
        return False
    left = case.terms.fill_deadline - case.clock(case.destination.chain_id) + 1.0
    if left > 0:
        # Until then anybody may still fill, and nothing can be attested.
        wait(case, step, Wait("fill_deadline", {"by": case.terms.fill_deadline}, seconds=left))
        return False
    index = seen.unfilled
    payload = calls.proof_payload(case.terms, order_id=case.id_bytes, fact=None, index=index)
    if is_carried(case, step, [payload]):
        return _send(case, step, calls.refund_unfilled(case.terms, origin=case.origin, index=index))
    if _attested(case, step, index):
        carry(case, step, [payload])
        if step.state == StepState.READY:
            move_step(case, step, StepState.SUBMITTED)
    return False


def _is_one_too_many(case: Case, step: Step) -> bool:
    """Whether strangers had their share of proofs for now: opening what nobody can fill costs them one transaction."""
    if case.is_ours or is_released(case) or case.tries(step, *_OF_PROOF):
        return False
    since = timezone.now() - timedelta(hours=1)
    begun = Attempt.objects.filter(
        purpose__in=_OF_PROOF, created_at__gt=since, step__kind=StepKind.REFUND, step__order__quote=None
    )
    return begun.values("step").distinct().count() >= MOST_FOR_STRANGERS


def _attested(case: Case, step: Step, index: int) -> bool:
    if any(_attests_this(case, log, index) for log in case.logs):
        return True
    if in_flight(case, step, "attest") is not None:
        wait(case, step, IN_BLOCK)
        return False
    call = calls.attest_unfilled(
        case.terms, order_id=case.id_bytes, destination=case.destination, index=index
    )
    try:
        send(case, step, "attest", call)
    except Reverted as reverted:
        # TimestampNotPassed: the destination's blocks lag our clock. AlreadyFilled: a log is on its way.
        wait(case, step, Wait("not_attested", {"revert": reverted.name}, seconds=1.0))
        return False
    wait(case, step, IN_BLOCK)
    return False


def _attests_this(case: Case, log: ChainLog, index: int) -> bool:
    """Anybody can attest any output and deadline under any order id: only the signed ones count."""
    if log.kind != "Unfilled" or log.chain_id != case.destination.chain_id:
        return False
    output = case.terms.outputs[index]
    return bool(
        log.data["outputHash"] == "0x" + output_hash(output).hex()
        and int(log.data["fillDeadline"]) == case.terms.fill_deadline
        and address_to_bytes32(log.data["oracle"]) == output.oracle
    )


def push_claimable(case: Case, step: Step, seen: Evidence) -> bool:
    """Try to push a refund that could not be delivered, every hour; True when it reached the user."""
    if log_of(case, "Claimed", {a.tx_hash for a in case.tries(step, "claim")}) is not None:
        return _claimed(case, step)
    if in_flight(case, step, "claim") is not None:
        wait(case, step, IN_BLOCK)
        return False
    call = calls.claim(case.order.input_token, case.order.user, origin=case.origin)
    try:
        send(case, step, "claim", call, is_coin=case.order.input_token == ZERO_ADDRESS)
    except Reverted as reverted:
        if reverted.name == NOTHING_LEFT and _is_deep(case, seen.held):
            return _claimed(case, step)
        if reverted.name == NOTHING_LEFT:
            # A node that lags behind the refund's block says the same.
            wait(case, step, Wait("waiting_for_you", {"revert": reverted.name}, seconds=5.0))
            return False
        wait(case, step, Wait("waiting_for_you", {"revert": reverted.name}, seconds=CLAIM_RETRY_SECONDS))
        return False
    wait(case, step, IN_BLOCK)
    return False


def _is_deep(case: Case, held: ChainLog | None) -> bool:
    head = case.head(case.origin.chain_id)
    return held is not None and depth_of(held.block_number, head=head) >= final_depth(case.origin)


@transaction.atomic
def _claimed(case: Case, step: Step) -> bool:
    claimed = claims_for(case.order).last()
    set_details(case, step, claim_tx=claimed.tx_hash if claimed is not None else "")
    lease.write(case.lease, where={"payout": "claimable"}, payout="sent")
    case.order.payout = "sent"
    ledger.book_claim(case.order)
    events.record(case.order.order_id, "refunded", chain_id=case.origin.chain_id, payout="sent")
    return True


def _send(case: Case, step: Step, call: Call) -> bool:
    try:
        attempt = send(case, step, "refund", call)
    except Reverted as reverted:
        # Claimed, refunded by somebody, or a block behind: the next evidence says which.
        wait(case, step, Wait("not_refunded", {"revert": reverted.name}, seconds=1.0))
        return False
    return _await_block(case, step, attempt.tx_hash)


def _await_block(case: Case, step: Step, tx_hash: str) -> bool:
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
    wait(case, step, IN_BLOCK)
    if case.state is not OrderState.REFUND_DUE:
        return False
    data = {"chain_id": case.origin.chain_id, "tx_hash": tx_hash}
    return move_order(case, OrderState.REFUNDING, event="refund_sent", data=data)
