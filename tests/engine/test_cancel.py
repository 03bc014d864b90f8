"""A person takes the signature back before it is used: nothing is taken, and nothing stays reserved."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import Call
from intents.chains.client import client
from intents.engine.deposits import address_of
from intents.lifecycle import OrderState
from intents.models import Attempt, Order, Reservation
from intents.selectors.timeline import timeline
from intents.settlement.cancelling import (
    cancel_authorization,
    cancel_typed_data,
    invalidate_nonce,
    permit_allowance,
    permit_count,
    void_permit,
    void_permit_data,
)
from intents.settlement.order import order_from_json
from intents.settlement.typed_data import TypedData
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("way", "code", "said"),
    [
        ("eip3009", "cancelled", "You cancelled"),
        ("permit2", "cancelled", "You cancelled"),
        ("permit", "permit_void", "was taken back"),
    ],
)
def test_a_cancelled_signature_opens_nothing(
    driver: Driver, alice: LocalAccount, way: str, code: str, said: str
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.transfer(alice, confirm=way)
    cancel(driver, order, alice)
    order = driver.drive(order, OrderState.REJECTED)
    assert order.reason == {"code": code, "params": {}}
    assert not Attempt.objects.filter(step__order=order).exists()
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert said in timeline(order).reason


def test_a_permit_that_somebody_handed_in_is_taken_back_too(driver: Driver) -> None:
    """Cedar's dollar knows permits only; its allowance stands before anybody cancels."""
    user = Account.create()
    driver.network.fund("cedar", [user.address], {"USDC": 20 * 10**18})
    order = driver.transfer(user, give="cedar:USDC", get="birch:USDC", amount="20", confirm="permit")
    hand_in(driver, order)
    cancel(driver, order, user)
    order = driver.drive(order, OrderState.REJECTED)
    assert order.reason["code"] == "permit_void"
    assert driver.network.balance("cedar", "USDC", user.address) == 20 * 10**18


def test_a_permit_for_somebody_else_uses_up_the_number(driver: Driver) -> None:
    """Another permit of the wallet, signed elsewhere, is as final; nobody says that the person cancelled."""
    user = Account.create()
    driver.network.fund("cedar", [user.address], {"USDC": 20 * 10**18})
    order = driver.transfer(user, give="cedar:USDC", get="birch:USDC", amount="20", confirm="permit")
    cancel(driver, order, user, place=Account.create().address)
    order = driver.drive(order, OrderState.REJECTED)
    assert "another permit" in timeline(order).reason


def test_a_cancellation_that_comes_too_late_changes_nothing(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    with pytest.raises(AssertionError):
        cancel(driver, order, alice)
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)


def cancel(driver: Driver, order: Order, wallet: LocalAccount, *, place: str = "") -> None:
    """As the person's own wallet does; fails when the transaction does."""
    origin = registry.chain(order.origin_id)
    terms, order_id = order_from_json(order.terms), bytes.fromhex(order.order_id[2:])
    if order.confirm_way == "permit2":
        _send(driver, invalidate_nonce(terms, origin=origin), sender=wallet.address)
        return
    if order.confirm_way == "permit":
        place = place or address_of(order_id, origin=origin)
        view = permit_count(terms)
        count = int.from_bytes(client(order.origin_id).call(view.target, view.data), "big")
        data = void_permit_data(terms, deposit_address=place, count=count, origin=origin)
        call = void_permit(terms, deposit_address=place, signature=signed(data, wallet))
        _send(driver, call, sender=wallet.address, slug=origin.slug)
        return
    data = cancel_typed_data(terms, order_id=order_id, origin=origin)
    call = cancel_authorization(terms, order_id=order_id, signature=signed(data, wallet))
    _send(driver, call, sender=wallet.address)


def hand_in(driver: Driver, order: Order) -> None:
    """A stranger brings the order's own permit to the token."""
    origin, terms = registry.chain(order.origin_id), order_from_json(order.terms)
    place = address_of(bytes.fromhex(order.order_id[2:]), origin=origin)
    call = void_permit(terms, deposit_address=place, signature=bytes.fromhex(order.signature[2:]))
    value = slice(4 + 2 * 32, 4 + 3 * 32)
    data = call.data[: value.start] + terms.inputs[0][1].to_bytes(32, "big") + call.data[value.stop :]
    strangers.send(driver.network, origin.slug, Call(target=call.target, data=data))
    view = permit_allowance(terms, deposit_address=place)
    driver.wait_for(lambda: int.from_bytes(client(order.origin_id).call(view.target, view.data), "big"))


def signed(data: TypedData, wallet: LocalAccount) -> bytes:
    return bytes(wallet.sign_message(encode_typed_data(full_message=data)).signature)


def _send(driver: Driver, call: Call, *, sender: str, slug: str = "alder") -> None:
    rpc = driver.network.rpc(slug)
    rpc.request("anvil_impersonateAccount", sender)
    tx_hash = strangers.send(driver.network, slug, call, sender=sender)
    rpc.request("anvil_stopImpersonatingAccount", sender)
    receipt = driver.wait_for(lambda: rpc.request("eth_getTransactionReceipt", tx_hash))
    assert receipt["status"] == "0x1"
