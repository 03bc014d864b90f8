"""Outputs that carry a call, and filling them, for the tests of the executor."""

from typing import Any

from intents.settlement.destination_call import DestinationCall, encode_destination_call
from intents.settlement.order import MandateOutput, address_to_bytes32, output_to_abi

from .chain import Contract, Receipt
from .world import USDC, World, filler, fresh_address

AMOUNT = 99 * USDC
GAS = 300_000


def arriving(world: World, *, callback: bytes, token: str = "", amount: int = AMOUNT) -> MandateOutput:
    """An output to the executor, of USDC unless told otherwise."""
    return world.output(
        world,
        token=address_to_bytes32(token or world.usdc.address),
        amount=amount,
        recipient=address_to_bytes32(world.executor.address),
        callback_data=callback,
    )


def calling(target: str, data: bytes, recipient: str = "", **changes: Any) -> DestinationCall:
    return DestinationCall(
        **{"recipient": recipient or fresh_address(), "target": target, "data": data, "gas": GAS, **changes}
    )


def putting(world: World, pot: Contract, *, amount: int = AMOUNT, recipient: str = "", **changes: Any) -> Any:
    """The call by which the pot takes ``amount`` of USDC for the recipient."""
    who = recipient or fresh_address()
    return calling(pot.address, pot.data("put", world.usdc.address, amount, who), who, **changes)


def arrive(
    world: World,
    call: DestinationCall,
    *,
    token: str = "",
    amount: int = AMOUNT,
    value: int = 0,
    gas: int = 3_000_000,
) -> Receipt:
    """Fill an output with this call, by a stranger's hand."""
    output = arriving(world, callback=encode_destination_call(call), token=token, amount=amount)
    return fill(world, output, value=value, gas=gas)


def fill(
    world: World, output: MandateOutput, *, value: int = 0, gas: int = 3_000_000, sender: str = filler.address
) -> Receipt:
    return world.output_settler.send(
        "fill",
        bytes.fromhex(fresh_address()[2:]) + bytes(12),
        output_to_abi(output),
        world.chain.timestamp() + 600,
        address_to_bytes32(filler.address),
        sender=sender,
        value=value,
        gas=gas,
    )
