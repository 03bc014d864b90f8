"""Carry attested payloads from the destination to the origin: attest, dispatch, sign, process."""

from collections.abc import Sequence

from eth_utils import keccak

from intents.chains.client import client
from intents.chains.reverts import Reverted
from intents.engine.case import IN_BLOCK, Case, Wait, set_details, wait
from intents.engine.depth import block_at_depth, depth_of, final_depth
from intents.engine.flight import in_flight, send
from intents.engine.signatures import collect
from intents.models import Attempt, ChainLog, Step
from intents.settlement import calls, proofs

SIGNATURE_POLL_SECONDS = 0.5


def is_carried(case: Case, step: Step, payloads: Sequence[bytes]) -> bool:
    """Whether the origin's oracle knows the payloads, from our own messages' logs or by asking it.

    The chain is asked at most once per look, and never while a message of ours is younger than its
    finality.
    """
    if _hashes_of(payloads) <= _proven_by_us(case, step):
        return True
    is_ours_alone = not step.details.get("ask_origin")
    if is_ours_alone and case.tries(step, "dispatch") and not case.tries(step, "process"):
        return False
    # The outputs of an order that we take name one oracle and one settler.
    output = case.terms.outputs[0]
    views = [calls.is_proven(keccak(payload), origin=case.origin, output=output) for payload in payloads]
    answers = client(case.origin.chain_id).multicall([(view.target, view.data) for view in views])
    return all(answer.is_success and int.from_bytes(answer.data, "big") == 1 for answer in answers)


def carry(case: Case, step: Step, payloads: Sequence[bytes]) -> Attempt | None:
    """The next thing for attested payloads, in one message; the dispatch attempt when one was sent just now."""
    dispatched = _dispatched(case, payloads)
    if dispatched is not None:
        _process(case, step, dispatched)
        return None
    flying = in_flight(case, step, "dispatch") if _is_for(step, payloads) else None
    if flying is not None:
        wait(case, step, IN_BLOCK)
        return None
    fee_view = calls.dispatch_fee(payloads, origin=case.origin, destination=case.destination)
    answer = client(case.destination.chain_id).call(fee_view.target, fee_view.data)
    call = calls.dispatch(
        payloads,
        origin=case.origin,
        destination=case.destination,
        fee_wei=int.from_bytes(answer, "big"),
    )
    set_details(case, step, payload_hash="0x" + keccak(b"".join(payloads)).hex())
    try:
        attempt = send(case, step, "dispatch", call)
    except Reverted as reverted:
        # The node may lag behind the block that attested; a payload that stays invalid is looked at again.
        wait(case, step, Wait("not_attested", {"revert": reverted.name}, seconds=1.0))
        return None
    wait(case, step, IN_BLOCK)
    return attempt


def _is_for(step: Step, payloads: Sequence[bytes]) -> bool:
    return bool(step.details.get("payload_hash") == "0x" + keccak(b"".join(payloads)).hex())


def _hashes_of(payloads: Sequence[bytes]) -> set[str]:
    return {"0x" + keccak(payload).hex() for payload in payloads}


def _proven_by_us(case: Case, step: Step) -> set[str]:
    """Hashes of the payloads that our own messages brought to the origin's oracle."""
    ours = {attempt.tx_hash for attempt in case.tries(step, "process")}
    return {
        log.data["payloadHash"] for log in case.logs if log.kind == "OutputProven" and log.tx_hash in ours
    }


def _dispatched(case: Case, payloads: Sequence[bytes]) -> ChainLog | None:
    """The Mailbox's log of a message of ours that carries these very payloads, if it is in a block."""
    for log in reversed(case.logs):
        if log.kind != "Dispatch" or log.chain_id != case.destination.chain_id:
            continue
        if log.address != case.destination.address("mailbox"):
            continue
        if _carries(message_of(log), payloads):
            return log
    return None


def message_of(log: ChainLog) -> bytes:
    """The encoded message of a Dispatch log."""
    return bytes.fromhex(log.data["message"][2:])


def _carries(message: bytes, payloads: Sequence[bytes]) -> bool:
    try:
        _, carried = proofs.payloads_of(proofs.parse_message(message).body)
    except proofs.MessageMalformed:
        return False
    return set(payloads) <= set(carried)


def _process(case: Case, step: Step, dispatched: ChainLog) -> None:
    flying = in_flight(case, step, "process")
    if flying is not None:
        wait(case, step, IN_BLOCK)
        return
    need = final_depth(case.destination)
    have = depth_of(dispatched.block_number, head=case.head(case.destination.chain_id))
    if have < need:
        block = (case.destination.chain_id, block_at_depth(dispatched.block_number, need))
        seconds = max(2.0, 1.5 * need * case.destination.block_seconds)
        wait(
            case, step, Wait("waiting_for_blocks", {"have": have, "need": need}, seconds=seconds, block=block)
        )
        return
    message = message_of(dispatched)
    found = collect(message, origin=case.origin, destination=case.destination)
    if found.metadata is None:
        reason = Wait("waiting_for_validators", found.params(), seconds=SIGNATURE_POLL_SECONDS)
        wait(case, step, reason)
        return
    try:
        send(case, step, "process", calls.process(message, metadata=found.metadata, origin=case.origin))
    except Reverted as reverted:
        # "already delivered" is success by somebody else: ask the oracle itself at the next look.
        set_details(case, step, ask_origin=True)
        wait(case, step, Wait("not_processed", {"revert": reverted.name}, seconds=1.0))
        return
    wait(case, step, IN_BLOCK)
