"""The trials: each a generator that yields when it has to wait, so that all of them wait at the same time."""

from collections.abc import Iterator
from dataclasses import replace

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.settlement import calls
from intents.settlement.calls import FillFact
from intents.settlement.order import (
    ORDER_ABI,
    OUTPUT_ABI,
    address_to_bytes32,
    fill_payload,
    fill_record,
    output_to_abi,
    to_abi,
    unfilled_payload,
)

from ..chain_account import ChainAccount
from ..checkpoints import proof_of
from ..filler import DEPOSITED, FILL, FILLED
from ..messages import message_with, signers_of
from .stage import BLOCKS_BACK, Case, DidNotHold, Stage

CLAIMED = 2
REFUNDED = 3
Trial = Iterator[None]


def delivered(stage: Stage, label: str, origin: ChainAccount, destination: ChainAccount) -> Trial:
    """Open on the origin, fill on the destination, prove back, finalise; what must be refused on the way is."""
    long = stage.terms.long
    case = stage.case(label, origin, destination, fill_in=long, expires_in=2 * long)
    _open(stage, case)
    stage.refuses("refund is refused before expires", _refund(case), origin, saying="TimestampNotPassed")
    _fill(stage, case)
    yield
    fact = _filled(stage, case)
    finalise = calls.finalise_many([case.order], [[fact]], origin=origin.chain)
    stage.refuses("finalise is refused before the proof", finalise, origin, saying="NotProven")
    attest = calls.attest_unfilled(
        replace(case.order, fill_deadline=1), order_id=case.number, destination=destination.chain
    )
    stage.refuses("a delivered output cannot be called unfilled", attest, destination, saying="AlreadyFilled")
    payload = fill_payload(case.number, case.order.outputs[0], fact.solver, fact.timestamp)
    yield from _carry(stage, case, payload, what="the fill")
    tx_hash = "" if _status(case) == CLAIMED else stage.send("finalise", finalise, origin)
    stage.require(_status(case) == CLAIMED, "finalise: the order is not claimed afterwards")
    _require_paid(stage, origin, case.solver, token=case.input_token, what="finalise")
    stage.held("finalise pays exactly the input to the filler", origin, tx_hash)
    again = calls.finalise_many([case.order], [[fact]], origin=origin.chain)
    stage.require(int(origin.simulate(again), 16) == 0, "finalise: a claimed order would be paid again")
    stage.held("a claimed order is not paid twice", origin)


def refunded(stage: Stage, label: str, origin: ChainAccount, destination: ChainAccount) -> Trial:
    """Open on the origin and let it expire: the input goes back, once, without any proof."""
    soon = stage.terms.soon
    case = stage.case(label, origin, destination, fill_in=soon, expires_in=soon)
    _open(stage, case)
    while origin.head()[1] <= case.order.expires:
        yield
    tx_hash = "" if _status(case) == REFUNDED else stage.send("refund", _refund(case), origin)
    stage.require(_status(case) == REFUNDED, "refund: the order is not refunded afterwards")
    _require_paid(stage, origin, case.order.user, token=case.input_token, what="refund")
    stage.held("refund after expires pays exactly the input to the user", origin, tx_hash)
    stage.refuses("a second refund is refused", _refund(case), origin, saying="InvalidOrderStatus")


def unfilled(stage: Stage, label: str, origin: ChainAccount, destination: ChainAccount) -> Trial:
    """Open on the origin and let the fill deadline pass; proven on the destination, the input goes back."""
    case = stage.case(label, origin, destination, fill_in=stage.terms.soon, expires_in=2 * stage.terms.long)
    _open(stage, case)
    attest = calls.attest_unfilled(case.order, order_id=case.number, destination=destination.chain)
    if destination.head()[1] + stage.terms.soon // 2 < case.order.fill_deadline:
        what = "an output is not called unfilled before its deadline"
        stage.refuses(what, attest, destination, saying="TimestampNotPassed")
    while destination.head()[1] <= case.order.fill_deadline:
        yield
    late = Call(destination.chain.address("output_settler"), encode_call(FILL, _fill_arguments(case)))
    stage.refuses("a fill is refused after its deadline", late, destination, saying="FillDeadline")
    tx_hash = stage.send("attestUnfilled", attest, destination)
    stage.held("attestUnfilled records that nobody filled", destination, tx_hash)
    payload = unfilled_payload(case.number, case.order.outputs[0], case.order.fill_deadline)
    yield from _carry(stage, case, payload, what="the absence of a fill")
    back = calls.refund_unfilled(case.order, origin=origin.chain)
    tx_hash = "" if _status(case) == REFUNDED else stage.send("refundUnfilled", back, origin)
    stage.require(_status(case) == REFUNDED, "refundUnfilled: the order is not refunded afterwards")
    _require_paid(stage, origin, case.order.user, token=case.input_token, what="refundUnfilled")
    stage.held("refundUnfilled pays exactly the input to the user on that proof", origin, tx_hash)


def _open(stage: Stage, case: Case) -> None:
    origin = case.origin
    settler = origin.chain.address("input_settler")
    asked = Call(settler, encode_call(f"orderIdentifier({ORDER_ABI})", [to_abi(case.order)]))
    stage.require(
        bytes.fromhex(origin.view(asked)[2:]) == case.number, "the order id differs from the contract's"
    )
    sent = calls.open_by_user(case.order, settler=settler)
    tx_hash = ""
    for call in sent:
        tx_hash = stage.send("open", call, origin)
    stage.require(_status(case) == DEPOSITED, "open: the order is not deposited afterwards")
    stage.held("open locks the input under the computed order id", origin, tx_hash)
    stage.refuses("the same order cannot be opened twice", sent[-1], origin, saying="InvalidOrderStatus")


def _fill(stage: Stage, case: Case) -> None:
    output, destination = case.order.outputs[0], case.destination
    settler = destination.chain.address("output_settler")
    value = _value(case.output_token, output.amount)
    if not value:
        approve = encode_call("approve(address,uint256)", [settler, output.amount])
        stage.send("approve", Call(case.output_token, approve), destination)
    call = Call(settler, encode_call(FILL, _fill_arguments(case)), value_wei=value)
    tx_hash = stage.send("fill", call, destination)
    got = destination.holds(case.recipient, case.output_token)
    stage.require(got == output.amount, f"fill: the recipient has {got}, not {output.amount}")
    stage.held("fill delivers exactly the output", destination, tx_hash)


def _filled(stage: Stage, case: Case) -> FillFact:
    """Our own fill as the log tells it, held against the record that the settler keeps."""
    topics = [FILLED, "0x" + case.number.hex()]
    logs = case.destination.logs("output_settler", topics, blocks_back=BLOCKS_BACK)
    stage.require(len(logs) == 1, f"fill: {len(logs)} OutputFilled logs for the order")
    types = ("bytes32", "uint32", OUTPUT_ABI, "uint256")
    solver, timestamp, _, _ = abi_decode(types, bytes.fromhex(logs[0]["data"][2:]))
    record = case.destination.view(
        calls.fill_record(case.order, order_id=case.number, destination=case.destination.chain)
    )
    is_same = bytes.fromhex(record[2:]) == fill_record(solver, timestamp)
    stage.require(is_same, "fill: the record is not keccak(solver, timestamp) of the log")
    stage.require(solver == address_to_bytes32(case.solver), "fill: another solver is in the log")
    stage.held("the fill is on record under its output's hash", case.destination)
    return FillFact(solver=solver, timestamp=timestamp)


def _carry(stage: Stage, case: Case, payload: bytes, *, what: str) -> Trial:
    """Dispatch on the destination, wait for the validators' signatures, process on the origin."""
    origin, destination = case.origin, case.destination
    both = {"origin": origin.chain, "destination": destination.chain}
    fee = destination.number(calls.dispatch_fee([payload], **both))
    message = message_with(payload, origin=origin.chain, destination=destination, blocks_back=BLOCKS_BACK)
    if message is None:
        tx_hash = stage.send("submit", calls.dispatch([payload], fee_wei=fee, **both), destination)
        stage.held(f"the oracle dispatches {what}", destination, tx_hash)
        message = message_with(payload, origin=origin.chain, destination=destination, blocks_back=BLOCKS_BACK)
    if message is None:
        raise DidNotHold(f"no Dispatch log carries {what}")
    proven = calls.is_proven(keccak(payload), origin=origin.chain, output=case.order.outputs[0])
    validators, threshold = signers_of(message, origin=origin)
    metadata = None
    while not origin.number(proven):
        metadata = proof_of(message, sent_from=destination.chain, validators=validators, threshold=threshold)
        if metadata is None:
            yield
            continue
        process = calls.process(message, metadata=metadata, origin=origin.chain)
        # Any relayer may have been first; then it is proven all the same.
        tx_hash = "" if origin.number(proven) else stage.send("process", process, origin)
        stage.held(f"{threshold} validators' signatures prove {what}", origin, tx_hash)
        return
    stage.held(f"{what} was proven by another relayer", origin)


def _fill_arguments(case: Case) -> list[object]:
    deadline, solver = case.order.fill_deadline, address_to_bytes32(case.solver)
    return [case.number, output_to_abi(case.order.outputs[0]), deadline, solver]


def _status(case: Case) -> int:
    return case.origin.number(calls.order_status(case.number, origin=case.origin.chain))


def _refund(case: Case) -> Call:
    return calls.refund(case.order, origin=case.origin.chain)


def _require_paid(stage: Stage, chain: ChainAccount, payee: str, *, token: str, what: str) -> None:
    got = chain.holds(payee, token)
    stage.require(got == stage.terms.amount, f"{what}: the payee has {got}, not {stage.terms.amount}")


def _value(token: str, amount: int) -> int:
    return amount if token == ZERO_ADDRESS else 0
