"""Stock that an order holds without being opened comes back, whatever keeps the order from being opened."""

import time
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry, sender
from intents.chains.endpoints import RpcUnavailable
from intents.chains.fees import FeeAboveCap
from intents.chains.reverts import Reverted
from intents.engine import reservations, sweep
from intents.engine.actions import open as open_action
from intents.lifecycle import OrderState, StepKind
from intents.models import Chain, ChainLog, Order, Reservation, Stock
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unopened order holds its stock for half a second."""
    monkeypatch.setattr(reservations, "UNOPENED_SECONDS", 0.5)
    monkeypatch.setattr(reservations, "UNOPENED_BLOCKS", 0)


def test_an_order_that_nobody_advances_gives_its_stock_back(driver: Driver, alice: LocalAccount) -> None:
    order = driver.transfer(alice)
    assert _holds(order)
    driver.wait_for(lambda: sweep.sweep() >= 0 and not _holds(order))
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)


def test_an_order_whose_planned_stock_went_to_others_meanwhile_is_paid_another_way(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.transfer(alice, get="birch:WETH", amount="40")
    planned = order.steps.get(kind=StepKind.FILL).details["stock_token"]
    driver.wait_for(lambda: sweep.sweep() >= 0 and not _holds(order))
    held = Stock.objects.filter(chain_id=902, token=planned)
    held.update(reserved=held.get(holder=birch_account()).balance)

    driver.drive(order, OrderState.FILLED, OrderState.PROVING)

    assert order.steps.get(kind=StepKind.FILL).details["stock_token"] != planned


@pytest.mark.parametrize("trouble", [FeeAboveCap("dear"), RpcUnavailable("away")], ids=["fees", "outage"])
def test_an_order_that_cannot_be_sent_does_not_keep_its_stock(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def troubled(*args: Any, **kwargs: Any) -> Any:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(open_action, "send", troubled)
        order = driver.transfer(alice)
        driver.work_until(lambda: not _holds(order))
        for _ in range(3):
            _look(driver, order)
            assert not _holds(order), "each look would hold it again"
    _look(driver, order)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    assert not _holds(order)


def test_a_deadline_that_the_chain_says_has_passed_gives_the_stock_back_at_once(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reservations, "UNOPENED_SECONDS", 60.0)

    def late(*args: Any, **kwargs: Any) -> Any:
        raise Reverted("TimestampPassed")

    monkeypatch.setattr(open_action, "send", late)
    order = driver.transfer(alice)
    driver.work()
    order.refresh_from_db()
    assert order.state == OrderState.SIGNED
    assert not _holds(order)


def test_a_paused_chain_holds_no_stock(driver: Driver, alice: LocalAccount) -> None:
    order = driver.transfer(alice)
    Chain.objects.filter(chain_id=902).update(paused_reason="by hand")
    driver.drive(order, OrderState.REJECTED)
    assert not _holds(order)


def test_a_deposit_that_a_reorg_took_back_holds_stock_like_an_unopened_one(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILL_ENABLED = False
    with monkeypatch.context() as patched:
        patched.setattr(reservations, "UNOPENED_SECONDS", 60.0)
        order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    time.sleep(0.6)
    sweep.sweep()
    assert _holds(order)
    monkeypatch.setattr(sender, "_broadcast", lambda attempt: attempt)
    block = ChainLog.objects.get(order_id=order.order_id, kind="Open").block_number
    strangers.reorg(driver.network, "alder", block)
    driver.drive(order, OrderState.OPENING)
    driver.wait_for(lambda: reservations.release_unopened(registry.chain(901)) >= 0 and not _holds(order))


def birch_account() -> str:
    return registry.chain(902).address("solver_account")


def _look(driver: Driver, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work()


def _holds(order: Order) -> bool:
    return Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
