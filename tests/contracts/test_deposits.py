"""Deposit addresses: opening out of them by anybody, and everything else that is sent there comes back."""

from dataclasses import replace
from typing import Any

import pytest

from intents.settlement.order import (
    MAX_CALLBACK_BYTES,
    NATIVE_TOKEN,
    address_to_bytes32,
    address_to_int,
    to_abi,
)

from .chain import Contract, Reverted, reverts
from .deposits import AMOUNT, open_deposit, permit, place, recover, send_in, submit_permit
from .world import World, alice, deployer, filler, fresh_address, mallory, owner, relayer


def held(world: World, holder: str) -> int:
    return world.balance(world.usdc.address, holder)


def weird(world: World, **tell: Any) -> Contract:
    """An odd token of which Mallory holds some."""
    token = world.token("odd_token")
    token.send("mint", mallory.address, 10_000, sender=deployer.address)
    for name, value in tell.items():
        token.send(name, *value, sender=deployer.address)
    return token


def test_the_address_is_known_before_anything_is_there(worlds: tuple[World, World], world: World) -> None:
    order = world.order()
    for each in worlds:
        answer = each.input_settler.call("depositAddress", world.id(order))
        assert int(answer, 16) == int(place(world, order), 16)
    assert world.chain.rpc("eth_getCode", place(world, order), "latest") == "0x"


@pytest.mark.parametrize("sender", [alice, relayer, mallory], ids=["user", "relayer", "stranger"])
def test_a_deposit_opens_its_order_whoever_says_so(world: World, sender: Any) -> None:
    order = world.order()
    deposit = send_in(world, order)
    before = held(world, world.input_settler.address)
    receipt = open_deposit(world, order, sender=sender.address)
    (event,) = receipt.events(world.input_settler, "Open")
    assert event["orderId"] == world.id(order)
    assert event["order"][6] == order.inputs
    assert receipt.events(world.input_settler, "Recovered") == []
    assert world.status(world.id(order)) == 1
    assert held(world, world.input_settler.address) == before + AMOUNT
    assert held(world, deposit) == 0


def test_it_may_come_in_parts_and_from_anybody(world: World) -> None:
    order = world.order()
    send_in(world, order, AMOUNT - 1)
    with reverts("DepositTooSmall"):
        open_deposit(world, order)
    send_in(world, order, 1, sender=mallory.address)
    open_deposit(world, order)
    assert world.status(world.id(order)) == 1


def test_nothing_sent_opens_nothing(world: World) -> None:
    with reverts("DepositTooSmall"):
        open_deposit(world, world.order())


def test_what_is_too_much_goes_back_to_the_user(world: World) -> None:
    user = fresh_address()
    order = world.order(user=user)
    send_in(world, order, AMOUNT + 7)
    before = held(world, world.input_settler.address)
    receipt = open_deposit(world, order)
    (event,) = receipt.events(world.input_settler, "Recovered")
    assert (event["orderId"], event["amount"]) == (world.id(order), 7)
    assert held(world, user) == 7
    assert held(world, world.input_settler.address) == before + AMOUNT


def test_too_much_for_a_blocked_user_waits_to_be_claimed(world: World) -> None:
    user = fresh_address()
    order = world.order(user=user)
    send_in(world, order, AMOUNT + 7)
    world.usdc.send("blacklist", user, sender=owner.address)
    receipt = open_deposit(world, order)
    assert world.status(world.id(order)) == 1
    (event,) = receipt.events(world.input_settler, "PayoutHeld")
    assert (event["orderId"], event["amount"]) == (world.id(order), 7)
    assert world.input_settler.call("claimable", world.usdc.address, user) == 7
    world.chain.fund(user)
    world.input_settler.send("claimTo", world.usdc.address, mallory.address, sender=user)
    assert world.input_settler.call("claimable", world.usdc.address, user) == 0


def test_an_opened_deposit_is_filled_and_refunded_like_any_other(world: World) -> None:
    paid, returned = world.order(), world.order(user=fresh_address())
    for order in (paid, returned):
        send_in(world, order)
        open_deposit(world, order)
    world.prove_fill(paid, solver=filler.address, timestamp=paid.fill_deadline)
    solver = address_to_bytes32(filler.address)
    before = held(world, filler.address)
    world.input_settler.send(
        "finaliseMany", [to_abi(paid)], [[(paid.fill_deadline, solver)]], sender=relayer.address
    )
    assert held(world, filler.address) == before + AMOUNT
    world.chain.warp_to(returned.expires + 1)
    world.input_settler.send("refund", to_abi(returned), sender=relayer.address)
    assert held(world, returned.user) == AMOUNT


def test_a_second_deposit_comes_back(world: World) -> None:
    order = world.order(user=fresh_address())
    send_in(world, order)
    open_deposit(world, order)
    send_in(world, order)
    with reverts("InvalidOrderStatus"):
        open_deposit(world, order)
    receipt = recover(world, order)
    (event,) = receipt.events(world.input_settler, "Recovered")
    assert (event["orderId"], event["amount"]) == (world.id(order), AMOUNT)
    assert held(world, order.user) == AMOUNT
    with reverts("NothingToClaim"):
        recover(world, order)


@pytest.mark.parametrize("late", [0, 1, 10**6])
def test_a_late_deposit_comes_back(world: World, late: int) -> None:
    order = world.order(user=fresh_address(), expires=world.chain.timestamp() + 10**7)
    send_in(world, order)
    world.chain.warp_to(order.fill_deadline - 1)
    world.chain.next_block_at(order.fill_deadline + late)
    with reverts("TimestampPassed"):
        open_deposit(world, order)
    recover(world, order)
    assert held(world, order.user) == AMOUNT


def test_it_opens_until_the_last_second(world: World) -> None:
    order = world.order()
    send_in(world, order)
    world.chain.warp_to(order.fill_deadline - 2)
    world.chain.next_block_at(order.fill_deadline - 1)
    open_deposit(world, order)
    assert world.status(world.id(order)) == 1


def test_the_user_may_change_their_mind_before_it_opens(world: World) -> None:
    order = world.order()
    before = held(world, alice.address)
    send_in(world, order)
    recover(world, order, sender=alice.address)
    assert held(world, alice.address) == before
    with reverts("DepositTooSmall"):
        open_deposit(world, order)
    send_in(world, order)
    open_deposit(world, order)
    assert world.status(world.id(order)) == 1


def test_another_token_comes_back_at_any_time(world: World) -> None:
    order = world.order()
    token = weird(world)
    token.send("transfer", place(world, order), 50, sender=mallory.address)
    recover(world, order, token.address)
    assert token.call("balanceOf", alice.address) == 50
    # The address has code now, which must not stand in the way of opening.
    send_in(world, order)
    open_deposit(world, order)
    token.send("transfer", place(world, order), 9, sender=mallory.address)
    recover(world, order, token.address)
    assert token.call("balanceOf", alice.address) == 59


def test_a_taxed_token_sent_by_mistake_comes_back_less_its_tax(world: World) -> None:
    order = world.order()
    token = weird(world, set_fee=(1000,))
    token.send("transfer", place(world, order), 1000, sender=mallory.address)
    recover(world, order, token.address)
    assert token.call("balanceOf", alice.address) == 810
    assert token.call("balanceOf", world.input_settler.address) == 0


def test_a_token_that_returns_nothing_opens_and_comes_back(world: World) -> None:
    token = weird(world, set_answer=(b"",))
    order = world.order(inputs=((address_to_int(token.address), 100),))
    token.send("transfer", place(world, order), 105, sender=mallory.address)
    open_deposit(world, order)
    assert token.call("balanceOf", world.input_settler.address) == 100
    assert token.call("balanceOf", alice.address) == 5


def test_what_a_blocked_user_cannot_be_given_back_waits_to_be_claimed(world: World) -> None:
    order = world.order(user=fresh_address())
    send_in(world, order)
    world.usdc.send("blacklist", order.user, sender=owner.address)
    world.chain.warp_to(order.fill_deadline)
    receipt = recover(world, order)
    (event,) = receipt.events(world.input_settler, "PayoutHeld")
    assert (event["orderId"], event["amount"]) == (world.id(order), AMOUNT)
    assert world.input_settler.call("claimable", world.usdc.address, order.user) == AMOUNT
    world.usdc.send("unBlacklist", order.user, sender=owner.address)
    world.input_settler.send("claim", world.usdc.address, order.user, sender=mallory.address)
    assert held(world, order.user) == AMOUNT


@pytest.mark.parametrize("is_deployed", [False, True])
def test_native_coins_sent_by_mistake_come_back(world: World, is_deployed: bool) -> None:
    order = world.order(user=fresh_address())
    if is_deployed:
        send_in(world, order)
        open_deposit(world, order)
    world.chain.send(place(world, order), b"", sender=mallory.address, value=10**18)
    recover(world, order, NATIVE_TOKEN)
    assert world.chain.balance(order.user) == 10**18
    with reverts("NothingToClaim"):
        recover(world, order, NATIVE_TOKEN)


def test_native_coins_wait_for_a_user_that_refuses_them(world: World) -> None:
    contract = world.token("receiver")
    order = world.order(user=contract.address)
    world.chain.send(place(world, order), b"", sender=mallory.address, value=10**18)
    contract.send("configure", True, False, False, sender=deployer.address)
    with reverts("TransferFailed"):
        recover(world, order, NATIVE_TOKEN)
    contract.send("configure", False, False, False, sender=deployer.address)
    recover(world, order, NATIVE_TOKEN)
    assert world.chain.balance(contract.address) == 10**18


def test_a_deposit_address_understands_only_coins(world: World) -> None:
    order = world.order()
    send_in(world, order)
    open_deposit(world, order)
    with reverts("UnknownCall"):
        world.chain.send(place(world, order), b"\x01", sender=mallory.address)


def test_a_deposit_on_another_chain_comes_back_there(world: World, other_world: World) -> None:
    order = world.order(user=fresh_address())
    deposit = place(world, order)
    other_world.usdc.send("transfer", deposit, AMOUNT, sender=alice.address)
    with reverts("WrongChain"):
        other_world.input_settler.send("openDeposit", to_abi(order), b"", sender=relayer.address)
    other_world.input_settler.send("recover", to_abi(order), other_world.usdc.address, sender=mallory.address)
    assert other_world.balance(other_world.usdc.address, order.user) == AMOUNT


def test_a_permit_opens_the_order_out_of_the_users_wallet(world: World) -> None:
    order = world.order()
    before = held(world, alice.address)
    open_deposit(world, order, permit(world, order))
    assert world.status(world.id(order)) == 1
    assert held(world, alice.address) == before - AMOUNT
    assert world.usdc.call("allowance", alice.address, place(world, order)) == 0


def test_a_permit_that_somebody_else_submitted_still_opens(world: World) -> None:
    order = world.order()
    signature = permit(world, order)
    submit_permit(world, order, signature)
    open_deposit(world, order, signature)
    assert world.status(world.id(order)) == 1


def test_what_lies_at_the_address_stays_the_users_when_a_permit_opens(world: World) -> None:
    order = world.order(user=alice.address)
    send_in(world, order, 5, sender=mallory.address)
    open_deposit(world, order, permit(world, order))
    before = held(world, alice.address)
    recover(world, order)
    assert held(world, alice.address) == before + 5


@pytest.mark.parametrize("signature", [b"\x01", bytes(64), bytes(65)], ids=len)
def test_a_malformed_permit_opens_nothing(world: World, signature: bytes) -> None:
    order = world.order()
    with reverts("PermitRefused" if len(signature) == 65 else ""):
        open_deposit(world, order, signature)
    assert world.status(world.id(order)) == 0


def test_a_permit_without_the_money_opens_nothing(world: World) -> None:
    order = world.order()
    signature = permit(world, order)
    world.usdc.send("transfer", mallory.address, held(world, alice.address), sender=alice.address)
    with reverts("ERC20: transfer amount exceeds balance"):
        open_deposit(world, order, signature)


def test_the_terms_are_checked_as_in_open(world: World) -> None:
    output = world.output(world)
    usdc = world.order().inputs[0]
    cases = {
        "WrongChain": world.order(origin_chain_id=1),
        "TimestampPassed": world.order(fill_deadline=1),
        "FillDeadlineAfterExpiry": world.order(expires=world.chain.timestamp() + 5),
        "NoDestination": world.order(user=NATIVE_TOKEN),
        "NoInputs": world.order(inputs=()),
        "NoOutputs": world.order(outputs=()),
        "NotOneInput": world.order(inputs=(usdc, (5, 5))),
        "EqualOutputs": world.order(outputs=(output, output)),
        "HasDirtyBits": world.order(outputs=(replace(output, recipient=b"\x01" * 32),)),
        "ZeroValue": world.order(outputs=(replace(output, amount=0),)),
    }
    for name, order in cases.items():
        with reverts(name):
            open_deposit(world, order)
    for change in ({"amount": 1}, {"context": b"\x00"}, {"callback_data": b"x"}):
        order = world.order(outputs=(output, replace(output, **change)))
        send_in(world, order)
        open_deposit(world, order)
    with reverts(""):
        too_long = replace(output, callback_data=b"x" * (MAX_CALLBACK_BYTES + 1))
        open_deposit(world, world.order(outputs=(too_long,)))


@pytest.mark.parametrize("inputs", [((1 << 160, 5),), ((0, 5),), ((7, 0),)], ids=["dirty", "native", "zero"])
def test_an_input_that_no_address_can_hold_is_refused(world: World, inputs: Any) -> None:
    with pytest.raises(Reverted):
        open_deposit(world, world.order(inputs=inputs))


def test_a_native_order_comes_back_from_the_address(world: World) -> None:
    order = world.order(user=fresh_address(), inputs=((0, 10**18),))
    world.chain.send(place(world, order), b"", sender=alice.address, value=10**18)
    with reverts("NotUser"):
        recover(world, order, NATIVE_TOKEN)
    world.chain.warp_to(order.fill_deadline)
    recover(world, order, NATIVE_TOKEN)
    assert world.chain.balance(order.user) == 10**18


def test_nothing_is_given_back_to_nobody(world: World) -> None:
    order = world.order(user=NATIVE_TOKEN)
    send_in(world, order)
    world.chain.warp_to(order.fill_deadline)
    with reverts("NoDestination"):
        recover(world, order)


def test_an_order_opened_by_a_signature_leaves_its_address_free(world: World) -> None:
    order = world.order(user=fresh_address())
    world.open(order)
    send_in(world, order)
    with reverts("InvalidOrderStatus"):
        open_deposit(world, order)
    recover(world, order)
    assert held(world, order.user) == AMOUNT
