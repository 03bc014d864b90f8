"""Whoever waits until the price suits them gets no better one at our cost: late orders are taken at no loss, or not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import wallet
from intents.engine import reservations
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, Order, Quote, Reservation
from tests.engine.driver import Driver
from tests.engine.senders import open_own
from tests.engine.test_deposits import pay
from tests.engine.test_last_look import _move as move

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

# More than such an order earns us, less than a fill may lose.
FALLEN_BPS = 9_970
COINS = 5 * 10**16
DELIVERED = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)


@pytest.mark.parametrize("is_late", [False, True])
def test_a_coin_locked_long_after_the_offer_ran_out_is_not_paid_at_a_loss(
    driver: Driver, bob: LocalAccount, is_late: bool
) -> None:
    order = driver.transfer(bob, give="alder:ETH", get="birch:USDC", amount="1")
    if is_late:
        run_out(order)
    with driver.network.ticking():
        move(driver, "weth", FALLEN_BPS)
        open_own(driver.network, "alder", bob, order)
        if is_late:
            driver.work_until(lambda: waiting(order, StepKind.FILL) == "not_profitable")
            assert not Attempt.objects.filter(step__order=order).exists()
            assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
            move(driver, "weth", 10_031)
        driver.drive(order, *DELIVERED)


def test_a_payment_that_comes_late_is_not_opened_at_a_loss_but_once_it_pays(driver: Driver) -> None:
    order = driver.transfer(
        wallet(861), give="alder:WETH", get="birch:USDC", amount="0.05", confirm="deposit"
    )
    run_out(order)
    with driver.network.ticking():
        move(driver, "weth", FALLEN_BPS)
        pay(driver, order, COINS, symbol="WETH")
        driver.work_until(lambda: waiting(order, StepKind.OPEN) == "not_profitable")
        assert not Attempt.objects.filter(step__order=order).exists()
        move(driver, "weth", 10_031)
        driver.drive(order, *DELIVERED)


def test_what_was_taken_in_time_may_lose_a_little_however_long_its_open_took(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    """Its stock was given back meanwhile, but nobody waited for a price: our own transaction locked the input."""
    settings.FILL_ENABLED = False
    order = driver.transfer(alice, give="alder:WETH", get="birch:USDC", amount="0.05")
    with driver.network.ticking():
        order = driver.drive(order, OrderState.OPENED)
        reservations.release(order.order_id)
        run_out(order)
        move(driver, "weth", FALLEN_BPS)
        settings.FILL_ENABLED = True
        Order.objects.filter(pk=order.pk).update(wake_at=1)
        driver.drive(order, *DELIVERED)


def run_out(order: Order) -> None:
    """Five minutes ago."""
    Quote.objects.filter(order_id=order.order_id).update(expires_at=timezone.now() - timedelta(minutes=5))


def waiting(order: Order, kind: StepKind) -> str:
    return str(order.steps.get(kind=kind).waiting.get("code", ""))
