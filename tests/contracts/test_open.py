"""Locking inputs by `open`, and every order that must be refused there."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from intents.settlement.order import (
    NATIVE_TOKEN,
    StandardOrder,
    address_to_int,
    order_from_json,
    to_abi,
)

from .chain import reverts
from .strategies import orders
from .world import PERMIT2, USDC, World, alice, deployer, mallory

DIRTY = 1 << 160
VECTORS = json.loads((Path(__file__).parent / "vectors" / "oif.json").read_text())["vectors"]


def test_open_locks_exactly_the_input(world: World) -> None:
    order = world.order()
    before = world.balance(world.usdc.address, alice.address)
    held = world.balance(world.usdc.address, world.input_settler.address)
    identifier = world.open(order)
    assert world.status(identifier) == 1
    assert world.balance(world.usdc.address, alice.address) == before - 100 * USDC
    assert world.balance(world.usdc.address, world.input_settler.address) == held + 100 * USDC


def test_open_tells_the_order_and_its_id(world: World) -> None:
    order = world.order()
    receipt = world.input_settler.send("open", to_abi(order), sender=alice.address)
    (event,) = receipt.events(world.input_settler, "Open")
    assert event["orderId"] == world.id(order)
    assert event["order"][6] == order.inputs
    assert event["order"][7][0][4] == order.outputs[0].amount


def test_the_contract_and_python_agree_on_ids(world: World) -> None:
    two = world.order(outputs=(world.output(world), world.output(world, callback_data=b"x" * 33)))
    none = world.order(inputs=(), outputs=())
    for order in (world.order(), two, none):
        assert world.input_settler.call("orderIdentifier", to_abi(order)) == world.id(order)


def test_anybody_may_pay_for_anybodys_order(world: World) -> None:
    order = world.order(user=mallory.address)
    world.open(order, sender=alice.address)
    assert world.status(world.id(order)) == 1


def test_open_takes_two_tokens(world: World) -> None:
    token = world.token("odd_token")
    token.send("mint", alice.address, 50, sender=deployer.address)
    token.send("approve", world.input_settler.address, 50, sender=alice.address)
    order = world.order(inputs=(world.order().inputs[0], (address_to_int(token.address), 50)))
    world.open(order)
    assert token.call("balanceOf", world.input_settler.address) == 50


def test_open_takes_the_native_coin(world: World) -> None:
    order = world.order(inputs=((0, 10**18),))
    world.open(order, value=10**18)
    assert world.chain.balance(world.input_settler.address) == 10**18


def test_an_order_at_the_bounds_opens(world: World) -> None:
    outputs = tuple(
        world.output(world, callback_data=bytes([i]) * 1024, context=b"\x01" * 128) for i in range(2)
    )
    world.open(world.order(outputs=outputs))


@pytest.mark.parametrize(
    "sizes", [{"callback_data": b"x" * 1025}, {"context": b"x" * 129}], ids=["callback", "context"]
)
def test_an_output_over_the_bounds_is_refused(world: World, sizes: dict[str, bytes]) -> None:
    with reverts(""):
        world.open(world.order(outputs=(world.output(world, **sizes),)))


def test_more_inputs_or_outputs_than_two_are_refused(world: World) -> None:
    order = world.order()
    with reverts(""):
        world.open(replace(order, outputs=tuple(world.output(world) for _ in range(3))))
    with reverts(""):
        world.open(replace(order, inputs=((1, 1), (2, 1), (3, 1))))


def _refused(world: World, order: StandardOrder, name: str, value: int = 0) -> None:
    with reverts(name):
        world.open(order, value=value)
    assert world.status(world.id(order)) == 0


def test_no_inputs(world: World) -> None:
    _refused(world, world.order(inputs=()), "NoInputs")


def test_no_outputs(world: World) -> None:
    _refused(world, world.order(outputs=()), "NoOutputs")


def test_equal_outputs(world: World) -> None:
    output = world.output(world)
    _refused(world, world.order(outputs=(output, output)), "EqualOutputs")


def test_outputs_that_differ_in_context_only_are_distinct(world: World) -> None:
    output = world.output(world)
    world.open(world.order(outputs=(output, replace(output, context=b"\x00"))))


def test_zero_output_amounts(world: World) -> None:
    good, zero = world.output(world), world.output(world, amount=0)
    _refused(world, world.order(outputs=(zero,)), "ZeroValue")
    _refused(world, world.order(outputs=(good, zero)), "ZeroValue")


def test_zero_input_amounts(world: World) -> None:
    usdc = address_to_int(world.usdc.address)
    weth = address_to_int(world.weth.address)
    _refused(world, world.order(inputs=((usdc, 0),)), "ZeroValue")
    _refused(world, world.order(inputs=((usdc, 1), (weth, 0))), "ZeroValue")
    _refused(world, world.order(inputs=((0, 0),)), "ZeroValue")


@pytest.mark.parametrize("field", ["oracle", "settler", "token", "recipient"])
@pytest.mark.parametrize("index", [0, 1])
def test_dirty_output_addresses(world: World, field: str, index: int) -> None:
    outputs = [world.output(world), world.output(world)]
    dirty = b"\x80" + getattr(outputs[index], field)[1:]
    outputs[index] = replace(outputs[index], **{field: dirty})
    _refused(world, world.order(outputs=tuple(outputs)), "HasDirtyBits")


def test_dirty_input_token(world: World) -> None:
    dirty = address_to_int(world.usdc.address) | DIRTY
    _refused(world, world.order(inputs=((dirty, USDC),)), "HasDirtyBits")


def test_two_inputs_of_one_token(world: World) -> None:
    usdc = address_to_int(world.usdc.address)
    _refused(world, world.order(inputs=((usdc, 1), (usdc, 2))), "EqualInputs")


def test_native_and_erc20_never_mix(world: World) -> None:
    usdc = address_to_int(world.usdc.address)
    _refused(world, world.order(inputs=((0, 5), (usdc, 1))), "NativeNotAlone", value=5)
    _refused(world, world.order(inputs=((usdc, 1), (0, 5))), "NativeNotAlone")
    _refused(world, world.order(inputs=((0, 5), (0, 6))), "NativeNotAlone", value=11)


@pytest.mark.parametrize("value", [0, 4, 6])
def test_native_value_must_be_the_amount(world: World, value: int) -> None:
    _refused(world, world.order(inputs=((0, 5),)), "WrongValue", value=value)


def test_value_sent_with_an_erc20_is_refused(world: World) -> None:
    _refused(world, world.order(), "WrongValue", value=1)


def test_another_chains_order(world: World) -> None:
    _refused(world, world.order(origin_chain_id=902), "WrongChain")


def test_a_zero_user_could_never_be_refunded(world: World) -> None:
    _refused(world, world.order(user=NATIVE_TOKEN), "NoDestination")


def test_open_until_the_second_before_the_fill_deadline(world: World) -> None:
    order = world.order()
    world.chain.next_block_at(order.fill_deadline)
    _refused(world, order, "TimestampPassed")
    late = world.order()
    world.chain.next_block_at(late.fill_deadline - 1)
    world.open(late)


def test_a_fill_deadline_after_expiry(world: World) -> None:
    order = world.order()
    _refused(world, replace(order, expires=order.fill_deadline - 1), "FillDeadlineAfterExpiry")
    world.open(replace(order, expires=order.fill_deadline))


def test_an_order_opens_once(world: World) -> None:
    order = world.order()
    world.open(order)
    with reverts("InvalidOrderStatus"):
        world.open(order)


def test_no_allowance(world: World) -> None:
    with reverts("ERC20: transfer amount exceeds allowance"):
        world.open(world.order(), sender=mallory.address)


def test_the_settler_knows_its_permit2_and_takes_no_gifts(world: World) -> None:
    assert world.input_settler.call("PERMIT2") == PERMIT2.lower()
    with reverts(""):
        world.chain.send(world.input_settler.address, b"", sender=alice.address, value=1)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_the_contract_gives_the_reference_ids(world: World, vector: dict[str, Any]) -> None:
    order = order_from_json(vector["order"])
    code = world.chain.rpc("eth_getCode", world.input_settler.address, "latest")
    world.chain.rpc("anvil_setCode", vector["settler"], code)
    settler = replace(world.input_settler, address=vector["settler"])
    world.chain.rpc("anvil_setChainId", order.origin_chain_id)
    try:
        identifier = settler.call("orderIdentifier", to_abi(order))
    finally:
        world.chain.rpc("anvil_setChainId", world.chain_id)
    assert identifier.hex() == vector["order_id"][2:]


@settings(max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
@given(orders)
def test_the_contract_and_python_agree_on_any_order(world: World, order: StandardOrder) -> None:
    order = replace(order, origin_chain_id=world.chain_id)
    assert world.input_settler.call("orderIdentifier", to_abi(order)) == world.id(order)
