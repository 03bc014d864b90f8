"""Carry attested payloads from the destination to the origin: attest, dispatch, sign, process."""

import time
from collections.abc import Sequence

from eth_utils import keccak

from intents.chains import accounts
from intents.chains.calls import Call
from intents.chains.client import client
from intents.chains.fees import FeeAboveCap
from intents.chains.reverts import Reverted
from intents.engine.batches import leads_message
from intents.engine.case import IN_BLOCK, Case, Wait, set_details, wait
from intents.engine.courtesy import is_message_worth
from intents.engine.depth import block_at_depth, depth_of, final_depth
from intents.engine.flight import Companion, in_flight, send
from intents.engine.signatures import collect
from intents.engine.urgency import is_expiring
from intents.models import Attempt, ChainLog, Step
from intents.settlement import calls, proofs

SIGNATURE_POLL_SECONDS = 0.5
# So long the first order of a message has to bring it before another does.
LEADER_SECONDS = 5.0


def is_carried(case: Case, step: Step, payloads: Sequence[bytes]) -> bool:
    """Whether the origin's oracle knows the payloads, from our own messages' logs or by asking it.

    The chain is asked at most once per look, and never while a message of ours is younger than its
    finality.
    """
    if is_carried_by_us(case, step, payloads):
        return True
    is_ours_alone = not step.details.get("ask_origin")
    if is_ours_alone and case.tries(step, "dispatch") and not case.tries(step, "process"):
        return False
    # The outputs of an order that we take name one oracle and one settler.
    output = case.terms.outputs[0]
    views = [calls.is_proven(keccak(payload), origin=case.origin, output=output) for payload in payloads]
    answers = client(case.origin.chain_id).multicall([(view.target, view.data) for view in views])
    return all(answer.is_success and int.from_bytes(answer.data, "big") == 1 for answer in answers)


def is_carried_by_us(case: Case, step: Step, payloads: Sequence[bytes]) -> bool:
    """Whether logs say that messages of ours brought the payloads to the origin's oracle."""
    return _hashes_of(payloads) <= _proven_by_us(case, step)


def carry(case: Case, step: Step, payloads: Sequence[bytes]) -> None:
    """The next thing for attested payloads, in one message of their own."""
    if not is_under_way(case, step, payloads):
        dispatch(case, step, payloads)


def is_under_way(case: Case, step: Step, payloads: Sequence[bytes]) -> bool:
    """Whether a message of ours carries the payloads; then the next thing for it is done."""
    dispatched = _dispatched(case, payloads)
    if dispatched is not None:
        _process(case, step, dispatched)
        return True
    if step.details.get("payload_hash") != hash_of(payloads) or in_flight(case, step, "dispatch") is None:
        return False
    wait(case, step, IN_BLOCK)
    return True


def dispatch(
    case: Case,
    step: Step,
    payloads: Sequence[bytes],
    others: Sequence[tuple[Companion, Sequence[bytes]]] = (),
) -> list[Companion] | None:
    """Send the payloads, and those of others, in one message; whose were sent along, None when nothing was.

    One whose payload is not attested never keeps the others back: it is left out. Raises FeeAboveCap while the
    message costs more than what it brings.
    """
    set_details(case, step, payload_hash=hash_of(payloads))
    along = list(others)
    while True:
        carried = [*payloads, *(payload for _, theirs in along for payload in theirs)]
        companions = [other for other, _ in along]
        try:
            call = _dispatch_call(case, carried)
            if not is_message_worth(call.value_wei, [case, *(other.case for other in companions)]):
                raise FeeAboveCap(f"a message for {call.value_wei} wei", chain=case.destination.name)
            send(case, step, "dispatch", call, others=companions)
        except Reverted as reverted:
            if along:
                fine = [each for each in along if _is_attested(case, each[1])]
                along = fine if len(fine) < len(along) else []
                continue
            # The node may lag behind the block that attested; a payload that stays invalid is looked at again.
            wait(case, step, Wait("not_attested", {"revert": reverted.name}, seconds=1.0))
            return None
        wait(case, step, IN_BLOCK)
        return companions


def hash_of(payloads: Sequence[bytes]) -> str:
    """Which payloads of an order a message was sent for."""
    return "0x" + keccak(b"".join(payloads)).hex()


def _dispatch_call(case: Case, payloads: Sequence[bytes]) -> Call:
    fee_view = calls.dispatch_fee(payloads, origin=case.origin, destination=case.destination)
    answer = client(case.destination.chain_id).call(fee_view.target, fee_view.data)
    return calls.dispatch(
        payloads,
        origin=case.origin,
        destination=case.destination,
        fee_wei=int.from_bytes(answer, "big"),
    )


def _is_attested(case: Case, payloads: Sequence[bytes]) -> bool:
    """Whether a message of these alone could be sent now."""
    call = _dispatch_call(case, payloads)
    try:
        client(case.destination.chain_id).simulate(call, accounts.address(accounts.RELAYER))
    except Reverted:
        return False
    return True


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
    sent = next((each for each in case.tries(step, "dispatch") if each.tx_hash == dispatched.tx_hash), None)
    if sent is not None and _is_left_to_another(case, step, sent):
        return
    message = message_of(dispatched)
    found = collect(message, origin=case.origin, destination=case.destination)
    if found.metadata is None:
        reason = Wait("waiting_for_validators", found.params(), seconds=SIGNATURE_POLL_SECONDS)
        wait(case, step, reason)
        return
    try:
        call = calls.process(message, metadata=found.metadata, origin=case.origin)
        send(case, step, "process", call, message=sent)
    except Reverted as reverted:
        # "already delivered" is success by somebody else: ask the oracle itself at the next look.
        set_details(case, step, ask_origin=True)
        wait(case, step, Wait("not_processed", {"revert": reverted.name}, seconds=1.0))
        return
    wait(case, step, IN_BLOCK)


def _is_left_to_another(case: Case, step: Step, sent: Attempt) -> bool:
    """The first order of a message brings it for all; the others see to it only when it does not for a while."""
    if is_expiring(case) or leads_message(step, sent, case):
        return False
    shown = step.waiting.get("params", {}) if step.waiting.get("code") == "with_another" else {}
    since = float(shown.get("since", 0)) or time.time()
    left = since + LEADER_SECONDS - time.time()
    if left <= 0:
        return False
    wait(case, step, Wait("with_another", {"since": since}, seconds=left))
    return True
