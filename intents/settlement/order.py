"""The signed order: its fields, its identity and the payloads that prove or disprove its fill.

Encodings are those of the Open Intents Framework's contracts at commit 5323b1bf1d10; the unfilled payload
is ours. Pure: no Django, no chain access.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import encode as abi_encode
from eth_utils import is_address, keccak, to_canonical_address, to_checksum_address

MAX_INPUTS: Final = 2
MAX_OUTPUTS: Final = 2
MAX_CALLBACK_BYTES: Final = 1024
MAX_CONTEXT_BYTES: Final = 128

NATIVE_TOKEN: Final = "0x0000000000000000000000000000000000000000"
UNFILLED_TAG: Final = keccak(b"Waymeet.Unfilled.v1")
UNFILLED_PAYLOAD_BYTES: Final = 100
SHORTEST_FILL_PAYLOAD_BYTES: Final = 168

OUTPUT_ABI: Final = "(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes,bytes)"
ORDER_ABI: Final = f"(address,uint256,uint256,uint32,uint32,address,uint256[2][],{OUTPUT_ABI}[])"
SOLVE_PARAMS_ABI: Final = "(uint32,bytes32)"

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class OrderFieldError(ValueError):
    """A field of an order received as JSON is missing, unknown or malformed; ``field`` is its path."""

    code = "order_field"
    retry = False

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MandateOutput:
    """What the filler must deliver: ``amount`` base units of ``token`` to ``recipient`` on ``chain_id``."""

    oracle: bytes
    settler: bytes
    chain_id: int
    token: bytes
    amount: int
    recipient: bytes
    callback_data: bytes = b""
    context: bytes = b""


@dataclass(frozen=True, slots=True)
class StandardOrder:
    """The whole signed order; ``inputs`` are (token as integer, amount), deadlines chain time in seconds."""

    user: str
    nonce: int
    origin_chain_id: int
    expires: int
    fill_deadline: int
    input_oracle: str
    inputs: tuple[tuple[int, int], ...]
    outputs: tuple[MandateOutput, ...]


def address_to_bytes32(address: str) -> bytes:
    """Left-pad an address to the 32-byte identifier used across chains."""
    return b"\x00" * 12 + to_canonical_address(address)


def bytes32_to_address(identifier: bytes) -> str:
    """Checksummed address of a clean identifier; raises ``ValueError`` when its upper 12 bytes are used."""
    if len(identifier) != 32 or identifier[:12] != b"\x00" * 12:
        raise ValueError("identifier is not a clean address")
    return to_checksum_address(identifier[12:])


def address_to_int(address: str) -> int:
    """The address as the integer that ``inputs`` carry."""
    return int.from_bytes(to_canonical_address(address), "big")


def int_to_address(value: int) -> str:
    """Checksummed address of an input token; raises ``ValueError`` when bits above the 160th are set."""
    if not 0 <= value < 1 << 160:
        raise ValueError("integer is not a clean address")
    return to_checksum_address(value.to_bytes(20, "big"))


def output_to_abi(output: MandateOutput) -> tuple[Any, ...]:
    """The output as the tuple that ``OUTPUT_ABI`` encodes."""
    return (
        output.oracle, output.settler, output.chain_id, output.token,
        output.amount, output.recipient, output.callback_data, output.context,
    )  # fmt: skip


def to_abi(order: StandardOrder) -> tuple[Any, ...]:
    """The order as the tuple that ``ORDER_ABI`` encodes."""
    return (
        to_canonical_address(order.user), order.nonce, order.origin_chain_id,
        order.expires, order.fill_deadline, to_canonical_address(order.input_oracle),
        order.inputs, tuple(output_to_abi(output) for output in order.outputs),
    )  # fmt: skip


def order_id(order: StandardOrder, *, settler: str) -> bytes:
    """The 32-byte identity of the order at ``settler`` on its origin chain."""
    inputs = b"".join(_word(token) + _word(amount) for token, amount in order.inputs)
    return keccak(
        _word(order.origin_chain_id)
        + to_canonical_address(settler)
        + to_canonical_address(order.user)
        + _word(order.nonce)
        + order.expires.to_bytes(4, "big")
        + order.fill_deadline.to_bytes(4, "big")
        + to_canonical_address(order.input_oracle)
        + keccak(inputs)
        + abi_encode([f"{OUTPUT_ABI}[]"], [tuple(output_to_abi(o) for o in order.outputs)])
    )


def output_hash(output: MandateOutput) -> bytes:
    """The key under which the output settler records the fill of this output."""
    return keccak(output.oracle + output.settler + _word(output.chain_id) + _common_payload(output))


def fill_payload(order_id: bytes, output: MandateOutput, solver: bytes, timestamp: int) -> bytes:
    """What is attested when ``solver`` filled ``output`` at ``timestamp`` (seconds)."""
    return solver + order_id + timestamp.to_bytes(4, "big") + _common_payload(output)


def fill_record(solver: bytes, timestamp: int) -> bytes:
    """The record the output settler stores for a fill."""
    return keccak(solver + timestamp.to_bytes(4, "big"))


def unfilled_payload(order_id: bytes, output: MandateOutput, fill_deadline: int) -> bytes:
    """What is attested when ``output`` was not filled by ``fill_deadline`` (seconds); always 100 bytes."""
    return UNFILLED_TAG + order_id + output_hash(output) + fill_deadline.to_bytes(4, "big")


def order_to_json(order: StandardOrder) -> dict[str, Any]:
    """The order as JSON: integers as decimal strings, bytes as 0x hex, names as in the contracts' ABI."""
    return {
        "user": to_checksum_address(order.user),
        "nonce": str(order.nonce),
        "originChainId": str(order.origin_chain_id),
        "expires": str(order.expires),
        "fillDeadline": str(order.fill_deadline),
        "inputOracle": to_checksum_address(order.input_oracle),
        "inputs": [[str(token), str(amount)] for token, amount in order.inputs],
        "outputs": [_output_to_json(output) for output in order.outputs],
    }


def order_from_json(value: object) -> StandardOrder:
    """Read an order strictly; raises ``OrderFieldError`` naming the first bad or oversized field."""
    fields = _fields(value, "order", _ORDER_FIELDS)
    inputs = _items(fields["inputs"], "inputs", MAX_INPUTS)
    outputs = _items(fields["outputs"], "outputs", MAX_OUTPUTS)
    return StandardOrder(
        user=_address(fields["user"], "user"),
        nonce=_integer(fields["nonce"], "nonce"),
        origin_chain_id=_integer(fields["originChainId"], "originChainId"),
        expires=_integer(fields["expires"], "expires", bits=32),
        fill_deadline=_integer(fields["fillDeadline"], "fillDeadline", bits=32),
        input_oracle=_address(fields["inputOracle"], "inputOracle"),
        inputs=tuple(_input(item, f"inputs[{i}]") for i, item in enumerate(inputs)),
        outputs=tuple(_output(item, f"outputs[{i}]") for i, item in enumerate(outputs)),
    )


_ORDER_FIELDS: Final = (
    "user", "nonce", "originChainId", "expires", "fillDeadline", "inputOracle", "inputs", "outputs",
)  # fmt: skip
_OUTPUT_FIELDS: Final = (
    "oracle", "settler", "chainId", "token", "amount", "recipient", "callbackData", "context",
)  # fmt: skip


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _common_payload(output: MandateOutput) -> bytes:
    return (
        output.token
        + _word(output.amount)
        + output.recipient
        + len(output.callback_data).to_bytes(2, "big")
        + output.callback_data
        + len(output.context).to_bytes(2, "big")
        + output.context
    )


def _output_to_json(output: MandateOutput) -> dict[str, str]:
    return {
        "oracle": _hex(output.oracle),
        "settler": _hex(output.settler),
        "chainId": str(output.chain_id),
        "token": _hex(output.token),
        "amount": str(output.amount),
        "recipient": _hex(output.recipient),
        "callbackData": _hex(output.callback_data),
        "context": _hex(output.context),
    }


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _output(value: object, path: str) -> MandateOutput:
    fields = _fields(value, path, _OUTPUT_FIELDS)
    return MandateOutput(
        oracle=_bytes32(fields["oracle"], f"{path}.oracle"),
        settler=_bytes32(fields["settler"], f"{path}.settler"),
        chain_id=_integer(fields["chainId"], f"{path}.chainId"),
        token=_bytes32(fields["token"], f"{path}.token"),
        amount=_integer(fields["amount"], f"{path}.amount"),
        recipient=_bytes32(fields["recipient"], f"{path}.recipient"),
        callback_data=_bytes(fields["callbackData"], f"{path}.callbackData", MAX_CALLBACK_BYTES),
        context=_bytes(fields["context"], f"{path}.context", MAX_CONTEXT_BYTES),
    )


def _input(value: object, path: str) -> tuple[int, int]:
    pair = _items(value, path, 2)
    if len(pair) != 2:
        raise OrderFieldError(path, "must be [token, amount]")
    return _integer(pair[0], f"{path}[0]", bits=160), _integer(pair[1], f"{path}[1]")


def _fields(value: object, path: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OrderFieldError(path, "must be an object")
    prefix = "" if path == "order" else f"{path}."
    for name in names:
        if name not in value:
            raise OrderFieldError(prefix + name, "is missing")
    for name in value:
        if name not in names:
            raise OrderFieldError(prefix + str(name)[:40], "is not a field")
    return value


def _items(value: object, path: str, most: int) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise OrderFieldError(path, "must be a list")
    if len(value) > most:
        raise OrderFieldError(path, f"holds more than {most}")
    return value


def _integer(value: object, path: str, *, bits: int = 256) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise OrderFieldError(path, "must be a decimal string")
    number = int(value)
    if number >> bits:
        raise OrderFieldError(path, f"does not fit {bits} bits")
    return number


def _address(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.startswith("0x") or not is_address(value):
        raise OrderFieldError(path, "must be an address")
    return to_checksum_address(value)


def _bytes(value: object, path: str, most: int) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise OrderFieldError(path, "must be 0x hex")
    data = bytes.fromhex(value[2:])
    if len(data) > most:
        raise OrderFieldError(path, f"is longer than {most} bytes")
    return data


def _bytes32(value: object, path: str) -> bytes:
    data = _bytes(value, path, 32)
    if len(data) != 32:
        raise OrderFieldError(path, "must be 32 bytes")
    return data
