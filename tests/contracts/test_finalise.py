"""Paying the filler of a proven order, one by one and in batches."""

from dataclasses import replace

import pytest

from intents.settlement.order import (
    NATIVE_TOKEN,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    to_abi,
)

from .chain import reverts
from .world import USDC, World, alice, deployer, filler, fresh_address, mallory, owner, relayer

FILLER = address_to_bytes32(filler.address)


def proven(world: World, order: StandardOrder | None = None) -> tuple[StandardOrder, list[tuple[int, bytes]]]:
    order = order or world.order()
    native = order.inputs[0][1] if order.inputs[0][0] == 0 else 0
    world.open(order, value=native)
    filled_at = world.chain.timestamp()
    for index in range(len(order.outputs)):
        world.prove_fill(order, solver=filler.address, timestamp=filled_at, index=index)
    return order, [(filled_at, FILLER)] * len(order.outputs)


def finalise(
    world: World,
    order: StandardOrder,
    params: list[tuple[int, bytes]],
    *,
    to: bytes = FILLER,
    call: bytes = b"",
    sender: str = filler.address,
) -> None:
    world.input_settler.send("finalise", to_abi(order), params, to, call, sender=sender)


def test_the_filler_is_paid_once(world: World) -> None:
    order, params = proven(world)
    before = world.balance(world.usdc.address, filler.address)
    finalise(world, order, params)
    assert world.balance(world.usdc.address, filler.address) == before + 100 * USDC
    assert world.status(world.id(order)) == 2
    with reverts("InvalidOrderStatus"):
        finalise(world, order, params)


def test_the_filler_says_where(world: World) -> None:
    order, params = proven(world)
    to = fresh_address()
    receipt = world.input_settler.send(
        "finalise", to_abi(order), params, address_to_bytes32(to), b"", sender=filler.address
    )
    assert world.balance(world.usdc.address, to) == 100 * USDC
    (event,) = receipt.events(world.input_settler, "Finalised")
    assert event == {"orderId": world.id(order), "solver": FILLER, "destination": address_to_bytes32(to)}


def test_finalise_also_after_expiry_as_long_as_nobody_refunded(world: World) -> None:
    order, params = proven(world)
    world.chain.warp_to(order.expires + 1)
    finalise(world, order, params)
    with reverts("InvalidOrderStatus"):
        world.input_settler.send("refund", to_abi(order), sender=relayer.address)


def test_native_and_two_token_inputs_are_paid(world: World) -> None:
    order, params = proven(world, world.order(inputs=((0, 10**17),)))
    to = fresh_address()
    finalise(world, order, params, to=address_to_bytes32(to))
    assert world.chain.balance(to) == 10**17
    token = world.token("odd_token")
    token.send("mint", alice.address, 5, sender=deployer.address)
    token.send("approve", world.input_settler.address, 5, sender=alice.address)
    order, params = proven(
        world, world.order(inputs=(world.order().inputs[0], (address_to_int(token.address), 5)))
    )
    finalise(world, order, params, to=address_to_bytes32(to))
    assert world.balance(world.usdc.address, to) == 100 * USDC
    assert token.call("balanceOf", to) == 5


def test_two_outputs_are_owned_by_the_filler_of_the_first(world: World) -> None:
    order = world.order(outputs=(world.output(world), world.output(world)))
    world.open(order)
    now = world.chain.timestamp()
    world.prove_fill(order, solver=filler.address, timestamp=now, index=0)
    params = [(now, FILLER), (now + 1, address_to_bytes32(mallory.address))]
    with reverts("NotProven"):
        finalise(world, order, params)
    world.prove_fill(order, solver=mallory.address, timestamp=now + 1, index=1)
    with reverts("NotOrderOwner"):
        finalise(world, order, params, sender=mallory.address, to=address_to_bytes32(mallory.address))
    finalise(world, order, params)


def test_only_the_filler_may_say_where(world: World) -> None:
    order, params = proven(world)
    with reverts("NotOrderOwner"):
        finalise(world, order, params, sender=mallory.address, to=address_to_bytes32(mallory.address))


def test_a_claimed_filler_must_be_the_proven_one(world: World) -> None:
    order, params = proven(world)
    with reverts("NotProven"):
        claimed = [(params[0][0], address_to_bytes32(mallory.address))]
        finalise(world, order, claimed, sender=mallory.address)


def test_the_proven_second_is_bound(world: World) -> None:
    order, params = proven(world)
    with reverts("NotProven"):
        finalise(world, order, [(params[0][0] + 1, FILLER)])


@pytest.mark.parametrize("late", [0, 1])
def test_a_fill_counts_until_the_deadline_itself(world: World, late: int) -> None:
    order = world.order()
    world.open(order)
    filled_at = order.fill_deadline + late
    world.prove_fill(order, solver=filler.address, timestamp=filled_at)
    if late:
        with reverts("FilledTooLate"):
            finalise(world, order, [(filled_at, FILLER)])
    else:
        finalise(world, order, [(filled_at, FILLER)])


def test_every_output_must_have_been_filled_in_time(world: World) -> None:
    order = world.order(outputs=(world.output(world), world.output(world)))
    world.open(order)
    times = (order.fill_deadline, order.fill_deadline + 1)
    for index, filled_at in enumerate(times):
        world.prove_fill(order, solver=filler.address, timestamp=filled_at, index=index)
    with reverts("FilledTooLate"):
        finalise(world, order, [(filled_at, FILLER) for filled_at in times])
    assert world.status(world.id(order)) == 1


def test_unproven_unopened_foreign_and_empty_orders(world: World) -> None:
    order = world.order()
    params = [(world.chain.timestamp(), FILLER)]
    with reverts("InvalidOrderStatus"):
        finalise(world, order, params)
    world.open(order)
    with reverts("NotProven"):
        finalise(world, order, params)
    with reverts("WrongChain"):
        finalise(world, replace(order, origin_chain_id=1), params)
    with reverts("InvalidTimestampLength"):
        finalise(world, order, [])
    with reverts("InvalidTimestampLength"):
        finalise(world, order, params * 2)
    with reverts("InvalidOrderStatus"):
        finalise(world, replace(order, outputs=()), [])


def test_destination_and_call(world: World) -> None:
    order, params = proven(world)
    with reverts("NoDestination"):
        finalise(world, order, params, to=bytes(32))
    with reverts("NoDestination"):
        finalise(world, order, params, to=b"\x01" * 12 + bytes(20))
    with reverts("CallNotSupported"):
        finalise(world, order, params, call=b"\x00")


def test_an_oracle_without_code_proves_nothing(world: World) -> None:
    order = world.order(input_oracle=fresh_address())
    world.open(order)
    with reverts(""):
        finalise(world, order, [(world.chain.timestamp(), FILLER)])


def test_a_batch_pays_every_filler(world: World) -> None:
    batch = [proven(world) for _ in range(3)]
    before = world.balance(world.usdc.address, filler.address)
    receipt = world.input_settler.send(
        "finaliseMany",
        [to_abi(order) for order, _ in batch],
        [params for _, params in batch],
        sender=relayer.address,
    )
    assert world.balance(world.usdc.address, filler.address) == before + 300 * USDC
    assert len(receipt.events(world.input_settler, "Finalised")) == 3


def test_a_batch_skips_what_is_already_paid_or_refunded(world: World) -> None:
    (paid, paid_params), (good, params) = proven(world), proven(world)
    finalise(world, paid, paid_params)
    unopened = world.order()
    before = world.balance(world.usdc.address, filler.address)
    world.input_settler.send(
        "finaliseMany",
        [to_abi(order) for order in (paid, unopened, good, good)],
        [paid_params, params, params, params],
        sender=mallory.address,
    )
    assert world.balance(world.usdc.address, filler.address) == before + 100 * USDC


def test_a_batch_reverts_on_an_unproven_order(world: World) -> None:
    good, params = proven(world)
    unproven = world.order()
    world.open(unproven)
    with reverts("NotProven"):
        world.input_settler.send(
            "finaliseMany", [to_abi(good), to_abi(unproven)], [params, params], sender=relayer.address
        )


def test_a_batch_is_well_formed(world: World) -> None:
    order, params = proven(world)
    many = [
        ([to_abi(order)], [], "InvalidTimestampLength"),
        ([to_abi(order)], [[]], "InvalidTimestampLength"),
        ([to_abi(order)], [params * 2], "InvalidTimestampLength"),
        ([to_abi(order)], [[(params[0][0], b"\x01" * 32)]], "HasDirtyBits"),
        ([to_abi(order)], [[(params[0][0], bytes(32))]], "HasDirtyBits"),
        ([to_abi(replace(order, origin_chain_id=5))], [params], "WrongChain"),
        ([to_abi(order)] * 11, [params] * 11, ""),
    ]
    for orders, all_params, name in many:
        with reverts(name):
            world.input_settler.send("finaliseMany", orders, all_params, sender=relayer.address)


def test_one_bad_payee_stops_nobody(world: World) -> None:
    """The blacklisted filler's payout waits; the other order of the batch is paid."""
    blocked_order, other_order = world.order(), world.order()
    for order, solver in ((blocked_order, mallory.address), (other_order, filler.address)):
        world.open(order)
        world.prove_fill(order, solver=solver, timestamp=order.fill_deadline)
    world.usdc.send("blacklist", mallory.address, sender=owner.address)
    before = world.balance(world.usdc.address, filler.address)
    receipt = world.input_settler.send(
        "finaliseMany",
        [to_abi(blocked_order), to_abi(other_order)],
        [
            [(blocked_order.fill_deadline, address_to_bytes32(mallory.address))],
            [(other_order.fill_deadline, FILLER)],
        ],
        sender=relayer.address,
    )
    assert world.balance(world.usdc.address, filler.address) == before + 100 * USDC
    assert world.input_settler.call("claimable", world.usdc.address, mallory.address) == 100 * USDC
    (held,) = receipt.events(world.input_settler, "PayoutHeld")
    assert held["orderId"] == world.id(blocked_order)
    assert world.input_settler.call("claimable", NATIVE_TOKEN, mallory.address) == 0
