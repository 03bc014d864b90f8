"""Sending to deposit addresses, opening out of them and taking back, for their tests."""

from typing import Any

from intents.contracts.addresses import deposit_address_of
from intents.settlement.order import StandardOrder, int_to_address, to_abi
from intents.settlement.typed_data import TypedData, permit_typed_data

from .chain import Receipt
from .world import USDC, World, alice, mallory, relayer, sign

AMOUNT = 100 * USDC


def place(world: World, order: StandardOrder) -> str:
    """Where the order's input may be sent; the same on every chain."""
    return deposit_address_of(world.id(order), settler=world.input_settler.address)


def send_in(world: World, order: StandardOrder, amount: int = AMOUNT, *, sender: str = alice.address) -> str:
    """Send base units of the order's input token to its deposit address."""
    token = world.erc20(int_to_address(order.inputs[0][0]))
    token.send("transfer", place(world, order), amount, sender=sender)
    return place(world, order)


def open_deposit(
    world: World, order: StandardOrder, permit: bytes = b"", *, sender: str = relayer.address
) -> Receipt:
    return world.input_settler.send("openDeposit", to_abi(order), permit, sender=sender)


def recover(
    world: World,
    order: StandardOrder,
    token: str = "",
    *,
    sender: str = mallory.address,
    gas: int = 6_000_000,
) -> Receipt:
    """By a stranger and of the input, unless told otherwise."""
    wanted = token or world.usdc.address
    return world.input_settler.send("recover", to_abi(order), wanted, sender=sender, gas=gas)


def permit_data(world: World, order: StandardOrder) -> TypedData:
    return permit_typed_data(
        order,
        deposit_address=place(world, order),
        token_name="USD Coin",
        token_version="2",
        nonce=world.usdc.call("nonces", order.user),
    )


def permit(world: World, order: StandardOrder, signer: Any = alice, **changes: str) -> bytes:
    """The user's permit; ``changes`` replace fields of what is signed."""
    data = permit_data(world, order)
    data["message"] |= changes
    return sign(signer, data)


def submit_permit(world: World, order: StandardOrder, signature: bytes, *, value: int = AMOUNT) -> None:
    """Hand the permit to the token without opening anything, as anybody may."""
    r, s, v = signature[:32], signature[32:64], signature[64]
    world.usdc.send(
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
        order.user, place(world, order), value, order.fill_deadline, v, r, s,
        sender=mallory.address,
    )  # fmt: skip
