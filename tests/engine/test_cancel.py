"""A person takes the signature back before it is used: nothing is taken, and nothing stays reserved."""

from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import Call
from intents.lifecycle import OrderState
from intents.models import Attempt, Order, Reservation
from intents.selectors.timeline import timeline
from intents.settlement.cancelling import cancel_authorization, cancel_typed_data, invalidate_nonce
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("way", ["eip3009", "permit2"])
def test_a_cancelled_signature_opens_nothing(driver: Driver, alice: LocalAccount, way: str) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.transfer(alice, confirm=way)
    cancel(driver, order, alice)
    order = driver.drive(order, OrderState.REJECTED)
    assert order.reason == {"code": "cancelled", "params": {}}
    assert not Attempt.objects.filter(step__order=order).exists()
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert "You cancelled" in timeline(order).reason


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


def cancel(driver: Driver, order: Order, wallet: LocalAccount) -> None:
    """As the person's own wallet does; fails when the transaction does."""
    origin = registry.chain(order.origin_id)
    terms, order_id = order_from_json(order.terms), bytes.fromhex(order.order_id[2:])
    if order.confirm_way == "permit2":
        _send(driver, invalidate_nonce(terms, origin=origin), sender=wallet.address)
        return
    data = cancel_typed_data(terms, order_id=order_id, origin=origin)
    signature = bytes(wallet.sign_message(encode_typed_data(full_message=data)).signature)
    _send(driver, cancel_authorization(terms, order_id=order_id, signature=signature), sender=wallet.address)


def _send(driver: Driver, call: Call, *, sender: str) -> None:
    rpc = driver.network.rpc("alder")
    rpc.request("anvil_impersonateAccount", sender)
    tx_hash = strangers.send(driver.network, "alder", call, sender=sender)
    rpc.request("anvil_stopImpersonatingAccount", sender)
    receipt = driver.wait_for(lambda: rpc.request("eth_getTransactionReceipt", tx_hash))
    assert receipt["status"] == "0x1"
