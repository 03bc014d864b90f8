"""Whole transfers on real chains: delivered and settled, by each way to confirm and each way to fill."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import ledger
from intents.lifecycle import OrderState, StepState
from intents.models import Attempt, Reservation
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


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
    assert driver.kinds(order) == [
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
    purposes = list(Attempt.objects.filter(step__order=order).values_list("purpose", flat=True))
    assert sorted(purposes) == ["dispatch", "fill", "finalise", "open", "process"]
