"""Logs of the contracts as a node returns them, held against an order. Pure; nothing of it asks a node."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from intents.settlement.order import (
    ORDER_ABI,
    OUTPUT_ABI,
    MandateOutput,
    StandardOrder,
    output_to_abi,
    to_abi,
)

from .chain_reader import TRANSFER_TOPIC

RawLog = Mapping[str, Any]


def _topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


OPEN: Final = _topic(f"Open(bytes32,{ORDER_ABI})")
OUTPUT_FILLED: Final = _topic(f"OutputFilled(bytes32,bytes32,uint32,{OUTPUT_ABI},uint256)")
REFUNDED: Final = _topic("Refunded(bytes32)")
PAYOUT_HELD: Final = _topic("PayoutHeld(bytes32,address,address,uint256)")
RECOVERED: Final = _topic("Recovered(bytes32,address,uint256)")
CALLED: Final = _topic("Called(address,address,address,uint256)")
CALL_FAILED: Final = _topic("CallFailed(address,address,address,uint256,bytes)")


def is_open(log: RawLog, order: StandardOrder, order_id: bytes) -> bool:
    """Whether the log says that exactly this order was opened."""
    data = abi_encode([ORDER_ABI], [to_abi(order)])
    return _topics(log) == [OPEN, _hex(order_id)] and _data(log) == data


def fill_time(log: RawLog, output: MandateOutput, order_id: bytes) -> int | None:
    """When exactly this output was filled, chain time in seconds; None when the log says anything else."""
    if _topics(log) != [OUTPUT_FILLED, _hex(order_id)]:
        return None
    types = ("bytes32", "uint32", OUTPUT_ABI, "uint256")
    try:
        solver, timestamp, _output, final = abi_decode(types, _data(log))
    except (DecodingError, OverflowError):
        return None
    said = abi_encode(types, (solver, timestamp, output_to_abi(output), final))
    return int(timestamp) if said == _data(log) and final == output.amount else None


def is_refunded(log: RawLog, order_id: bytes) -> bool:
    """Whether the log says that the input of this order left the escrow back to its user."""
    return _topics(log) == [REFUNDED, _hex(order_id)]


def is_held(log: RawLog, order_id: bytes, *, user: str, token: str, amount: int) -> bool:
    """Whether the log says that a payout of this order waits for its user."""
    said = abi_encode(["address", "uint256"], [token, amount])
    return _topics(log) == [PAYOUT_HELD, _hex(order_id), _word(user)] and _data(log) == said


def recovered(log: RawLog, order_id: bytes, *, token: str) -> int | None:
    """Base units of a token that left the order's own address back to its user."""
    if _topics(log) != [RECOVERED, _hex(order_id), _word(token)]:
        return None
    return int.from_bytes(_data(log), "big")


def call_outcome(log: RawLog, *, recipient: str, target: str) -> str:
    """`made` or `failed`, "" for a log that is not about this call."""
    topics = _topics(log)
    if topics[1:] != [_word(recipient), _word(target)]:
        return ""
    return {CALLED: "made", CALL_FAILED: "failed"}.get(topics[0], "")


def moved_to(logs: Iterable[RawLog], token: str, holder: str) -> int:
    """Base units of an ERC-20 that the logs move to an account."""
    return sum(
        int.from_bytes(_data(log), "big")
        for log in logs
        if str(log["address"]).lower() == token.lower()
        and len(log["topics"]) == 3
        and _topics(log)[0] == TRANSFER_TOPIC
        and _topics(log)[2] == _word(holder)
    )


def paid_besides(
    logs: Iterable[RawLog], *, settler: str, order_id: bytes, token: bytes, recipient: bytes
) -> int:
    """What other orders' fills in the same transaction paid of the same token to the same account."""
    total = 0
    for log in logs:
        topics = _topics(log)
        if str(log["address"]).lower() != settler.lower() or topics[:1] != [OUTPUT_FILLED]:
            continue
        if topics[1:] == [_hex(order_id)]:
            continue
        output = abi_decode(("bytes32", "uint32", OUTPUT_ABI, "uint256"), _data(log))[2]
        if (output[3], output[5]) == (token, recipient):
            total += int(output[4])
    return total


def _topics(log: RawLog) -> list[str]:
    return [str(topic).lower() for topic in log["topics"]]


def _data(log: RawLog) -> bytes:
    return bytes.fromhex(str(log["data"])[2:])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _word(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")
