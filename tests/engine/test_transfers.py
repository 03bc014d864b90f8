"""Whole transfers on real chains: delivered and settled, by each way to confirm and each way to fill."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import ledger
from intents.engine.audit import ledger_check
from intents.lifecycle import OrderState
from intents.models import Attempt, LedgerEntry, Reservation
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

WHOLE_STORY = [
    "accepted",
    "open_sent",
    "opened",
    "fill_sent",
    "filled",
    "delivered",
    "prove_sent",
    "proven",
    "finalise_sent",
    "settled",
]


@pytest.mark.parametrize("confirm", ["eip3009", "permit2"])
def test_a_transfer_from_stock_is_delivered_and_settled(
    driver: Driver, alice: LocalAccount, confirm: str
) -> None:
    before = driver.network.balance("birch", "USDC", alice.address)
    account = driver.network.manifest("alder").address("solver_account")
    held = driver.network.balance("alder", "USDC", account)
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice, confirm=confirm), OrderState.SETTLED)
    received = driver.network.balance("birch", "USDC", alice.address) - before
    assert received == order.delivered_amount >= order.output_amount
    assert driver.network.balance("alder", "USDC", account) - held == order.input_amount
    assert set(ledger.sums().values()) <= {0}
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.kinds(order) == WHOLE_STORY
    purposes = list(Attempt.objects.filter(step__order=order).values_list("purpose", flat=True))
    assert sorted(purposes) == ["dispatch", "fill", "finalise", "open", "process"]


@pytest.mark.parametrize("exact", ["input", "output"])
def test_a_transfer_through_a_swap_delivers_at_least_what_was_signed(
    driver: Driver, alice: LocalAccount, bob: LocalAccount, exact: str
) -> None:
    before = driver.network.balance("birch", "WETH", bob.address)
    account = driver.network.manifest("birch").address("solver_account")
    stock = driver.network.balance("birch", "USDC", account)
    order = driver.transfer(
        alice,
        get="birch:WETH",
        amount="100" if exact == "input" else "0.03",
        exact=exact,
        recipient=bob.address,
    )
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    received = driver.network.balance("birch", "WETH", bob.address) - before
    assert order.output_amount <= received <= order.output_expected
    assert received == order.delivered_amount
    spent = stock - driver.network.balance("birch", "USDC", account)
    swapped = LedgerEntry.objects.get(order=order, memo="fill:swap", debit="inventory")
    assert swapped.amount == spent
    assert set(ledger.sums().values()) <= {0}


def test_the_books_equal_what_the_contracts_hold(
    driver: Driver, alice: LocalAccount, bob: LocalAccount
) -> None:
    assert ledger_check() == []
    orders = [driver.transfer(alice, get="birch:WETH"), driver.transfer(bob), driver.transfer(alice)]
    driver.drive(orders[2], OrderState.OPENED, OrderState.FILLING, OrderState.FILLED, OrderState.PROVING)
    with driver.network.ticking():
        for order in orders:
            driver.drive(order, OrderState.SETTLED)
    assert ledger_check() == []
    strangers.leave_in_stock(driver.network, "birch", "USDC", 1_000)
    [difference] = ledger_check()
    assert (difference.chain_id, difference.account, difference.held) == (902, "inventory", 1_000)


def test_gas_of_every_transaction_is_booked_once(driver: Driver, alice: LocalAccount) -> None:
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice), OrderState.SETTLED)
        driver.work_until(lambda: _gas_entries(order) == 5)
    attempts = Attempt.objects.filter(step__order=order)
    cost = sum(attempt.gas_used * attempt.gas_price_wei for attempt in attempts)
    booked = LedgerEntry.objects.filter(order=order, credit="gas").values_list("amount", flat=True)
    assert sum(booked) == cost > 0


def _gas_entries(order: object) -> int:
    return LedgerEntry.objects.filter(order=order, credit="gas").count()
