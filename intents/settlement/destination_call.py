"""The call an output may carry: made by ``call_executor`` with what arrived, for the final recipient. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi import decode as abi_decode
from eth_abi import encode as abi_encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import to_canonical_address, to_checksum_address

from intents.settlement.order import NATIVE_TOKEN, MandateOutput, bytes32_to_address

MAX_CALL_BYTES: Final = 832
MAX_CALL_GAS: Final = 5_000_000
ALLOWANCE_SELECTORS: Final = frozenset(
    bytes.fromhex(selector)
    for selector in ("095ea7b3", "39509351", "d73dd623", "3177029f", "cae9ca51", "a22cb465", "959b8c3f")
)

# What the executor and the settler's call of it take beside the call's own gas, measured and rounded up.
EXECUTOR_GAS: Final = 70_000
# A second output in the same transaction: its record, its log and a plain payment.
SECOND_OUTPUT_GAS: Final = 96_000
# What it takes more to tell an order of two outputs when it is opened, and to look up both proofs when it is finalised.
SECOND_OUTPUT_TOLD_GAS: Final = 4_500
SECOND_OUTPUT_PROVEN_GAS: Final = 8_000
# And so much longer it is, packed as rollups count data.
SECOND_OUTPUT_BYTES: Final = 60
# Each byte of a call is told with its order: calldata, memory and hash.
CALL_BYTE_GAS: Final = 16

_TYPES: Final = ("address", "address", "uint256", "bytes", "uint256")


class DestinationCallError(ValueError):
    """Callback data is not a call that ``call_executor`` can make; the text says why."""

    code = "destination_call"
    retry = False


@dataclass(frozen=True, slots=True)
class DestinationCall:
    """``target`` is called with ``data``, ``value_wei`` of a native output and at most ``gas`` units of gas.

    ``recipient`` gets what is left over, and everything when the call fails.
    """

    recipient: str
    target: str
    data: bytes
    gas: int
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class OrderGas:
    """Units of gas that an order takes more than one of a plain output."""

    open: int
    finalise: int


def encode_destination_call(call: DestinationCall) -> bytes:
    """The output's callback data; raises ``DestinationCallError`` for what does not fit."""
    if len(call.data) > MAX_CALL_BYTES:
        raise DestinationCallError(f"the call is longer than {MAX_CALL_BYTES} bytes")
    values = (to_canonical_address(call.recipient), to_canonical_address(call.target))
    try:
        return abi_encode(_TYPES, (*values, call.value_wei, call.data, call.gas))
    except EncodingError as error:
        raise DestinationCallError(str(error)) from error


def decode_destination_call(callback_data: bytes) -> DestinationCall:
    """Read callback data; raises ``DestinationCallError`` unless it is exactly what encoding would give."""
    try:
        recipient, target, value_wei, data, gas = abi_decode(_TYPES, callback_data)
    except (DecodingError, OverflowError) as error:
        raise DestinationCallError("the callback data is not a destination call") from error
    call = DestinationCall(
        recipient=to_checksum_address(recipient),
        target=to_checksum_address(target),
        data=bytes(data),
        gas=gas,
        value_wei=value_wei,
    )
    if encode_destination_call(call) != callback_data:
        raise DestinationCallError("the callback data is not in its one form")
    return call


def call_in(output: MandateOutput) -> DestinationCall | None:
    """The call an output carries, None for one without; raises ``DestinationCallError``."""
    return decode_destination_call(output.callback_data) if output.callback_data else None


def final_recipient(output: MandateOutput) -> str:
    """Checksummed address of whom an output is for: of a call, the one who gets what is left of it.

    Raises ``DestinationCallError`` for unreadable callback data, ``ValueError`` for a dirty recipient.
    """
    call = call_in(output)
    return call.recipient if call else bytes32_to_address(output.recipient)


def arrival_gas(outputs: Sequence[MandateOutput]) -> int:
    """Units of gas that filling these outputs takes beyond one plain output.

    Unreadable callback data counts as the most that a call may ask for.
    """
    return SECOND_OUTPUT_GAS * max(len(outputs) - 1, 0) + sum(
        EXECUTOR_GAS + _call_gas(output) for output in outputs if output.callback_data
    )


def order_gas(outputs: Sequence[MandateOutput]) -> OrderGas:
    """Units of gas that an order of these outputs takes more than one of a plain output, where it is told whole."""
    more, length = max(len(outputs) - 1, 0), sum(len(output.callback_data) for output in outputs)
    return OrderGas(
        open=more * SECOND_OUTPUT_TOLD_GAS + length * CALL_BYTE_GAS,
        finalise=more * SECOND_OUTPUT_PROVEN_GAS + length * CALL_BYTE_GAS,
    )


def told_bytes(outputs: Sequence[MandateOutput]) -> int:
    """How much longer these outputs are than one plain output, packed as rollups count data.

    A call may be such that it cannot be packed: that takes a byte more for every 32.
    """
    called = sum(len(each.callback_data) * 33 // 32 for each in outputs)
    return SECOND_OUTPUT_BYTES * max(len(outputs) - 1, 0) + called


def _call_gas(output: MandateOutput) -> int:
    try:
        call = call_in(output)
    except DestinationCallError:
        return MAX_CALL_GAS
    return min(call.gas, MAX_CALL_GAS) if call else 0


def check_destination_call(call: DestinationCall, *, output: MandateOutput, refused: frozenset[str]) -> None:
    """Raise ``DestinationCallError`` for a call that cannot succeed or a recipient that cannot be paid.

    ``refused`` are the checksummed addresses of our contracts on the output's chain, the executor among them.
    """
    token = bytes32_to_address(output.token)
    if call.recipient in refused | {NATIVE_TOKEN, token}:
        raise DestinationCallError("the recipient cannot be paid")
    if call.target in refused | {NATIVE_TOKEN, token}:
        raise DestinationCallError("the target is the token or one of our contracts")
    if call.data[:4] in ALLOWANCE_SELECTORS:
        raise DestinationCallError("the call would give an allowance")
    if call.value_wei and (token != NATIVE_TOKEN or call.value_wei > output.amount):
        raise DestinationCallError("the call sends more of the native coin than arrives")
    if not 0 < call.gas <= MAX_CALL_GAS:
        raise DestinationCallError(f"the gas of the call is not within {MAX_CALL_GAS}")
