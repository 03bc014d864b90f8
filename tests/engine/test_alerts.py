"""What costs us money, or soon will, is told to staff at once, and thin gas stops what would need it."""

from typing import Any

import pytest
from django.test import Client
from eth_account.signers.local import LocalAccount

from intents.chains import accounts, registry
from intents.engine import gas, sweep
from intents.lifecycle import OrderState
from intents.models import Alert, Attempt, Chain, ChainLog, Order, Stock
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_an_input_that_went_back_after_our_delivery_alerts_staff(
    driver: Driver, alice: LocalAccount, admin_client: Client, settings: Any
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.expires - now + 2)
    terms = order_from_json(order.terms)
    strangers.send(driver.network, "alder", calls.refund(terms, origin=registry.chain(901)))
    order = driver.drive(order, OrderState.REFUNDED)
    [alert] = Alert.objects.filter(order=order, ended_at=None)
    assert (alert.kind, alert.data["amount"]) == ("loss", str(order.input_amount))
    page = admin_client.get(f"/{settings.STAFF_PATH}intents/order/?alerts__kind=loss")
    assert order.order_id[:12] in page.content.decode()
    assert admin_client.get(f"/{settings.STAFF_PATH}intents/alert/").status_code == 200
    strangers.reorg(
        driver.network, "alder", ChainLog.objects.get(order_id=order.order_id, kind="Refunded").block_number
    )
    driver.work_until(lambda: not Alert.objects.filter(order=order, ended_at=None).exists())


def test_thin_gas_alerts_once_and_pauses_the_chain_until_it_is_full_again(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    driver.work_until(lambda: order.steps.get(kind="fill").waiting)
    relayer = accounts.address(accounts.RELAYER)
    rich = _set_gas(driver, relayer, 10**9)
    assert [(each.chain_id, each.role) for each in gas.watch_reserves()] == [(902, accounts.RELAYER)]
    sweep.sweep()
    assert Alert.objects.filter(kind="gas_low", ended_at=None).count() == 1
    assert Chain.objects.get(chain_id=902).paused_reason == gas.GAS_LOW
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work()
    assert order.steps.get(kind="fill").waiting["code"] == "chain_paused"
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    _set_gas(driver, relayer, rich)
    assert gas.watch_reserves() == []
    assert not Alert.objects.filter(ended_at=None).exists()
    assert Chain.objects.get(chain_id=902).paused_reason == ""
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)


def test_a_pause_by_hand_is_not_ended_by_full_gas(driver: Driver) -> None:
    Chain.objects.filter(chain_id=902).update(paused_reason="by hand")
    gas.watch_reserves()
    assert Chain.objects.get(chain_id=902).paused_reason == "by hand"


def _set_gas(driver: Driver, holder: str, wei: int) -> int:
    """Give an account so much on Birch, seen by the follower; what it had."""
    rpc = driver.network.rpc("birch")
    before = int(rpc.request("eth_getBalance", holder, "latest"), 16)
    rpc.request("anvil_setBalance", holder, hex(wei))
    driver.network.mine("birch")
    stock = Stock.objects.filter(chain_id=902, holder=holder, token="0x" + "00" * 20)
    driver.wait_for(lambda: stock.filter(balance=wei).exists())
    return before
