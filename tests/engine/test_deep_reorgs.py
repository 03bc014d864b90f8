"""A reorg deeper than an order waited for, and fees above the cap: bounded, said, and gone on from."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import pauses
from intents.chains.client import client
from intents.engine import exposure, ledger
from intents.lifecycle import OrderState
from intents.models import Alert, Chain, ChainHead, ChainLog, Order
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_refunds import driver_clock

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

USD_E8 = 10**8
DELIVERED = (OrderState.FILLED, OrderState.PROVING)


def test_a_deposit_lost_for_good_after_the_delivery_is_booked_as_lost_and_the_chain_paused(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), *DELIVERED)
    alder = driver.network.manifest("alder")
    driver.network.mine("alder", alder.depth + 1)
    opened = ChainLog.objects.get(order_id=order.order_id, kind="Open")
    driver.wait_for(lambda: head_of(901) > opened.block_number + alder.depth)
    strangers.reorg(driver.network, "alder", opened.block_number)
    paused = Chain.objects.filter(slug="alder", paused_reason__startswith="deep_reorg ")
    driver.wait_for(paused.exists)
    with pytest.raises(AssertionError, match="chain_paused"):
        driver.wait_for(lambda: driver.quote(alice) and None, seconds=3)

    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.NEEDS_ATTENTION)
    assert order.reason["code"] == "deposit_lost"
    lost = ledger.balances([order.order_id])[901, order.input_token, "loss"]
    assert lost == order.input_amount
    assert Alert.objects.filter(order=order, kind="loss", ended_at=None).count() == 1
    assert set(ledger.sums().values()) <= {0}

    driver.network.mine("alder", pauses.CALM_DEPTHS * alder.depth + 2)
    head = client(901).head().number
    driver.wait_for(lambda: head_of(901) >= head)
    assert pauses.note_nodes(alder, client(901).probe())
    assert not paused.exists()


def test_what_a_reorg_could_cost_at_once_is_capped(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposure, "exposure_cap_usd_e8", lambda manifest: 150 * USD_E8)
    driver.drive(driver.transfer(alice), *DELIVERED)
    second = driver.drive(driver.transfer(alice), OrderState.OPENED)
    fill = second.steps.get(kind="fill")

    def is_waiting() -> bool:
        fill.refresh_from_db()
        return bool(fill.waiting.get("code") == "exposure_full")

    driver.work_until(is_waiting)
    assert second.state == OrderState.OPENED
    driver.network.mine("alder", driver.network.manifest("alder").depth)
    driver.drive(second, *DELIVERED)


def test_a_fee_spike_is_waited_out(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    birch = driver.network.manifest("birch")
    usual = int(driver.network.rpc("birch").block()["baseFeePerGas"], 16)
    set_base_fee(driver, 2 * birch.max_fee_wei)
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    fill = order.steps.get(kind="fill")

    def reason() -> str:
        order.refresh_from_db()
        fill.refresh_from_db()
        return str(fill.waiting.get("code", ""))

    driver.work_until(lambda: reason() in ("fees_too_high", "not_profitable"))
    assert order.state in (OrderState.OPENED, OrderState.FILLING)
    set_base_fee(driver, usual)
    driver.drive(order, *DELIVERED)


def head_of(chain_id: int) -> int:
    """The newest block that the follower wrote."""
    return ChainHead.objects.get(chain_id=chain_id).number


def set_base_fee(driver: Driver, wei: int) -> None:
    """The next block asks this much for gas, and the follower has seen it."""
    driver.network.rpc("birch").request("anvil_setNextBlockBaseFeePerGas", hex(wei))
    driver.network.mine("birch")
    driver.wait_for(lambda: ChainHead.objects.get(chain_id=902).base_fee_wei == wei)
