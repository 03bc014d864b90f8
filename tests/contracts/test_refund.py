"""Money comes back: after expiry, on proof that nobody delivered, and by claims of what waited."""

from dataclasses import replace

import pytest

from intents.settlement.order import NATIVE_TOKEN, address_to_int, to_abi

from .chain import Contract, Reverted, reverts
from .world import USDC, World, alice, deployer, fresh_address, mallory, owner, relayer


def refund(world: World, order: object, *, gas: int = 3_000_000) -> None:
    world.input_settler.send("refund", to_abi(order), sender=relayer.address, gas=gas)  # type: ignore[arg-type]


def test_anybody_refunds_after_expiry(world: World) -> None:
    order = world.order()
    world.open(order)
    before = world.balance(world.usdc.address, alice.address)
    world.chain.next_block_at(order.expires)
    with reverts("TimestampNotPassed"):
        refund(world, order)
    world.chain.next_block_at(order.expires + 1)
    receipt = world.input_settler.send("refund", to_abi(order), sender=mallory.address)
    assert world.balance(world.usdc.address, alice.address) == before + 100 * USDC
    assert receipt.events(world.input_settler, "Refunded") == [{"orderId": world.id(order)}]
    assert world.status(world.id(order)) == 3
    with reverts("InvalidOrderStatus"):
        refund(world, order)


def test_two_tokens_and_native_come_back(world: World) -> None:
    token = world.token("odd_token")
    token.send("mint", alice.address, 7, sender=deployer.address)
    token.send("approve", world.input_settler.address, 7, sender=alice.address)
    user = fresh_address()
    two = world.order(user=user, inputs=(world.order().inputs[0], (address_to_int(token.address), 7)))
    native = world.order(user=user, inputs=((0, 10**16),))
    world.open(two)
    world.open(native, value=10**16)
    world.chain.warp_to(native.expires + 1)
    refund(world, two)
    refund(world, native)
    assert world.balance(world.usdc.address, user) == 100 * USDC
    assert token.call("balanceOf", user) == 7
    assert world.chain.balance(user) == 10**16


@pytest.mark.parametrize("refused", [0, 1])
def test_one_token_that_refuses_does_not_hold_the_other_back(world: World, refused: int) -> None:
    tokens = [world.token("odd_token") for _ in range(2)]
    for token in tokens:
        token.send("mint", alice.address, 21, sender=deployer.address)
        token.send("approve", world.input_settler.address, 21, sender=alice.address)
    inputs = tuple((address_to_int(token.address), 7) for token in tokens)
    orders = [world.order(inputs=inputs) for _ in range(2)]
    for order in orders:
        world.open(order)
    world.chain.warp_to(orders[1].expires + 1)
    bad, good = tokens[refused], tokens[1 - refused]
    bad.send("refuse", alice.address, True, sender=deployer.address)
    for order in orders:
        refund(world, order)
        assert world.status(world.id(order)) == 3
    assert good.call("balanceOf", alice.address) == 21
    assert world.input_settler.call("claimable", good.address, alice.address) == 0
    # What two orders could not pay out is owed together.
    assert world.input_settler.call("claimable", bad.address, alice.address) == 14
    bad.send("refuse", alice.address, False, sender=deployer.address)
    world.input_settler.send("claim", bad.address, alice.address, sender=mallory.address)
    assert bad.call("balanceOf", alice.address) == 21


def test_only_what_was_opened_here_is_refunded(world: World) -> None:
    order = world.order()
    world.chain.warp_to(order.expires + 1)
    with reverts("InvalidOrderStatus"):
        refund(world, order)
    with reverts("WrongChain"):
        refund(world, replace(order, origin_chain_id=902))


def test_a_proven_absence_refunds_before_expiry(world: World) -> None:
    order = world.order()
    world.open(order)
    before = world.balance(world.usdc.address, alice.address)
    with reverts("NotProven"):
        world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=relayer.address)
    world.prove_unfilled(order)
    world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=mallory.address)
    assert world.balance(world.usdc.address, alice.address) == before + 100 * USDC
    assert world.status(world.id(order)) == 3
    with reverts("InvalidOrderStatus"):
        world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=relayer.address)


def test_refund_unfilled_checks_chain_status_and_index(world: World) -> None:
    order = world.order()
    with reverts("InvalidOrderStatus"):
        world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=relayer.address)
    world.open(order)
    with reverts("NoSuchOutput"):
        world.input_settler.send("refundUnfilled", to_abi(order), 1, sender=relayer.address)
    with reverts("WrongChain"):
        foreign = replace(order, origin_chain_id=902)
        world.input_settler.send("refundUnfilled", to_abi(foreign), 0, sender=relayer.address)


@pytest.mark.parametrize("way", ["refund", "refundUnfilled"])
def test_a_blocked_user_is_owed(world: World, way: str) -> None:
    order = world.order()
    world.open(order)
    world.prove_unfilled(order)
    world.usdc.send("blacklist", alice.address, sender=owner.address)
    world.chain.warp_to(order.expires + 1)
    arguments = [to_abi(order)] if way == "refund" else [to_abi(order), 0]
    receipt = world.input_settler.send(way, *arguments, sender=relayer.address)
    (held,) = receipt.events(world.input_settler, "PayoutHeld")
    assert held["orderId"] == world.id(order)
    assert held["user"] == alice.address.lower()
    assert held["amount"] == 100 * USDC
    assert world.input_settler.call("claimable", world.usdc.address, alice.address) == 100 * USDC


def owed(world: World) -> int:
    """Alice's refund waits because USDC is paused."""
    order = world.order()
    world.open(order)
    world.usdc.send("pause", sender=owner.address)
    world.chain.warp_to(order.expires + 1)
    refund(world, order)
    return 100 * USDC


def test_anybody_pushes_a_claim_to_its_user(world: World) -> None:
    amount = owed(world)
    with reverts("Pausable: paused"):
        world.input_settler.send("claim", world.usdc.address, alice.address, sender=relayer.address)
    world.usdc.send("unpause", sender=owner.address)
    before = world.balance(world.usdc.address, alice.address)
    receipt = world.input_settler.send("claim", world.usdc.address, alice.address, sender=mallory.address)
    assert world.balance(world.usdc.address, alice.address) == before + amount
    (event,) = receipt.events(world.input_settler, "Claimed")
    assert event["to"] == alice.address.lower()
    with reverts("NothingToClaim"):
        world.input_settler.send("claim", world.usdc.address, alice.address, sender=relayer.address)


def test_only_the_user_sends_a_claim_elsewhere(world: World) -> None:
    amount = owed(world)
    world.usdc.send("unpause", sender=owner.address)
    to = fresh_address()
    with reverts("NothingToClaim"):
        world.input_settler.send("claimTo", world.usdc.address, to, sender=mallory.address)
    with reverts("NoDestination"):
        world.input_settler.send("claimTo", world.usdc.address, NATIVE_TOKEN, sender=alice.address)
    world.input_settler.send("claimTo", world.usdc.address, to, sender=alice.address)
    assert world.balance(world.usdc.address, to) == amount


def receiver(world: World, *, refuses: bool = False, burns: bool = False) -> Contract:
    contract = world.token("receiver")
    contract.send("configure", refuses, burns, False, sender=deployer.address)
    return contract


@pytest.mark.parametrize("kind", ["refuses", "burns"])
def test_a_contract_that_cannot_take_native_coins_is_owed(world: World, kind: str) -> None:
    contract = receiver(world, **{kind: True})
    order = world.order(user=contract.address, inputs=((0, 10**15),))
    world.open(order, value=10**15)
    world.chain.warp_to(order.expires + 1)
    receipt = world.input_settler.send("refund", to_abi(order), sender=relayer.address)
    assert receipt.gas_used < 200_000
    assert world.input_settler.call("claimable", NATIVE_TOKEN, contract.address) == 10**15
    with reverts(""):
        world.input_settler.send("claim", NATIVE_TOKEN, contract.address, sender=relayer.address, gas=300_000)
    contract.send("configure", False, False, False, sender=deployer.address)
    world.input_settler.send("claim", NATIVE_TOKEN, contract.address, sender=relayer.address)
    assert world.chain.balance(contract.address) == 10**15


def test_a_claim_of_native_coins_goes_where_its_user_says(world: World) -> None:
    contract = receiver(world, refuses=True)
    order = world.order(user=contract.address, inputs=((0, 10**15),))
    world.open(order, value=10**15)
    world.chain.warp_to(order.expires + 1)
    refund(world, order)
    to = fresh_address()
    call = world.input_settler.data("claimTo", NATIVE_TOKEN, to)
    contract.send("act", world.input_settler.address, call, sender=deployer.address)
    assert world.chain.balance(to) == 10**15


@pytest.mark.parametrize("misbehaviour", ["false", "refuses", "burns"])
def test_a_token_that_fails_on_payout_is_owed(world: World, misbehaviour: str) -> None:
    token = world.token("odd_token")
    token.send("mint", alice.address, 7, sender=deployer.address)
    token.send("approve", world.input_settler.address, 7, sender=alice.address)
    order = world.order(inputs=((address_to_int(token.address), 7),))
    world.open(order)
    world.chain.warp_to(order.expires + 1)
    if misbehaviour == "false":
        token.send("set_answer", bytes(32), sender=deployer.address)
    if misbehaviour == "refuses":
        token.send("refuse", alice.address, True, sender=deployer.address)
    if misbehaviour == "burns":
        token.send("burn_gas", True, sender=deployer.address)
    refund(world, order)
    assert world.input_settler.call("claimable", token.address, alice.address) == 7
    with pytest.raises(Exception, match=r"TransferFailed|no data"):
        world.input_settler.send("claim", token.address, alice.address, sender=relayer.address)
    assert world.input_settler.call("claimable", token.address, alice.address) == 7


def test_a_token_that_lost_its_code_is_owed_not_lost(world: World) -> None:
    order = world.order()
    world.open(order)
    world.chain.warp_to(order.expires + 1)
    world.chain.rpc("anvil_setCode", world.usdc.address, "0x")
    refund(world, order)
    assert world.input_settler.call("claimable", world.usdc.address, alice.address) == 100 * USDC


@pytest.mark.parametrize("native", [True, False])
def test_a_starved_payout_reverts_instead_of_becoming_a_claim(world: World, native: bool) -> None:
    order = world.order(inputs=((0, 10**15),)) if native else world.order()
    world.open(order, value=10**15 if native else 0)
    world.chain.warp_to(order.expires + 1)
    reasons = set()
    for gas in range(60_000, 440_000, 10_000):
        try:
            refund(world, order, gas=gas)
        except Reverted as reverted:
            reasons.add(reverted.name)
            assert world.status(world.id(order)) == 1
        else:
            break
    assert "NotEnoughGas" in reasons
    assert world.status(world.id(order)) == 3
    token = NATIVE_TOKEN if native else world.usdc.address
    assert world.input_settler.call("claimable", token, alice.address) == 0
