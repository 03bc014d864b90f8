"""Blocks are taken back: the order goes back with them, and the very same transactions go in again."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import ledger
from intents.engine.actions import open as open_action
from intents.engine.audit import ledger_check
from intents.engine.depth import final_depth
from intents.engine.observe import KEPT_BLOCKS, kept_blocks
from intents.lifecycle import OrderState
from intents.models import Attempt, ChainLog, Order
from intents.settlement.acceptance import Refusal
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_refunds import driver_clock, set_blocked

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_a_reorganised_open_is_opened_again_by_the_same_bytes(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    block = ChainLog.objects.get(order_id=order.order_id, kind="Open").block_number
    strangers.reorg(driver.network, "alder", block)
    driver.wait_for(lambda: "reorg" in _worked(driver, order))
    order = driver.drive(order, OrderState.OPENED)
    assert driver.kinds(order).count("opened") == 2
    assert Attempt.objects.filter(step__order=order, purpose="open").count() == 1
    assert before - driver.network.balance("alder", "USDC", alice.address) == order.input_amount
    escrowed = ledger.balances([order.order_id])[901, order.input_token, "escrow"]
    assert escrowed == order.input_amount


def test_a_reorganised_fill_is_filled_again_and_settled(driver: Driver, alice: LocalAccount) -> None:
    before = driver.network.balance("birch", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    block = ChainLog.objects.get(order_id=order.order_id, kind="OutputFilled").block_number
    strangers.reorg(driver.network, "birch", block)
    driver.wait_for(lambda: "reorg" in _worked(driver, order))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", alice.address) - before == order.output_amount
    assert driver.kinds(order).count("delivered") == 2
    assert set(ledger.sums().values()) <= {0}


def test_a_reorganised_settlement_is_settled_again(driver: Driver, alice: LocalAccount) -> None:
    account = driver.network.manifest("alder").address("solver_account")
    held = driver.network.balance("alder", "USDC", account)
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice), OrderState.SETTLED)
    block = ChainLog.objects.get(order_id=order.order_id, kind="Finalised").block_number
    strangers.reorg(driver.network, "alder", block)
    driver.wait_for(lambda: "reorg" in _worked(driver, order))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("alder", "USDC", account) - held == order.input_amount


def test_a_reorganised_message_is_sent_again_by_the_same_bytes(driver: Driver, alice: LocalAccount) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    dispatches = ChainLog.objects.filter(order_id=order.order_id, kind="Dispatch")
    block = driver.work_until(dispatches.first).block_number
    driver.work()
    strangers.reorg(driver.network, "birch", block)
    driver.wait_for(lambda: not dispatches.exists())
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert Attempt.objects.filter(step__order=order, purpose="dispatch").count() == 1


def test_a_refund_that_a_reorg_takes_back_with_its_open_ends_as_nothing_taken(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = _refunded(driver, driver.drive(driver.transfer(alice), OrderState.OPENED))
    block = ChainLog.objects.get(order_id=order.order_id, kind="Open").block_number
    strangers.reorg(driver.network, "alder", block)
    # The new blocks are older than the deadline: past it, the same open can not come again.
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.EXPIRED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert ledger_check() == []


def test_a_claim_that_a_reorg_takes_back_with_its_refund_is_not_in_the_books(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    set_blocked(driver, alice.address, is_blocked=True)
    order = _refunded(driver, order)
    set_blocked(driver, alice.address, is_blocked=False)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work_until(lambda: Order.objects.get(pk=order.pk).payout == "sent")
    refunds = ChainLog.objects.filter(order_id=order.order_id, kind="Refunded")
    strangers.reorg(driver.network, "alder", refunds.get().block_number)
    driver.wait_for(lambda: "reorg" in _worked(driver, order))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
        driver.work_until(lambda: order.steps.get(kind="refund").waiting)
    order.refresh_from_db()
    assert order.payout == "claimable"
    assert ledger_check() == []


def test_a_claim_that_a_reorg_takes_back_alone_waits_and_is_pushed_again(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    set_blocked(driver, alice.address, is_blocked=True)
    order = _refunded(driver, order)
    set_blocked(driver, alice.address, is_blocked=False)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work_until(lambda: Order.objects.get(pk=order.pk).payout == "sent")
    claims = ChainLog.objects.filter(chain_id=901, kind="Claimed")
    strangers.reorg(driver.network, "alder", claims.get().block_number)
    driver.work_until(lambda: driver.kinds(order)[-2:] == ["reorg", "refunded"])
    order.refresh_from_db()
    assert (order.state, order.payout) == (OrderState.REFUNDED, "sent")
    assert Attempt.objects.filter(step__order=order, purpose="claim").count() == 1
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert ledger_check() == []


def test_the_newest_final_block_is_among_those_that_are_remembered(driver: Driver) -> None:
    manifest = replace(driver.network.manifest("alder"), depth=400)
    assert kept_blocks(manifest) > final_depth(manifest)
    assert kept_blocks(driver.network.manifest("alder")) == KEPT_BLOCKS


def test_a_deposit_that_is_lost_after_the_delivery_is_put_in_again_at_any_price(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    opens = ChainLog.objects.filter(order_id=order.order_id, kind="Open")
    monkeypatch.setattr(open_action, "in_flight", lambda *args: None)
    monkeypatch.setattr(open_action, "refusal_of", lambda *args: Refusal("not_profitable"))
    strangers.reorg(driver.network, "alder", opens.get().block_number)
    driver.wait_for(lambda: not opens.exists())
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)


def test_a_deposit_that_is_lost_for_good_after_the_delivery_needs_a_person(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    opens = ChainLog.objects.filter(order_id=order.order_id, kind="Open")
    strangers.reorg(driver.network, "alder", opens.get().block_number)
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.NEEDS_ATTENTION)
    assert order.reason["code"] == "deposit_lost"


def _refunded(driver: Driver, order: Order) -> Order:
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        return driver.drive(order, OrderState.REFUNDED)


def _worked(driver: Driver, order: Order) -> list[str]:
    driver.work()
    return driver.kinds(order)
