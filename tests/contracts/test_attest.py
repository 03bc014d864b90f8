"""What the output settler attests: fills, and past a deadline the absence of one."""

from typing import Any

import pytest
from eth_utils import keccak

from intents.settlement.order import (
    MandateOutput,
    address_to_bytes32,
    fill_payload,
    output_hash,
    output_to_abi,
    unfilled_payload,
)

from .chain import reverts
from .world import World, filler, mallory, relayer

FILLER = address_to_bytes32(filler.address)
ORDER_ID = keccak(b"an order")


def attested(world: World, *payloads: bytes, oracle: str | None = None) -> bool:
    sender = oracle or world.oracle.address
    return bool(world.output_settler.call("hasAttested", list(payloads), sender=sender))


def fill(world: World, output: MandateOutput) -> int:
    # Blocks have wall time: what was loaded from a saved state may be minutes behind it.
    deadline = world.chain.timestamp() + 10_000
    receipt = world.output_settler.send(
        "fill", ORDER_ID, output_to_abi(output), deadline, FILLER, sender=filler.address
    )
    return receipt.timestamp


@pytest.mark.parametrize("extra", [{}, {"callback_data": b"x" * 1024, "context": b"\x00"}])
def test_a_fill_is_attested_to_its_oracle_byte_for_byte(world: World, extra: dict[str, Any]) -> None:
    if extra:
        extra = extra | {"recipient": address_to_bytes32(world.token("receiver").address)}
    output = world.output(world, **extra)
    filled_at = fill(world, output)
    payload = fill_payload(ORDER_ID, output, FILLER, filled_at)
    assert attested(world, payload)
    assert not attested(world, payload, oracle=mallory.address)
    for position in (0, 40, 67, 80, 120, 150, len(payload) - 1):
        changed = payload[:position] + bytes([payload[position] ^ 1]) + payload[position + 1 :]
        assert not attested(world, changed), position


def test_every_payload_must_hold(world: World) -> None:
    output = world.output(world)
    good = fill_payload(ORDER_ID, output, FILLER, fill(world, output))
    bad = fill_payload(ORDER_ID, world.output(world), FILLER, world.chain.timestamp())
    assert attested(world, good, good)
    assert not attested(world, good, bad)
    assert not attested(world, bad, good)


@pytest.mark.parametrize("size", [0, 1, 99, 101, 167])
def test_lengths_between_the_two_kinds_are_refused(world: World, size: int) -> None:
    with reverts("PayloadTooSmall"):
        attested(world, bytes(size))


def test_an_unfilled_output_is_attested_past_its_deadline(world: World) -> None:
    output = world.output(world)
    # Blocks have wall time: what was loaded from a saved state may be minutes behind it.
    deadline = world.chain.timestamp() + 10_000
    payload = unfilled_payload(ORDER_ID, output, deadline)
    world.chain.warp_to(deadline + 1)
    assert not attested(world, payload)
    receipt = world.output_settler.send(
        "attestUnfilled", ORDER_ID, output_to_abi(output), deadline, sender=relayer.address
    )
    assert attested(world, payload)
    assert not attested(world, payload, oracle=mallory.address)
    assert not attested(world, payload[:-1] + bytes([payload[-1] ^ 1]))
    (event,) = receipt.events(world.output_settler, "Unfilled")
    assert event["orderId"] == ORDER_ID
    assert event["outputHash"] == output_hash(output)
    assert event["fillDeadline"] == deadline
    assert world.output_settler.call("getUnfilledOracle", keccak(payload)) == world.oracle.address.lower()


def test_every_absence_must_hold(world: World) -> None:
    outputs = [world.output(world) for _ in range(2)]
    deadline = world.chain.timestamp() + 10_000
    world.chain.warp_to(deadline + 1)
    world.output_settler.send(
        "attestUnfilled", ORDER_ID, output_to_abi(outputs[0]), deadline, sender=relayer.address
    )
    good, bad = (unfilled_payload(ORDER_ID, output, deadline) for output in outputs)
    assert attested(world, good, good)
    assert not attested(world, good, bad)
    assert not attested(world, bad, good)
    assert not attested(world, bad, oracle="0x" + "00" * 20)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_the_deadline_is_strict(world: World, offset: int) -> None:
    """A fill at the deadline can still be claimed, so only the second after it attests an absence."""
    output = world.output(world)
    # Blocks have wall time: what was loaded from a saved state may be minutes behind it.
    deadline = world.chain.timestamp() + 10_000
    world.chain.next_block_at(deadline + offset)
    arguments = (ORDER_ID, output_to_abi(output), deadline)
    if offset <= 0:
        with reverts("TimestampNotPassed"):
            world.output_settler.send("attestUnfilled", *arguments, sender=relayer.address)
    else:
        world.output_settler.send("attestUnfilled", *arguments, sender=relayer.address)


def test_a_filled_output_is_never_attested_as_unfilled(world: World) -> None:
    output = world.output(world)
    filled_at = fill(world, output)
    world.chain.warp_to(filled_at + 500)
    with reverts("AlreadyFilled"):
        world.output_settler.send(
            "attestUnfilled", ORDER_ID, output_to_abi(output), filled_at, sender=relayer.address
        )


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"chain_id": 902}, "WrongChain"),
        ({"settler": b"\x00" * 12 + b"\x01" * 20}, "WrongOutputSettler"),
        ({"oracle": b"\x01" * 32}, "HasDirtyBits"),
    ],
)
def test_only_outputs_of_this_settler_and_chain(world: World, change: dict[str, Any], name: str) -> None:
    output = world.output(world, **change)
    with reverts(name):
        world.output_settler.send(
            "attestUnfilled", ORDER_ID, output_to_abi(output), 1, sender=relayer.address
        )
