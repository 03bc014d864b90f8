"""Caps, venues, operators and the owner of the solver account."""

from dataclasses import replace
from typing import Any

import pytest

from intents.settlement.order import (
    NATIVE_TOKEN,
)

from .account import (
    HOUR,
    fill,
    fill_many,
    set_cap,
    swap,
    trade,
    venue,
)
from .chain import reverts
from .world import USDC, World, alice, deployer, fresh_address, mallory, operator, owner


def test_no_more_than_the_cap_leaves_in_an_hour(world: World) -> None:
    now = world.chain.timestamp()
    world.chain.warp_to(now // HOUR * HOUR + HOUR)
    set_cap(world, world.usdc.address, 2 * 99 * USDC)
    orders = [replace(world.order(), fill_deadline=now + 5 * HOUR) for _ in range(3)]
    fill(world, orders[0])
    fill(world, orders[1])
    with reverts("OutflowCapExceeded"):
        fill(world, orders[2])
    with reverts("OutflowCapExceeded"):
        fill_many(world, orders[2:])
    world.chain.warp_to(world.chain.timestamp() // HOUR * HOUR + HOUR)
    assert world.account.call("outflow", world.usdc.address) == 0
    fill(world, orders[2])


def test_a_token_without_a_cap_cannot_leave(world: World) -> None:
    set_cap(world, world.usdc.address, 0)
    with reverts("OutflowCapExceeded"):
        fill(world, world.order())


def test_trades_count_against_the_cap(world: World) -> None:
    place = venue(world)
    step = swap(world, place, spend=50, gain=1000)
    trade(world, [step], world.weth.address, 1000)
    assert world.account.call("outflow", world.usdc.address) == 50
    with reverts("TooLittleOutput"):
        trade(world, [step], world.weth.address, 1001)
    with reverts("NotOperator"):
        trade(world, [step], world.weth.address, 1000, sender=mallory.address)
    set_cap(world, world.usdc.address, 99)
    with reverts("OutflowCapExceeded"):
        trade(world, [step], world.weth.address, 1000)


@pytest.mark.parametrize("out", [NATIVE_TOKEN, "weth"])
def test_native_coins_sent_along_are_counted(world: World, out: str) -> None:
    """An operator must not drain the native stock as the value of an unrelated trade."""
    place = venue(world)
    set_cap(world, NATIVE_TOKEN, 10)
    token_out = world.weth.address if out == "weth" else out
    data = place.data("trade", world.usdc.address, 1, world.weth.address, 0)
    step = (place.address, world.usdc.address, 1, 11, data)
    with reverts("OutflowCapExceeded"):
        trade(world, [step], token_out, 0)


def test_the_owner_withdraws(world: World) -> None:
    to = fresh_address()
    world.account.send("withdraw", world.usdc.address, to, 5, sender=owner.address)
    world.account.send("withdraw", NATIVE_TOKEN, to, 6, sender=owner.address)
    assert (world.balance(world.usdc.address, to), world.chain.balance(to)) == (5, 6)
    for sender in (operator.address, mallory.address):
        with reverts("NotOwner"):
            world.account.send("withdraw", world.usdc.address, to, 5, sender=sender)
    with reverts("NoDestination"):
        world.account.send("withdraw", world.usdc.address, NATIVE_TOKEN, 5, sender=owner.address)
    token = world.token("odd_token")
    token.send("set_answer", bytes(32), sender=deployer.address)
    with reverts("TransferFailed"):
        world.account.send("withdraw", token.address, to, 0, sender=owner.address)


def test_only_the_owner_sets_limits(world: World) -> None:
    place = world.token("venue")
    settings: list[tuple[str, tuple[Any, ...]]] = [
        ("setOperator", (mallory.address, True)),
        ("setSettler", (mallory.address, True)),
        ("setVenues", ([place.address], True)),
        ("setCaps", ([world.usdc.address], [1])),
        ("proposeOwner", (mallory.address,)),
    ]
    for name, arguments in settings:
        for sender in (operator.address, mallory.address):
            with reverts("NotOwner"):
                world.account.send(name, *arguments, sender=sender)
        world.account.send(name, *arguments, sender=owner.address)
    with reverts("LengthMismatch"):
        world.account.send("setCaps", [world.usdc.address], [], sender=owner.address)


def test_operators_come_and_go(world: World) -> None:
    world.account.send("setOperator", operator.address, False, sender=owner.address)
    with reverts("NotOperator"):
        fill(world, world.order())


def test_what_must_never_be_a_venue(world: World) -> None:
    """A token as venue would let an operator approve or transfer stock that no cap counts."""
    candidates = (
        world.usdc.address,
        world.weth.address,
        world.account.address,
        world.output_settler.address,
        fresh_address(),
    )
    for candidate in candidates:
        with reverts("VenueNotAllowed"):
            world.account.send("setVenues", [candidate], True, sender=owner.address)
    place = venue(world)
    with reverts("SettlerNotAllowed"):
        world.account.send("setSettler", place.address, True, sender=owner.address)
    world.account.send("setVenues", [place.address], False, sender=owner.address)
    with reverts("VenueNotAllowed"):
        trade(world, [swap(world, place, spend=1, gain=1)], world.weth.address, 0)


def test_the_owner_changes_in_two_halves(world: World) -> None:
    with reverts("NotOwner"):
        world.account.send("acceptOwner", sender=alice.address)
    world.account.send("proposeOwner", alice.address, sender=owner.address)
    with reverts("NotOwner"):
        world.account.send("acceptOwner", sender=mallory.address)
    world.account.send("acceptOwner", sender=alice.address)
    assert world.account.call("owner") == alice.address.lower()
    assert int(world.account.call("proposedOwner"), 16) == 0
    with reverts("NotOwner"):
        world.account.send("withdraw", NATIVE_TOKEN, owner.address, 1, sender=owner.address)


def test_it_understands_nothing_else(world: World) -> None:
    world.chain.send(world.account.address, b"", sender=alice.address, value=1)
    with reverts("UnknownCall"):
        world.chain.send(world.account.address, b"\x01\x02\x03\x04", sender=alice.address)
