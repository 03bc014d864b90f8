"""Delivering outputs at the output settler."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils import keccak

from intents.settlement.order import (
    MandateOutput,
    address_to_bytes32,
    fill_record,
    output_hash,
    output_to_abi,
)

from .chain import Receipt, reverts
from .world import USDC, World, deployer, filler, fresh_address, mallory, owner

FILLER = address_to_bytes32(filler.address)
ORDER_ID = keccak(b"an order")


def recipient(output: MandateOutput) -> str:
    return "0x" + output.recipient[12:].hex()


def fill(
    world: World,
    output: MandateOutput,
    *,
    order_id: bytes = ORDER_ID,
    seconds: int = 600,
    data: bytes = FILLER,
    sender: str = filler.address,
    value: int = 0,
) -> Receipt:
    deadline = world.chain.timestamp() + seconds
    return world.output_settler.send(
        "fill", order_id, output_to_abi(output), deadline, data, sender=sender, value=value
    )


def record(world: World, output: MandateOutput, order_id: bytes = ORDER_ID) -> bytes:
    return bytes(world.output_settler.call("getFillRecord", order_id, output_hash(output)))


def test_a_fill_delivers_and_is_recorded(world: World) -> None:
    output = world.output(world)
    receipt = fill(world, output)
    assert world.balance(world.usdc.address, recipient(output)) == 99 * USDC
    assert record(world, output) == fill_record(FILLER, receipt.timestamp)
    (event,) = receipt.events(world.output_settler, "OutputFilled")
    assert event["orderId"] == ORDER_ID
    assert event["solver"] == FILLER
    assert event["timestamp"] == receipt.timestamp
    assert event["finalAmount"] == 99 * USDC
    assert event["output"][5] == output.recipient


def test_the_events_topic_is_the_frameworks(world: World) -> None:
    receipt = fill(world, world.output(world))
    signature = (
        "OutputFilled(bytes32,bytes32,uint32,"
        "(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes,bytes),uint256)"
    )
    assert receipt.raw["logs"][-1]["topics"][0] == "0x" + keccak(text=signature).hex()


def test_a_second_fill_moves_nothing_and_answers_the_first_record(world: World) -> None:
    output = world.output(world)
    first = record_after = fill(world, output)
    again = fill(world, output, sender=mallory.address, data=address_to_bytes32(mallory.address))
    assert again.events(world.output_settler, "OutputFilled") == []
    assert world.balance(world.usdc.address, recipient(output)) == 99 * USDC
    assert record(world, output) == fill_record(FILLER, first.timestamp)
    assert record_after.gas_used > again.gas_used


def test_one_output_may_belong_to_two_orders(world: World) -> None:
    output = world.output(world)
    fill(world, output)
    fill(world, output, order_id=keccak(b"another"))
    assert world.balance(world.usdc.address, recipient(output)) == 2 * 99 * USDC


def test_native_output_and_excess(world: World) -> None:
    output = world.output(world, token=bytes(32), amount=10**15)
    before = world.chain.balance(filler.address)
    fill(world, output, value=10**15 + 5)
    assert world.chain.balance(recipient(output)) == 10**15
    assert world.chain.balance(filler.address) == before - 10**15
    assert world.chain.balance(world.output_settler.address) == 0


def test_native_output_without_enough_value(world: World) -> None:
    with reverts(""):
        fill(world, world.output(world, token=bytes(32), amount=10**15), value=10**15 - 1)


def test_value_with_a_token_fill_comes_back(world: World) -> None:
    before = world.chain.balance(filler.address)
    fill(world, world.output(world), value=7)
    assert world.chain.balance(filler.address) == before


@pytest.mark.parametrize("late", [0, 1])
def test_a_fill_at_the_deadline_counts_and_after_it_reverts(world: World, late: int) -> None:
    output = world.output(world)
    deadline = world.chain.timestamp() + 10_000
    world.chain.next_block_at(deadline + late)
    arguments = (ORDER_ID, output_to_abi(output), deadline, FILLER)
    if late:
        with reverts("FillDeadline"):
            world.output_settler.send("fill", *arguments, sender=filler.address)
    else:
        world.output_settler.send("fill", *arguments, sender=filler.address)
        assert record(world, output) == fill_record(FILLER, deadline)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"chain_id": 902}, "WrongChain"),
        ({"settler": b"\x00" * 12 + b"\x01" * 20}, "WrongOutputSettler"),
        ({"oracle": b"\x01" * 32}, "HasDirtyBits"),
        ({"token": b"\x01" * 32}, "HasDirtyBits"),
        ({"context": b"\x02" + bytes(40)}, "NotImplemented"),
        ({"context": b"\x01" + bytes(39)}, "InvalidContextDataLength"),
        ({"context": b"\xe0" + bytes(37)}, "InvalidContextDataLength"),
        ({"context": b"\xe1" + bytes(71)}, "InvalidContextDataLength"),
        ({"context": b"\x00\x00"}, "InvalidContextDataLength"),
        ({"token": b"\x00" * 12 + b"\x11" * 20}, ""),
        ({"amount": 2**255}, "ERC20: transfer amount exceeds balance"),
    ],
)
def test_outputs_that_cannot_be_filled_here(world: World, change: dict[str, Any], name: str) -> None:
    output = world.output(world, **change)
    with reverts(name):
        fill(world, output)
    assert record(world, output) == bytes(32)


def test_a_limit_order_context_is_filled(world: World) -> None:
    output = world.output(world, context=b"\x00")
    fill(world, output)
    assert world.balance(world.usdc.address, recipient(output)) == 99 * USDC


def _auction(start: int, stop: int, slope: int) -> bytes:
    return start.to_bytes(4, "big") + stop.to_bytes(4, "big") + slope.to_bytes(32, "big")


@pytest.mark.parametrize(("at", "added"), [(-50, 1000), (0, 1000), (40, 600), (99, 10), (100, 0), (500, 0)])
def test_an_auction_falls_to_the_signed_amount(world: World, at: int, added: int) -> None:
    start = world.chain.timestamp() + 1000
    output = world.output(world, context=b"\x01" + _auction(start, start + 100, 10))
    world.chain.next_block_at(start + at)
    receipt = fill(world, output, seconds=10**5)
    assert world.balance(world.usdc.address, recipient(output)) == 99 * USDC + added
    (event,) = receipt.events(world.output_settler, "OutputFilled")
    assert event["finalAmount"] == 99 * USDC + added


@pytest.mark.parametrize("kind", [b"\xe0", b"\xe1"])
def test_an_exclusive_output_is_open_to_all_from_its_start(world: World, kind: bytes) -> None:
    start = world.chain.timestamp() + 1000
    exclusive = address_to_bytes32(mallory.address)
    rest = b"" if kind == b"\xe0" else (start + 100).to_bytes(4, "big") + (10).to_bytes(32, "big")
    context = kind + exclusive + start.to_bytes(4, "big") + rest
    with reverts("ExclusiveTo"):
        fill(world, world.output(world, context=context), seconds=10**5)
    by_its_solver = world.output(world, context=context)
    fill(world, by_its_solver, data=exclusive, seconds=10**5)
    world.chain.next_block_at(start)
    late = world.output(world, context=context)
    fill(world, late, seconds=10**5)
    added = 0 if kind == b"\xe0" else 1000
    assert world.balance(world.usdc.address, recipient(late)) == 99 * USDC + added


@pytest.mark.parametrize(
    ("data", "name"),
    [(FILLER[:31], "FillerDataTooShort"), (b"", "FillerDataTooShort"), (bytes(32), "ZeroValue")],
)
def test_the_filler_must_be_named(world: World, data: bytes, name: str) -> None:
    with reverts(name):
        fill(world, world.output(world), data=data)


def test_a_blacklisted_recipient_reverts_the_fill(world: World) -> None:
    output = world.output(world)
    world.usdc.send("blacklist", recipient(output), sender=owner.address)
    with reverts("Blacklistable: account is blacklisted"):
        fill(world, output)


def test_a_token_that_answers_false_reverts_the_fill(world: World) -> None:
    token = world.token("odd_token")
    token.send("mint", filler.address, 100, sender=deployer.address)
    token.send("approve", world.output_settler.address, 100, sender=filler.address)
    output = world.output(world, token=address_to_bytes32(token.address), amount=10)
    token.send("set_answer", bytes(32), sender=deployer.address)
    with reverts("TransferFailed"):
        fill(world, output)
    token.send("set_answer", b"", sender=deployer.address)
    fill(world, output)
    assert token.call("balanceOf", recipient(output)) == 10


def test_the_recipient_is_called_with_what_it_got(world: World) -> None:
    contract = world.token("receiver")
    output = world.output(world, recipient=address_to_bytes32(contract.address), callback_data=b"hello")
    fill(world, output)
    assert contract.call("calls") == 1
    assert contract.call("data") == b"hello"
    assert contract.call("amount") == 99 * USDC
    assert contract.call("token") == output.token


def test_a_failing_callback_reverts_the_fill(world: World) -> None:
    contract = world.token("receiver")
    contract.send("configure", False, False, True, sender=deployer.address)
    output = world.output(world, recipient=address_to_bytes32(contract.address), callback_data=b"x")
    with reverts(""):
        fill(world, output)
    with reverts(""):
        fill(world, replace(output, recipient=address_to_bytes32(fresh_address())))


def test_all_outputs_of_an_order_at_once(world: World) -> None:
    outputs = [world.output(world), world.output(world, token=bytes(32), amount=10**14)]
    deadline = world.chain.timestamp() + 10_000
    arguments = (ORDER_ID, [output_to_abi(output) for output in outputs], deadline, FILLER)
    receipt = world.output_settler.send("fillOrderOutputs", *arguments, sender=filler.address, value=10**14)
    assert world.balance(world.usdc.address, recipient(outputs[0])) == 99 * USDC
    assert world.chain.balance(recipient(outputs[1])) == 10**14
    assert len(receipt.events(world.output_settler, "OutputFilled")) == 2
    world.chain.warp_to(receipt.timestamp + 5)
    with reverts("AlreadyFilled"):
        world.output_settler.send("fillOrderOutputs", *arguments, sender=filler.address, value=10**14)
    with reverts("NoOutputs"):
        world.output_settler.send("fillOrderOutputs", ORDER_ID, [], deadline, FILLER, sender=filler.address)
    with reverts("FillDeadline"):
        world.output_settler.send("fillOrderOutputs", *arguments[:2], 1, FILLER, sender=filler.address)


def fill_all(world: World, outputs: list[MandateOutput], *, value: int = 0, deadline: int = 0) -> Receipt:
    until = deadline or world.chain.timestamp() + 10_000
    arguments = (ORDER_ID, [output_to_abi(output) for output in outputs], until, FILLER)
    return world.output_settler.send("fillOrderOutputs", *arguments, sender=filler.address, value=value)


def test_together_they_are_delivered_as_each_would_be_alone(world: World) -> None:
    """An auction adds what it adds, the recipient is called, and coins that are too many come back."""
    contract, start = world.token("receiver"), world.chain.timestamp() + 1_000
    called = world.output(world, recipient=address_to_bytes32(contract.address), callback_data=b"x")
    auction = world.output(world, context=b"\x01" + _auction(start, start + 100, 10))
    before = world.chain.balance(filler.address)
    fill_all(world, [called, auction], value=9)
    assert contract.call("calls") == 1
    assert world.balance(world.usdc.address, recipient(auction)) == 99 * USDC + 1_000
    assert world.chain.balance(filler.address) == before
    assert world.chain.balance(world.output_settler.address) == 0


def test_a_present_of_the_second_output_does_not_stop_the_first(world: World) -> None:
    first, second = world.output(world), world.output(world)
    fill(world, second, data=address_to_bytes32(mallory.address))
    fill_all(world, [first, second])
    assert world.balance(world.usdc.address, recipient(first)) == 99 * USDC
    assert world.balance(world.usdc.address, recipient(second)) == 99 * USDC
    third, fourth = world.output(world), world.output(world)
    fill(world, third, data=address_to_bytes32(mallory.address))
    with reverts("AlreadyFilled"):
        fill_all(world, [third, fourth])
    assert record(world, fourth) == bytes(32)


def test_several_fills_at_the_deadline_count_like_one(world: World) -> None:
    outputs, batched = [world.output(world)], world.output(world)
    deadline = world.chain.timestamp() + 10_000
    world.chain.next_block_at(deadline)
    fill_all(world, outputs, deadline=deadline)
    later = deadline + 50
    world.chain.next_block_at(later)
    item = (ORDER_ID, output_to_abi(batched), later)
    world.output_settler.send("fillMany", [item], FILLER, sender=filler.address)
    assert record(world, outputs[0]) == fill_record(FILLER, deadline)
    assert record(world, batched) == fill_record(FILLER, later)


def items(world: World, outputs: list[MandateOutput], seconds: int = 100) -> list[tuple[Any, ...]]:
    deadline = world.chain.timestamp() + seconds
    return [(keccak(bytes([i])), output_to_abi(output), deadline) for i, output in enumerate(outputs)]


def test_a_batch_fills_plain_outputs(world: World) -> None:
    outputs = [world.output(world) for _ in range(3)]
    receipt = world.output_settler.send("fillMany", items(world, outputs), FILLER, sender=filler.address)
    assert [world.balance(world.usdc.address, recipient(output)) for output in outputs] == [99 * USDC] * 3
    assert len(receipt.events(world.output_settler, "OutputFilled")) == 3


def test_a_batch_skips_what_is_filled_or_too_late(world: World) -> None:
    outputs = [world.output(world) for _ in range(3)]
    batch = items(world, outputs)
    world.output_settler.send("fill", *batch[0], FILLER, sender=filler.address)
    batch[1] = (*batch[1][:2], world.chain.timestamp() - 1)
    receipt = world.output_settler.send("fillMany", batch, FILLER, sender=filler.address)
    assert [e["orderId"] for e in receipt.events(world.output_settler, "OutputFilled")] == [batch[2][0]]
    assert world.balance(world.usdc.address, recipient(outputs[1])) == 0


def test_a_batch_takes_plain_outputs_only(world: World) -> None:
    callback = world.output(world, callback_data=b"x")
    native = world.output(world, token=bytes(32))
    for output in (callback, native):
        with reverts("NotPlain"):
            world.output_settler.send("fillMany", items(world, [output]), FILLER, sender=filler.address)
    foreign = world.output(world, chain_id=5)
    with reverts("WrongChain"):
        world.output_settler.send("fillMany", items(world, [foreign]), FILLER, sender=filler.address)
    with reverts("ZeroValue"):
        world.output_settler.send(
            "fillMany", items(world, [world.output(world)]), bytes(32), sender=filler.address
        )
