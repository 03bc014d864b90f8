"""Acts of the solver account and of a mock venue, for its tests."""

from typing import Any

from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    output_hash,
    output_to_abi,
)

from .chain import Contract, Receipt
from .world import World, filler, operator, owner

ETHER = 10**18
HOUR = 3600


def recipient(output: MandateOutput) -> str:
    return "0x" + output.recipient[12:].hex()


def outputs_abi(order: StandardOrder) -> list[tuple[Any, ...]]:
    return [output_to_abi(output) for output in order.outputs]


def fill(world: World, order: StandardOrder, *, sender: str = operator.address, settler: str = "") -> Receipt:
    return world.account.send(
        "fill",
        settler or world.output_settler.address,
        world.id(order),
        outputs_abi(order),
        order.fill_deadline,
        sender=sender,
    )


def allowance(world: World, token: Contract, spender: str) -> int:
    return int(token.call("allowance", world.account.address, spender))


def record(world: World, order: StandardOrder, index: int = 0) -> bytes:
    return bytes(
        world.output_settler.call("getFillRecord", world.id(order), output_hash(order.outputs[index]))
    )


def venue(world: World, *, stock: int = 10 * ETHER) -> Contract:
    """Gives what it is told to for USDC; holds WETH and native coins."""
    place = world.token("venue")
    world.weth.send("transfer", place.address, stock, sender=filler.address)
    world.chain.fund(place.address, stock)
    world.account.send("setVenues", [place.address], True, sender=owner.address)
    return place


def swap(
    world: World, place: Contract, *, spend: int, gain: int, most: int | None = None, out: str | None = None
) -> tuple[Any, ...]:
    token_out = world.weth.address if out is None else out
    data = place.data("trade", world.usdc.address, spend, token_out, gain)
    return (place.address, world.usdc.address, spend if most is None else most, 0, data)


def swap_and_fill(
    world: World,
    order: StandardOrder,
    swaps: list[tuple[Any, ...]],
    *,
    least: int,
    expected: int,
    surplus_to: str | None = None,
    sender: str = operator.address,
    settler: str = "",
) -> Receipt:
    return world.account.send(
        "swapAndFill",
        settler or world.output_settler.address,
        world.id(order),
        outputs_abi(order),
        order.fill_deadline,
        swaps,
        least,
        expected,
        surplus_to or recipient(order.outputs[0]),
        sender=sender,
    )


def weth_order(world: World, amount: int = ETHER) -> StandardOrder:
    output = world.output(world, token=address_to_bytes32(world.weth.address), amount=amount)
    return world.order(outputs=(output,))


def set_cap(world: World, token: str, amount: int) -> None:
    world.account.send("setCaps", [token], [amount], sender=owner.address)


def trade(world: World, steps: list[tuple[Any, ...]], out: str, least: int, sender: str = "") -> Receipt:
    return world.account.send("trade", steps, out, least, sender=sender or operator.address)


def batch(world: World, count: int) -> list[StandardOrder]:
    return [world.order() for _ in range(count)]


def items(world: World, orders: list[StandardOrder]) -> list[tuple[Any, ...]]:
    return [(world.id(o), output_to_abi(o.outputs[0]), o.fill_deadline) for o in orders]


def fill_many(world: World, orders: list[StandardOrder], token: str | None = None) -> Receipt:
    return world.account.send(
        "fillMany",
        world.output_settler.address,
        token or world.usdc.address,
        items(world, orders),
        sender=operator.address,
    )
