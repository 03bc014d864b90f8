"""The solver account fills once, from stock or by a swap, and collects what it is owed."""

from dataclasses import replace

import pytest

from intents.settlement.order import (
    NATIVE_TOKEN,
    address_to_bytes32,
    fill_record,
    output_to_abi,
    to_abi,
)

from .account import (
    allowance,
    batch,
    fill,
    fill_many,
    recipient,
    record,
    set_cap,
    swap,
    swap_and_fill,
    venue,
    weth_order,
)
from .chain import reverts
from .world import USDC, World, deployer, filler, fresh_address, mallory, operator, owner


def test_it_fills_from_stock_in_its_own_name(world: World) -> None:
    order = world.order()
    receipt = fill(world, order)
    assert world.balance(world.usdc.address, recipient(order.outputs[0])) == 99 * USDC
    own_id = address_to_bytes32(world.account.address)
    assert record(world, order) == fill_record(own_id, receipt.timestamp)
    assert allowance(world, world.usdc, world.output_settler.address) == 0
    assert world.account.call("outflow", world.usdc.address) == 99 * USDC


def test_it_fills_two_outputs_at_once(world: World) -> None:
    order = world.order(outputs=(world.output(world), world.output(world, token=bytes(32), amount=10**15)))
    fill(world, order)
    assert world.balance(world.usdc.address, recipient(order.outputs[0])) == 99 * USDC
    assert world.chain.balance(recipient(order.outputs[1])) == 10**15
    assert world.account.call("outflow", NATIVE_TOKEN) == 10**15


def test_it_never_fills_after_somebody_else(world: World) -> None:
    order = world.order()
    world.output_settler.send(
        "fill",
        world.id(order),
        output_to_abi(order.outputs[0]),
        order.fill_deadline,
        address_to_bytes32(filler.address),
        sender=filler.address,
    )
    with reverts("AlreadyFilled"):
        fill(world, order)


def test_only_operators_act_and_only_at_known_settlers(world: World) -> None:
    order = world.order()
    for sender in (mallory.address, owner.address):
        with reverts("NotOperator"):
            fill(world, order, sender=sender)
    with reverts("SettlerNotAllowed"):
        fill(world, order, settler=fresh_address())
    with reverts("NoOutputs"):
        fill(world, replace(order, outputs=()))
    with reverts("FillDeadline"):
        fill(world, replace(order, fill_deadline=1))
    with reverts("HasDirtyBits"):
        fill(world, replace(order, outputs=(replace(order.outputs[0], token=b"\x01" * 32),)))


@pytest.mark.parametrize(
    ("gain", "expected", "delivered"),
    [
        (1000, 1000, 1000),
        (1005, 1003, 1003),
        (1002, 1003, 1002),
        (1005, 900, 1000),
    ],
    ids=["exact", "surplus up to expected", "less than expected", "nothing promised"],
)
def test_a_swap_delivers_up_to_what_was_expected(
    world: World, gain: int, expected: int, delivered: int
) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    stock = world.balance(world.weth.address, world.account.address)
    swap_and_fill(world, order, [swap(world, place, spend=50, gain=gain)], least=1000, expected=expected)
    assert world.balance(world.weth.address, recipient(order.outputs[0])) == delivered
    assert world.balance(world.weth.address, world.account.address) == stock + gain - delivered
    assert allowance(world, world.usdc, place.address) == 0
    assert world.account.call("outflow", world.usdc.address) == 50
    assert world.account.call("outflow", world.weth.address) == 0


def test_a_swap_may_be_topped_up_from_stock_within_the_cap(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    swap_and_fill(world, order, [swap(world, place, spend=50, gain=400)], least=400, expected=1000)
    assert world.balance(world.weth.address, recipient(order.outputs[0])) == 1000
    assert world.account.call("outflow", world.weth.address) == 600


def test_a_surplus_never_hides_what_leaves_with_the_second_output(world: World) -> None:
    """The yield pays the first output and the surplus; the second output is stock and counted."""
    place = venue(world)
    token = address_to_bytes32(world.weth.address)
    outputs = tuple(world.output(world, token=token, amount=amount) for amount in (1, 900))
    order = world.order(outputs=outputs)
    step = swap(world, place, spend=50, gain=1000)
    swap_and_fill(world, order, [step], least=1000, expected=1000)
    assert world.balance(world.weth.address, recipient(order.outputs[0])) == 1000
    assert world.account.call("outflow", world.weth.address) == 900


def test_a_venue_that_takes_less_leaves_no_allowance(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    step = swap(world, place, spend=40, gain=1000, most=50)
    swap_and_fill(world, order, [step], least=1000, expected=1000)
    assert allowance(world, world.usdc, place.address) == 0
    assert world.account.call("outflow", world.usdc.address) == 40


def test_a_swap_for_a_native_output(world: World) -> None:
    place = venue(world)
    output = world.output(world, token=bytes(32), amount=10**15)
    order = world.order(outputs=(output,))
    step = swap(world, place, spend=50, gain=10**15 + 7, out=NATIVE_TOKEN)
    swap_and_fill(world, order, [step], least=10**15, expected=10**15 + 7)
    assert world.chain.balance(recipient(output)) == 10**15 + 7


def test_native_stock_buys_a_token(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    data = place.data("trade", NATIVE_TOKEN, 0, world.weth.address, 1000)
    step = (place.address, NATIVE_TOKEN, 30, 30, data)
    swap_and_fill(world, order, [step], least=1000, expected=1000)
    assert world.account.call("outflow", NATIVE_TOKEN) == 30
    with reverts("TooMuchInput"):
        swap_and_fill(
            world, weth_order(world), [(place.address, NATIVE_TOKEN, 29, 30, data)], least=1, expected=1
        )


def test_two_swaps_in_a_row(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    steps = [swap(world, place, spend=20, gain=500), swap(world, place, spend=30, gain=600)]
    swap_and_fill(world, order, steps, least=1000, expected=1100)
    assert world.balance(world.weth.address, recipient(order.outputs[0])) == 1100
    assert world.account.call("outflow", world.usdc.address) == 50


def test_a_swaps_limits(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    good = swap(world, place, spend=50, gain=1000)
    with reverts("TooLittleOutput"):
        swap_and_fill(world, order, [good], least=1001, expected=1001)
    with reverts("ERC20: transfer amount exceeds allowance"):
        too_much = swap(world, place, spend=50, gain=1000, most=49)
        swap_and_fill(world, order, [too_much], least=1, expected=1)
    with reverts("VenueNotAllowed"):
        swap_and_fill(world, order, [(world.weth.address, *good[1:])], least=1, expected=1)
    with reverts("WrongToken"):
        swap_and_fill(world, order, [(good[0], world.weth.address, *good[2:])], least=1, expected=1)
    with reverts("WrongRecipient"):
        swap_and_fill(world, order, [good], least=1, expected=1, surplus_to=operator.address)
    with reverts("NotOperator"):
        swap_and_fill(world, order, [good], least=1, expected=1, sender=mallory.address)
    with reverts("SettlerNotAllowed"):
        # It would name itself as the solver, and whoever chooses the settler has the allowance.
        swap_and_fill(world, order, [good], least=1, expected=1, settler=fresh_address())


def test_a_failing_surplus_never_fails_the_fill(world: World) -> None:
    """The native surplus is refused by the contract that took the output with a callback."""
    place = venue(world)
    contract = world.token("receiver")
    refuser = world.token("receiver")
    refuser.send("configure", True, False, False, sender=deployer.address)
    output = world.output(
        world,
        token=bytes(32),
        amount=10**12,
        recipient=address_to_bytes32(contract.address),
        callback_data=b"x",
    )
    order = world.order(outputs=(output,))
    step = swap(world, place, spend=5, gain=10**12 + 9, out=NATIVE_TOKEN)
    swap_and_fill(world, order, [step], least=1, expected=10**12 + 9, surplus_to=refuser.address)
    assert world.chain.balance(contract.address) == 10**12
    assert record(world, order) != bytes(32)


def test_a_surplus_that_its_token_refuses_never_fails_the_fill(world: World) -> None:
    place, contract, token = venue(world), world.token("receiver"), world.token("odd_token")
    who = fresh_address()
    token.send("mint", place.address, 500, sender=deployer.address)
    token.send("refuse", who, True, sender=deployer.address)
    output = world.output(
        world,
        token=address_to_bytes32(token.address),
        amount=400,
        recipient=address_to_bytes32(contract.address),
        callback_data=b"x",
    )
    order = world.order(outputs=(output,))
    step = swap(world, place, spend=5, gain=450, out=token.address)
    swap_and_fill(world, order, [step], least=1, expected=450, surplus_to=who)
    assert token.call("balanceOf", contract.address) == 400
    assert token.call("balanceOf", world.account.address) == 50


def test_a_swap_never_follows_somebody_elses_fill(world: World) -> None:
    place = venue(world)
    order = weth_order(world, 1000)
    world.output_settler.send(
        "fill",
        world.id(order),
        output_to_abi(order.outputs[0]),
        order.fill_deadline,
        address_to_bytes32(filler.address),
        sender=filler.address,
    )
    held = world.balance(world.usdc.address, world.account.address)
    with reverts("AlreadyFilled"):
        swap_and_fill(world, order, [swap(world, place, spend=50, gain=1000)], least=1, expected=1)
    assert world.balance(world.usdc.address, world.account.address) == held


def test_a_batch_skips_the_dead_and_leaves_no_allowance(world: World) -> None:
    orders = batch(world, 4)
    fill(world, orders[0])
    orders[1] = replace(orders[1], fill_deadline=1)
    receipt = fill_many(world, orders)
    assert len(receipt.events(world.output_settler, "OutputFilled")) == 2
    assert allowance(world, world.usdc, world.output_settler.address) == 0
    assert world.account.call("outflow", world.usdc.address) == 3 * 99 * USDC


def test_a_batch_is_of_one_token(world: World) -> None:
    with reverts("WrongToken"):
        fill_many(world, batch(world, 1), token=world.weth.address)
    with reverts("SettlerNotAllowed"):
        world.account.send("fillMany", fresh_address(), world.usdc.address, [], sender=operator.address)
    with reverts("NotOperator"):
        world.account.send(
            "fillMany", world.output_settler.address, world.usdc.address, [], sender=owner.address
        )


def test_it_collects_what_it_filled(world: World) -> None:
    order = world.order()
    world.open(order)
    receipt = fill(world, order)
    world.prove_fill(order, solver=world.account.address, timestamp=receipt.timestamp)
    params = [(receipt.timestamp, address_to_bytes32(world.account.address))]
    before = world.balance(world.usdc.address, world.account.address)
    arguments = (world.input_settler.address, to_abi(order), params)
    with reverts("NotOperator"):
        world.account.send("finalise", *arguments, sender=mallory.address)
    with reverts("SettlerNotAllowed"):
        world.account.send("finalise", fresh_address(), *arguments[1:], sender=operator.address)
    world.account.send("finalise", *arguments, sender=operator.address)
    assert world.balance(world.usdc.address, world.account.address) == before + 100 * USDC


def test_native_proceeds_arrive(world: World) -> None:
    order = world.order(inputs=((0, 10**15),))
    world.open(order, value=10**15)
    receipt = fill(world, order)
    world.prove_fill(order, solver=world.account.address, timestamp=receipt.timestamp)
    params = [[(receipt.timestamp, address_to_bytes32(world.account.address))]]
    before = world.chain.balance(world.account.address)
    world.input_settler.send("finaliseMany", [to_abi(order)], params, sender=mallory.address)
    assert world.chain.balance(world.account.address) == before + 10**15


def test_a_token_that_refuses_allowances(world: World) -> None:
    token = world.token("odd_token")
    token.send("mint", world.account.address, 100, sender=deployer.address)
    set_cap(world, token.address, 100)
    order = world.order(outputs=(world.output(world, token=address_to_bytes32(token.address), amount=9),))
    token.send("set_answer", bytes(32), sender=deployer.address)
    with reverts("ApproveFailed"):
        fill(world, order)
    token.send("set_answer", b"", sender=deployer.address)
    fill(world, order)
    assert token.call("balanceOf", recipient(order.outputs[0])) == 9
