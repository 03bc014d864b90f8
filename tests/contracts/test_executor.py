"""Acting on arrival: the call is made with what arrived, and whatever happens nothing stays with the executor."""

from dataclasses import replace
from typing import Any

import pytest

from intents.contracts.reverts import vocabulary
from intents.settlement.destination_call import encode_destination_call
from intents.settlement.order import NATIVE_TOKEN, address_to_bytes32, address_to_int

from .account import fill as account_fill
from .account import swap, swap_and_fill, venue
from .arrivals import AMOUNT, arrive, arriving, calling, fill, putting
from .chain import Contract, Reverted, reverts
from .world import USDC, World, deployer, filler, fresh_address, mallory, owner

ETHER = 10**18


def pot_of(world: World) -> Contract:
    return world.token("pot")


def held(world: World, holder: str) -> int:
    return world.balance(world.usdc.address, holder)


def keeps_nothing(world: World, *spenders: str) -> None:
    assert held(world, world.executor.address) == 0
    assert world.chain.balance(world.executor.address) == 0
    for spender in spenders:
        assert world.usdc.call("allowance", world.executor.address, spender) == 0


def reason(world: World, receipt: Any) -> bytes:
    (event,) = receipt.events(world.executor, "CallFailed")
    assert receipt.events(world.executor, "Called") == []
    return bytes(event["reason"])


def named(name: str) -> bytes:
    return vocabulary()[name].selector


def test_what_arrives_is_put_where_the_person_said(world: World) -> None:
    pot = pot_of(world)
    call = putting(world, pot)
    receipt = arrive(world, call)
    assert pot.call("credit", world.usdc.address, call.recipient) == AMOUNT
    assert held(world, pot.address) == AMOUNT
    (event,) = receipt.events(world.executor, "Called")
    assert address_to_int(event["recipient"]) == address_to_int(call.recipient)
    assert address_to_int(event["target"]) == address_to_int(pot.address)
    assert event["amount"] == AMOUNT
    keeps_nothing(world, pot.address)


def test_the_rest_goes_to_the_recipient(world: World) -> None:
    pot = pot_of(world)
    call = putting(world, pot, amount=AMOUNT - 40)
    arrive(world, call)
    assert held(world, call.recipient) == 40
    assert held(world, pot.address) == AMOUNT - 40
    keeps_nothing(world, pot.address)


def test_native_coins_are_sent_along_and_the_rest_goes_to_the_recipient(world: World) -> None:
    pot, who = pot_of(world), fresh_address()
    call = calling(pot.address, pot.data("put", NATIVE_TOKEN, 0, who), who, value_wei=ETHER - 3)
    arrive(world, call, token=NATIVE_TOKEN, amount=ETHER, value=ETHER)
    assert pot.call("credit", NATIVE_TOKEN, who) == ETHER - 3
    assert world.chain.balance(who) == 3
    keeps_nothing(world)


def test_coins_that_come_out_of_the_call_go_to_the_recipient(world: World) -> None:
    pot, who = pot_of(world), fresh_address()
    world.chain.fund(pot.address, ETHER)
    call = calling(pot.address, pot.data("give_back", world.usdc.address, AMOUNT, ETHER), who)
    arrive(world, call)
    assert world.chain.balance(who) == ETHER
    keeps_nothing(world, pot.address)


@pytest.mark.parametrize("how", ["refuse", "burn", "take_and_refuse", "too much", "unknown"])
def test_a_failing_call_delivers_the_tokens_instead_and_says_so(world: World, how: str) -> None:
    pot, who = pot_of(world), fresh_address()
    data = {
        "refuse": lambda: pot.data("refuse"),
        "burn": lambda: pot.data("burn"),
        "take_and_refuse": lambda: pot.data("take_and_refuse", world.usdc.address, AMOUNT),
        "too much": lambda: pot.data("put", world.usdc.address, AMOUNT + 1, who),
        "unknown": lambda: world.usdc.data("transfer", who, 5),
    }[how]()
    target = world.weth.address if how == "unknown" else pot.address
    receipt = arrive(world, calling(target, data, who))
    said = reason(world, receipt)
    assert len(said) <= 256
    if how == "refuse":
        assert b"the pot is closed" in said
    (event,) = receipt.events(world.executor, "CallFailed")
    assert event["amount"] == AMOUNT
    assert held(world, who) == AMOUNT
    assert held(world, pot.address) == 0
    keeps_nothing(world, target)


def test_a_failing_native_call_delivers_the_coins_instead(world: World) -> None:
    pot, who = pot_of(world), fresh_address()
    call = calling(pot.address, pot.data("refuse"), who, value_wei=ETHER)
    receipt = arrive(world, call, token=NATIVE_TOKEN, amount=ETHER, value=ETHER)
    assert b"the pot is closed" in reason(world, receipt)
    assert world.chain.balance(who) == ETHER
    keeps_nothing(world)


def test_a_target_without_code_is_not_called(world: World) -> None:
    call = calling(fresh_address(), b"\x01\x02\x03\x04")
    assert reason(world, arrive(world, call)) == named("CodeSize0")
    assert held(world, call.recipient) == AMOUNT


def test_no_more_coins_are_sent_along_than_arrived(world: World) -> None:
    pot = pot_of(world)
    world.chain.fund(world.executor.address, 5)
    with_tokens = putting(world, pot, value_wei=1)
    assert reason(world, arrive(world, with_tokens)) == named("WrongValue")
    assert held(world, with_tokens.recipient) == AMOUNT
    with_coins = calling(pot.address, pot.data("refuse"), value_wei=ETHER + 1)
    receipt = arrive(world, with_coins, token=NATIVE_TOKEN, amount=ETHER, value=ETHER)
    assert reason(world, receipt) == named("WrongValue")
    assert world.chain.balance(with_coins.recipient) == ETHER
    assert world.chain.balance(world.executor.address) == 5


@pytest.mark.parametrize("answer", [b"", bytes(31) + b"\x01"])
def test_a_token_that_returns_nothing_is_put_too(world: World, answer: bytes) -> None:
    pot, token, who = pot_of(world), world.token("odd_token"), fresh_address()
    token.send("mint", filler.address, 100, sender=deployer.address)
    token.send("set_answer", answer, sender=deployer.address)
    token.send("approve", world.output_settler.address, 100, sender=filler.address)
    call = calling(pot.address, pot.data("put", token.address, 60, who), who)
    arrive(world, call, token=token.address, amount=100)
    assert token.call("balanceOf", pot.address) == 60
    assert token.call("balanceOf", who) == 40
    assert token.call("allowance", world.executor.address, pot.address) == 0


def test_a_token_that_refuses_an_allowance_undoes_the_fill(world: World) -> None:
    pot, token = pot_of(world), world.token("picky_token")
    token.send("mint", filler.address, 100, sender=deployer.address)
    call = calling(pot.address, pot.data("refuse"))
    with reverts("ApproveFailed"):
        arrive(world, call, token=token.address, amount=100)


def test_a_blocked_recipient_undoes_the_fill(world: World) -> None:
    pot = pot_of(world)
    call = putting(world, pot, amount=1)
    world.usdc.send("blacklist", call.recipient, sender=owner.address)
    with reverts("Blacklistable: account is blacklisted"):
        arrive(world, call)


def test_a_recipient_that_refuses_coins_undoes_the_fill(world: World) -> None:
    contract, pot = world.token("receiver"), pot_of(world)
    contract.send("configure", True, False, False, sender=deployer.address)
    call = calling(pot.address, pot.data("refuse"), contract.address)
    with pytest.raises(Reverted):
        arrive(world, call, token=NATIVE_TOKEN, amount=5, value=5)
    contract.send("configure", False, False, False, sender=deployer.address)
    arrive(world, call, token=NATIVE_TOKEN, amount=5, value=5)
    assert world.chain.balance(contract.address) == 5


@pytest.mark.parametrize("data", [b"x", bytes(31), bytes(160), b"\xff" * 192, b"\x00" * 1024])
def test_data_that_is_no_call_undoes_the_fill(world: World, data: bytes) -> None:
    with pytest.raises(Reverted):
        fill(world, arriving(world, callback=data))
    keeps_nothing(world)


def test_a_call_needs_a_recipient_other_than_the_executor(world: World) -> None:
    pot = pot_of(world)
    for nobody in (NATIVE_TOKEN, world.executor.address):
        with reverts("NoDestination"):
            arrive(world, calling(pot.address, pot.data("refuse"), nobody))


def test_the_longest_call_fits(world: World) -> None:
    pot = pot_of(world)
    call = calling(pot.address, b"\x00" * 832)
    assert len(encode_destination_call(call)) == 1024
    arrive(world, call)
    keeps_nothing(world, pot.address)


def test_the_account_swaps_fills_calls_and_sends_the_surplus_to_the_recipient(world: World) -> None:
    """What the swap yields over the signed amount goes to the final recipient, past the executor."""
    pot, place, who = pot_of(world), venue(world), fresh_address()
    call = calling(pot.address, pot.data("put", world.weth.address, ETHER, who), who)
    output = arriving(world, callback=encode_destination_call(call), token=world.weth.address, amount=ETHER)
    order = world.order(outputs=(output,))
    step = swap(world, place, spend=3 * USDC, gain=ETHER + 50)
    swap_and_fill(world, order, [step], least=ETHER, expected=ETHER + 30, surplus_to=who)
    assert pot.call("credit", world.weth.address, who) == ETHER
    assert world.weth.call("balanceOf", who) == 30


def test_a_call_rides_with_a_second_plain_output(world: World) -> None:
    """Destination gas beside a call: both outputs in one transaction of the account."""
    pot, who = pot_of(world), fresh_address()
    call = calling(pot.address, pot.data("put", world.usdc.address, AMOUNT, who), who)
    first = arriving(world, callback=encode_destination_call(call))
    gas_money = replace(
        first, token=bytes(32), amount=10**15, recipient=address_to_bytes32(who), callback_data=b""
    )
    order = world.order(outputs=(first, gas_money))
    account_fill(world, order)
    assert pot.call("credit", world.usdc.address, who) == AMOUNT
    assert world.chain.balance(who) == 10**15


def test_coins_come_in_and_nothing_else(world: World) -> None:
    world.chain.send(world.executor.address, b"", sender=mallory.address, value=1)
    with reverts("UnknownCall"):
        world.chain.send(world.executor.address, b"\x01\x02\x03\x04", sender=mallory.address)
