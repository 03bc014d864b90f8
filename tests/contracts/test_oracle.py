"""Attestations cross from one chain to the other through the real Mailbox and the oracle's own module."""

import pytest
from eth_abi import encode as abi_encode
from eth_utils import keccak

from intents.contracts.addresses import oracle_init_code
from intents.contracts.artifacts import load_artifact
from intents.settlement.order import (
    StandardOrder,
    address_to_bytes32,
    fill_payload,
    output_to_abi,
    to_abi,
    unfilled_payload,
)

from .chain import Reverted, reverts
from .world import (
    USDC,
    VALIDATORS,
    World,
    alice,
    deployer,
    dispatched,
    filler,
    fresh_address,
    mallory,
    message_body,
    metadata,
    owner,
    relayer,
)

FILLER = address_to_bytes32(filler.address)
FEE_WEI = 10**14


def fill(origin: World, destination: World, order: StandardOrder) -> bytes:
    """Fill on the destination; the payload to carry back."""
    receipt = destination.output_settler.send(
        "fill",
        origin.id(order),
        output_to_abi(order.outputs[0]),
        order.fill_deadline,
        FILLER,
        sender=filler.address,
    )
    return fill_payload(origin.id(order), order.outputs[0], FILLER, receipt.timestamp)


def submit(origin: World, destination: World, payloads: list[bytes]) -> bytes:
    receipt = destination.oracle.send(
        "submit",
        origin.chain_id,
        origin.oracle.address,
        destination.output_settler.address,
        payloads,
        sender=relayer.address,
    )
    return dispatched(destination, receipt)


def process(origin: World, destination: World, message: bytes) -> None:
    origin.mailbox.send("process", metadata(destination, message), message, sender=relayer.address)


def test_a_fill_is_proven_and_paid_across_chains(world: World, other_world: World) -> None:
    order = world.order(other_world)
    world.open(order)
    payload = fill(world, other_world, order)
    message = submit(world, other_world, [payload])
    world.chain.rpc("evm_mine")
    process(world, other_world, message)
    proof = (other_world.chain_id, order.outputs[0].oracle, order.outputs[0].settler, keccak(payload))
    assert world.oracle.call("isProven", *proof)
    before = world.balance(world.usdc.address, filler.address)
    filled_at = int.from_bytes(payload[64:68], "big")
    world.input_settler.send(
        "finalise", to_abi(order), [(filled_at, FILLER)], FILLER, b"", sender=filler.address
    )
    assert world.balance(world.usdc.address, filler.address) == before + 100 * USDC


def test_an_absence_is_proven_and_refunded_across_chains(world: World, other_world: World) -> None:
    order = world.order(other_world)
    world.open(order)
    other_world.chain.warp_to(order.fill_deadline + 1)
    other_world.output_settler.send(
        "attestUnfilled",
        world.id(order),
        output_to_abi(order.outputs[0]),
        order.fill_deadline,
        sender=mallory.address,
    )
    payload = unfilled_payload(world.id(order), order.outputs[0], order.fill_deadline)
    process(world, other_world, submit(world, other_world, [payload]))
    before = world.balance(world.usdc.address, alice.address)
    world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=mallory.address)
    assert world.balance(world.usdc.address, alice.address) == before + 100 * USDC


def test_one_message_carries_a_batch(world: World, other_world: World) -> None:
    payloads = [fill(world, other_world, world.order(other_world)) for _ in range(16)]
    message = submit(world, other_world, payloads)
    application = address_to_bytes32(other_world.output_settler.address)
    assert message[77:] == message_body(application, payloads)
    receipt = world.mailbox.send("process", metadata(other_world, message), message, sender=relayer.address)
    proven = receipt.events(world.oracle, "OutputProven")
    assert [event["payloadHash"] for event in proven] == [keccak(payload) for payload in payloads]
    assert {event["chainid"] for event in proven} == {other_world.chain_id}
    assert {event["application"] for event in proven} == {application}


def test_the_fee_is_quoted_paid_and_never_overpaid(world: World, other_world: World) -> None:
    payload = fill(world, other_world, world.order(other_world))
    target = (world.chain_id, world.oracle.address, other_world.output_settler.address, [payload])
    assert other_world.oracle.call("quote", *target) == 0
    terms = [10**18, FEE_WEI, owner.address, owner.address]
    arguments = abi_encode(["uint256", "uint256", "address", "address"], terms)
    code = bytes.fromhex(load_artifact("ProtocolFee").bytecode[2:]) + arguments
    hook = other_world.chain.create(code, sender=deployer.address)
    other_world.mailbox.send("setRequiredHook", hook, sender=owner.address)
    assert other_world.oracle.call("quote", *target) == FEE_WEI
    for wrong in (0, FEE_WEI - 1, FEE_WEI + 1):
        with pytest.raises(Reverted):
            other_world.oracle.send("submit", *target, sender=relayer.address, value=wrong)
    other_world.oracle.send("submit", *target, sender=relayer.address, value=FEE_WEI)
    assert other_world.chain.balance(hook) == FEE_WEI
    assert other_world.chain.balance(other_world.oracle.address) == 0


def test_only_attested_payloads_are_dispatched(world: World, other_world: World) -> None:
    good = fill(world, other_world, world.order(other_world))
    forged = good[:64] + (int.from_bytes(good[64:68], "big") + 1).to_bytes(4, "big") + good[68:]
    target = (world.chain_id, world.oracle.address, other_world.output_settler.address)
    for payloads in ([], [forged], [good, forged]):
        with reverts("NotAllPayloadsValid"):
            other_world.oracle.send("submit", *target, payloads, sender=relayer.address)
    with reverts(""):
        other_world.oracle.send("submit", *target[:2], fresh_address(), [good], sender=relayer.address)


def test_it_names_its_own_module(world: World) -> None:
    assert world.oracle.call("interchainSecurityModule") == world.multisig_ism.address.lower()
    assert world.oracle.call("MAILBOX") == world.mailbox.address.lower()


def test_mailbox_and_module_must_exist(world: World) -> None:
    for arguments in (
        (fresh_address(), world.multisig_ism.address),
        (world.mailbox.address, fresh_address()),
    ):
        with reverts("CodeSize0"):
            world.chain.create(oracle_init_code(*arguments), sender=deployer.address)


def test_only_the_mailbox_hands_over_messages(world: World) -> None:
    body = message_body(bytes(32), [bytes(168)])
    for sender in (mallory.address, deployer.address, world.multisig_ism.address):
        with reverts("NotMailbox"):
            world.oracle.send("handle", 902, bytes(32), body, sender=sender)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "MalformedMessage"),
        (bytes(33), "MalformedMessage"),
        (bytes(34) + b"\x00", "MalformedMessage"),
        (bytes(32) + b"\x00\x01" + b"\x00\x05abc", ""),
        (bytes(32) + b"\x00\x02" + b"\x00\x03abc", ""),
        (bytes(32) + b"\x00\x11" + b"\x00\x00" * 17, ""),
        (bytes(32) + b"\xff\xff", ""),
    ],
)
def test_malformed_bodies_are_refused(world: World, body: bytes, name: str) -> None:
    world.chain.fund(world.mailbox.address)
    with reverts(name):
        world.oracle.send("handle", 902, bytes(32), body, sender=world.mailbox.address)


def test_the_series_check_of_the_framework(world: World, other_world: World) -> None:
    order = world.order(other_world)
    world.prove_fill(order, solver=filler.address, timestamp=5)
    payload = fill_payload(world.id(order), order.outputs[0], FILLER, 5)
    good = (902).to_bytes(32, "big") + order.outputs[0].oracle + order.outputs[0].settler + keccak(payload)
    for series in (b"", good, good * 8):
        world.chain.call(world.oracle.address, world.oracle.data("efficientRequireProven", series))
    with reverts("NotDivisible"):
        world.chain.call(world.oracle.address, world.oracle.data("efficientRequireProven", good[:-1]))
    for position in (31, 63, 95, 127):
        bad = good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :]
        with reverts("NotProven"):
            world.chain.call(world.oracle.address, world.oracle.data("efficientRequireProven", good + bad))


def test_an_application_cannot_speak_for_another(world: World, other_world: World) -> None:
    """A stranger's contract may attest anything, but it is stored under the stranger's own name."""
    order = world.order(other_world)
    world.open(order)
    payload = fill_payload(world.id(order), order.outputs[0], FILLER, order.fill_deadline)
    liar = other_world.chain.create(
        # hasAttested answers true to everything: PUSH1 1, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
        bytes.fromhex("6760015f5260205ff35f5260086018f3"),
        sender=mallory.address,
    )
    receipt = other_world.oracle.send(
        "submit", world.chain_id, world.oracle.address, liar, [payload], sender=mallory.address
    )
    process(world, other_world, dispatched(other_world, receipt))
    with reverts("NotProven"):
        world.input_settler.send(
            "finalise",
            to_abi(order),
            [(order.fill_deadline, FILLER)],
            FILLER,
            b"",
            sender=filler.address,
        )


def test_three_validators_stand_behind_it(world: World) -> None:
    validators, threshold = world.multisig_ism.call("validatorsAndThreshold", b"")
    assert threshold == 2
    assert [v.lower() for v in validators] == [v.address.lower() for v in VALIDATORS]
