"""What a wish does where it arrives: the outputs it must have, and what its call came to, read from the chain."""

from dataclasses import dataclass

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address

from intents.settlement.destination_call import DestinationCall, encode_destination_call
from intents.settlement.order import MandateOutput, address_to_bytes32

from .api import App
from .chain_reader import NATIVE, ChainReader, ChainUnreachable

_CALLED = "0x" + keccak(text="Called(address,address,address,uint256)").hex()


@dataclass(frozen=True, slots=True)
class Arriving:
    """To whom an output goes: directly, or through the executor into an app."""

    recipient: bytes
    callback_data: bytes = b""


def arriving(app: App | None, *, recipient: str, executor: str, amount: int) -> Arriving:
    """Where the order's first output must go. Raises ValueError when a call has no executor."""
    if app is None:
        return Arriving(address_to_bytes32(recipient))
    if not executor:
        raise ValueError("the chain makes no calls on arrival")
    call = DestinationCall(
        recipient=recipient,
        target=app.target,
        data=_call_data(app, amount=amount, recipient=recipient),
        gas=app.gas,
    )
    return Arriving(address_to_bytes32(executor), encode_destination_call(call))


def gas_besides(outputs: tuple[MandateOutput, ...], *, recipient: str) -> int | None:
    """Wei of the destination's coin in a second output; 0 without one, None when that is anything else."""
    if len(outputs) == 1:
        return 0
    if len(outputs) != 2:
        return None
    first, second = outputs
    expected = MandateOutput(
        oracle=first.oracle,
        settler=first.settler,
        chain_id=first.chain_id,
        token=address_to_bytes32(NATIVE),
        amount=second.amount,
        recipient=address_to_bytes32(recipient),
    )
    return second.amount if second == expected and second.amount > 0 else None


def taken_by_app(
    reader: ChainReader | None, *, tx_hash: str, executor: str, app: App, recipient: str
) -> int | None:
    """Base units that went into the app in a transaction; 0 when its call failed, None when it cannot be read."""
    if reader is None or not tx_hash:
        return None
    try:
        receipt = reader.rpc("eth_getTransactionReceipt", tx_hash)
    except ChainUnreachable:
        return None
    if receipt is None:
        return None
    topics = [_CALLED, _topic(recipient), _topic(app.target)]
    for log in receipt["logs"]:
        if log["address"].lower() == executor.lower() and [each.lower() for each in log["topics"]] == topics:
            return int(log["data"][66:130], 16)
    return 0


def _call_data(app: App, *, amount: int, recipient: str) -> bytes:
    known: dict[str, object] = {"amount": amount, "recipient": to_canonical_address(recipient)}
    types = app.call[app.call.index("(") + 1 : -1].split(",")
    return keccak(text=app.call)[:4] + abi_encode(types, [known[name] for name in app.arguments])


def _topic(address: str) -> str:
    return "0x" + address_to_bytes32(address).hex()
