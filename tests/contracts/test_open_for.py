"""Locking inputs by somebody's signature, whoever sends it."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode as abi_encode

from intents.settlement.order import StandardOrder, address_to_int, to_abi
from intents.settlement.typed_data import eip3009_typed_data

from .chain import Contract, Reverted, actor, reverts
from .world import PERMIT2, USDC, World, alice, deploy_usdc, deployer, mallory, owner, relayer, sign

BY_PERMIT2, BY_AUTHORIZATION, BY_VRS, BY_SELF = b"\x00", b"\x01", b"\x02", b"\xff"


def open_for(
    world: World,
    order: StandardOrder,
    signature: bytes,
    *,
    sponsor: str = alice.address,
    sender: str = relayer.address,
) -> None:
    world.input_settler.send("openFor", to_abi(order), sponsor, signature, sender=sender)


def by_permit2(world: World, order: StandardOrder, signer: Any = alice) -> bytes:
    return BY_PERMIT2 + sign(signer, world.permit2_data(order))


def by_authorization(world: World, order: StandardOrder, signer: Any = alice) -> bytes:
    return BY_AUTHORIZATION + sign(signer, world.eip3009_data(order))


def second_token(world: World) -> Contract:
    token = world.token("odd_token")
    token.send("mint", alice.address, 1000, sender=deployer.address)
    token.send("approve", PERMIT2, 1000, sender=alice.address)
    return token


@pytest.mark.parametrize("way", [by_permit2, by_authorization])
def test_a_signature_opens_the_order(world: World, way: Any) -> None:
    order = world.order()
    before = world.balance(world.usdc.address, alice.address)
    open_for(world, order, way(world, order))
    assert world.status(world.id(order)) == 1
    assert world.balance(world.usdc.address, alice.address) == before - 100 * USDC


def test_permit2_accepts_the_digest_for_two_inputs_and_two_outputs(world: World) -> None:
    token = second_token(world)
    usdc = address_to_int(world.usdc.address)
    order = world.order(
        inputs=((usdc, 7), (address_to_int(token.address), 9)),
        outputs=(world.output(world, callback_data=b"x" * 40, context=b"\x00"), world.output(world)),
    )
    open_for(world, order, by_permit2(world, order))
    assert token.call("balanceOf", world.input_settler.address) == 9


def test_a_permit2_nonce_serves_once(world: World) -> None:
    first = world.order()
    open_for(world, first, by_permit2(world, first))
    second = replace(first, expires=first.expires + 1)
    with reverts("756688fe"):  # Permit2's InvalidNonce()
        open_for(world, second, by_permit2(world, second))


CHANGES: list[dict[str, Any]] = [
    {"user": mallory.address},
    {"nonce": 77},
    {"expires": 1},
    {"fill_deadline": -1},
    {"input_oracle": mallory.address},
    {"inputs": ((1, USDC),)},
    {"outputs": ("amount", 1)},
    {"outputs": ("recipient", b"\x00" * 12 + b"\x11" * 20)},
    {"outputs": ("context", b"\x00")},
    {"outputs": ("callback_data", b"\x00")},
    {"outputs": ("chain_id", 1)},
    {"outputs": ("token", b"\x00" * 12 + b"\x11" * 20)},
    {"outputs": ("oracle", b"\x00" * 12 + b"\x11" * 20)},
    {"outputs": ("settler", b"\x00" * 12 + b"\x11" * 20)},
]


@pytest.mark.parametrize("way", [by_permit2, by_authorization])
@pytest.mark.parametrize("change", CHANGES, ids=lambda c: str(next(iter(c.items())))[:28])
def test_every_signed_field_is_bound(world: World, way: Any, change: dict[str, Any]) -> None:
    order = world.order()
    signature = way(world, order)
    name, value = next(iter(change.items()))
    if name in ("expires", "fill_deadline"):
        value += getattr(order, name)
    if name == "inputs":
        value = ((order.inputs[0][0], order.inputs[0][1] - 1),)
    if name == "outputs":
        value = (replace(order.outputs[0], **{value[0]: value[1]}),)
    before = world.balance(world.usdc.address, alice.address)
    with pytest.raises(Exception, match=r"815e1d64|FiatTokenV2: invalid signature"):
        open_for(world, replace(order, **{name: value}), signature)
    assert world.balance(world.usdc.address, alice.address) == before


@pytest.mark.parametrize("way", [by_permit2, by_authorization])
def test_somebody_elses_signature_moves_nothing(world: World, way: Any) -> None:
    order = world.order()
    with pytest.raises(Exception, match=r"815e1d64|FiatTokenV2: invalid signature"):
        open_for(world, order, way(world, order, mallory))


def test_a_two_token_authorization_is_a_list_of_signatures(world: World) -> None:
    other = world.token("vrs_token")
    order = world.order(inputs=(world.order().inputs[0], (address_to_int(other.address), 5)))
    signature = sign(alice, world.eip3009_data(order))
    with reverts("SignatureAndInputsNotEqual"):
        open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [[signature]]))
    with reverts("SignatureAndInputsNotEqual"):
        open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [[]]))


def test_two_tokens_by_two_authorizations(world: World) -> None:
    """Both name the same nonce, the order id; each token keeps its own nonces."""
    second = deploy_usdc(world.chain)
    second.send("mint", alice.address, 50, sender=owner.address)
    order = world.order(inputs=(world.order().inputs[0], (address_to_int(second.address), 50)))
    signatures = [
        sign(alice, world.eip3009_data(order)),
        vrs_signature(world, second, order),
    ]
    with pytest.raises(Reverted):
        open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [signatures[::-1]]))
    open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [signatures]))
    assert second.call("balanceOf", world.input_settler.address) == 50


def test_one_signature_may_also_come_as_a_list(world: World) -> None:
    order = world.order()
    signature = sign(alice, world.eip3009_data(order))
    open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [[signature]]))
    assert world.status(world.id(order)) == 1


def test_a_list_with_a_bad_signature_tells_the_tokens_reason(world: World) -> None:
    order = world.order()
    signature = sign(mallory, world.eip3009_data(order))
    with reverts("FiatTokenV2: invalid signature"):
        open_for(world, order, BY_AUTHORIZATION + abi_encode(["bytes[]"], [[signature]]))


def test_a_contract_wallet_signs_the_authorization(world: World) -> None:
    wallet = world.token("receiver")
    wallet.send("sign_for", alice.address, sender=deployer.address)
    world.usdc.send("mint", wallet.address, 100 * USDC, sender=owner.address)
    order = world.order(user=wallet.address)
    open_for(world, order, by_authorization(world, order), sponsor=wallet.address)
    assert world.balance(world.usdc.address, wallet.address) == 0


def test_a_contract_wallet_signs_through_permit2(world: World) -> None:
    wallet = world.token("receiver")
    wallet.send("sign_for", alice.address, sender=deployer.address)
    world.usdc.send("mint", wallet.address, 100 * USDC, sender=owner.address)
    allow = world.usdc.data("approve", PERMIT2, 100 * USDC)
    wallet.send("act", world.usdc.address, allow, sender=deployer.address)
    order = world.order(user=wallet.address)
    open_for(world, order, by_permit2(world, order), sponsor=wallet.address)
    assert world.balance(world.usdc.address, wallet.address) == 0


def vrs_signature(world: World, token: Contract, order: StandardOrder, signer: Any = alice) -> bytes:
    data = eip3009_typed_data(
        order,
        settler=world.input_settler.address,
        token_name="USD Coin",
        token_version="2",
        token=token.address,
    )
    return sign(signer, data)


def test_a_token_of_the_first_eip3009_form(world: World) -> None:
    token = world.token("vrs_token")
    token.send("mint", alice.address, 50, sender=deployer.address)
    order = world.order(inputs=((address_to_int(token.address), 50),))
    signature = vrs_signature(world, token, order)
    with reverts("SignatureAndInputsNotEqual"):
        open_for(world, order, BY_VRS + signature[:64])
    with reverts(""):
        open_for(world, order, BY_VRS + vrs_signature(world, token, order, mallory))
    open_for(world, order, BY_VRS + signature)
    assert token.call("balanceOf", world.input_settler.address) == 50


@pytest.mark.parametrize("signature", [b"", BY_SELF])
def test_the_sponsor_itself_needs_no_signature(world: World, signature: bytes) -> None:
    order = world.order()
    open_for(world, order, signature, sender=alice.address)
    assert world.status(world.id(order)) == 1


@pytest.mark.parametrize("signature", [b"", BY_SELF, b"\x03", b"\x7f" + bytes(65)])
def test_nobody_else_opens_without_a_known_signature(world: World, signature: bytes) -> None:
    """Alice's standing allowance must not be usable by a stranger."""
    with reverts("SignatureNotSupported"):
        open_for(world, world.order(), signature, sender=mallory.address)


def test_native_coins_are_never_pulled(world: World) -> None:
    order = world.order(inputs=((0, 5),))
    with reverts(""):
        open_for(world, order, BY_SELF, sender=alice.address)
    with reverts("NativeNotAlone"):
        mixed = world.order(inputs=(world.order().inputs[0], (0, 5)))
        open_for(world, mixed, BY_SELF, sender=alice.address)


def test_the_terms_are_checked_as_in_open(world: World) -> None:
    output = world.output(world)
    cases = {
        "WrongChain": world.order(origin_chain_id=1),
        "TimestampPassed": world.order(fill_deadline=1),
        "FillDeadlineAfterExpiry": world.order(expires=world.chain.timestamp() + 5),
        "NoInputs": world.order(inputs=()),
        "NoOutputs": world.order(outputs=()),
        "EqualOutputs": world.order(outputs=(output, output)),
        "HasDirtyBits": world.order(outputs=(replace(output, recipient=b"\x01" * 32),)),
        "ZeroValue": world.order(outputs=(replace(output, amount=0),)),
        "EqualInputs": world.order(inputs=(world.order().inputs[0], world.order().inputs[0])),
    }
    for name, order in cases.items():
        with reverts(name):
            open_for(world, order, by_permit2(world, order))


def test_an_order_opens_once(world: World) -> None:
    order = world.order()
    open_for(world, order, by_authorization(world, order))
    with reverts("InvalidOrderStatus"):
        open_for(world, order, by_authorization(world, order))


def test_a_token_that_delivers_less_is_refused(world: World) -> None:
    token = second_token(world)
    token.send("set_fee", 1, sender=deployer.address)
    order = world.order(inputs=((address_to_int(token.address), 100_000_000),))
    token.send("mint", alice.address, 10**9, sender=deployer.address)
    token.send("approve", PERMIT2, 0, sender=alice.address)
    token.send("approve", PERMIT2, 10**9, sender=alice.address)
    with reverts("WrongAmountReceived"):
        open_for(world, order, by_permit2(world, order))


@pytest.mark.parametrize("is_self", [False, True], ids=["permit2", "self"])
def test_a_second_token_that_delivers_less_is_refused(world: World, is_self: bool) -> None:
    token = second_token(world)
    if is_self:
        token.send("approve", world.input_settler.address, 1000, sender=alice.address)
    token.send("set_fee", 100, sender=deployer.address)
    order = world.order(inputs=(world.order().inputs[0], (address_to_int(token.address), 1000)))
    signature = b"" if is_self else by_permit2(world, order)
    with reverts("WrongAmountReceived"):
        open_for(world, order, signature, sender=alice.address)


def test_an_unknown_caller_may_send_it(world: World) -> None:
    order = world.order()
    stranger = actor("stranger")
    world.chain.fund(stranger.address)
    open_for(world, order, by_permit2(world, order), sender=stranger.address)
    assert world.status(world.id(order)) == 1
