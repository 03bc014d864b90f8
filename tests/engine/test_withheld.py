"""What an escrow owes us and its token refuses to pay: booked as it is, told to staff, and claimed by whoever comes."""

import io

import pytest
from django.core.management import call_command
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.engine import ledger
from intents.engine.audit import audit, ledger_check
from intents.engine.withheld import PURPOSE, sweep_withheld
from intents.lifecycle import OrderState
from intents.models import Alert, Attempt, ChainLog, LedgerEntry, Order
from intents.settlement import calls
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_refunds import set_blocked

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_what_the_token_refused_to_pay_us_is_told_and_claimed_once_it_pays(
    driver: Driver, alice: LocalAccount
) -> None:
    account, before = _account(driver), _stock(driver)
    orders = [driver.drive(driver.transfer(alice), OrderState.PROVING) for _ in range(2)]
    _settle_refused(driver, *orders)
    owed = sum(order.input_amount for order in orders)
    assert _stock(driver) == before
    assert (_booked(*orders, account="claimable"), _booked(*orders, account="inventory")) == (owed, 0)

    assert sweep_withheld() == 1
    [alert] = Alert.objects.filter(ended_at=None)
    assert (alert.kind, alert.chain_id, alert.data["amount"]) == ("payout_held", 901, str(owed))
    driver.wait_for(lambda: all(each.is_in_order for each in audit()))
    said = io.StringIO()
    call_command("books", stdout=said)
    assert "in the escrow is owed to us" in said.getvalue()

    set_blocked(driver, account, is_blocked=False)
    assert sweep_withheld() == 1
    assert not Attempt.objects.filter(purpose=PURPOSE).exists(), (
        "refused just now, it is tried again in an hour"
    )
    # Anybody may claim it for us.
    claim = calls.claim(orders[0].input_token, account, origin=registry.chain(901))
    tx_hash = strangers.send(driver.network, "alder", claim)
    driver.wait_for(lambda: ChainLog.objects.filter(kind="Claimed", tx_hash=tx_hash).exists())
    [alder] = [each for each in audit() if each.chain.slug == "alder"]
    named = {(each.what, each.subject) for line in alder.lines for each in line.under_way}
    assert named == {("collection", order.pk) for order in orders}
    assert alder.is_in_order
    assert sweep_withheld() == 0
    _assert_collected(driver, *orders, stock=before + owed)

    strangers.reorg(
        driver.network, "alder", ChainLog.objects.get(kind="Claimed", tx_hash=tx_hash).block_number
    )
    driver.wait_for(lambda: Alert.objects.filter(kind="payout_held", ended_at=None).exists())
    assert (_booked(*orders, account="claimable"), _booked(*orders, account="inventory")) == (owed, 0)
    driver.wait_for(lambda: sweep_withheld() == 0)
    _assert_collected(driver, *orders, stock=before + owed)
    [sent] = Attempt.objects.filter(purpose=PURPOSE)
    assert ChainLog.objects.get(kind="Claimed").tx_hash == sent.tx_hash
    assert LedgerEntry.objects.filter(order=None, memo=f"gas:{sent.tx_hash[2:34]}").exists()


@pytest.mark.parametrize("is_back_at_once", [False, True])
def test_a_reorganised_settlement_that_the_token_pays_the_second_time_is_not_held_any_more(
    driver: Driver, alice: LocalAccount, is_back_at_once: bool
) -> None:
    before = _stock(driver)
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    _settle_refused(driver, order)
    assert _booked(order, account="claimable") == order.input_amount
    settled = ChainLog.objects.filter(order_id=order.pk, kind="Finalised")
    gone = settled.get()
    strangers.reorg(driver.network, "alder", gone.block_number)
    driver.wait_for(lambda: not settled.exists())
    set_blocked(driver, _account(driver), is_blocked=False)
    if is_back_at_once:
        # Nobody has looked at the order meanwhile.
        raw = "0x" + bytes(Attempt.objects.get(tx_hash=gone.tx_hash).raw).hex()
        driver.network.rpc("alder").request("eth_sendRawTransaction", raw)
        driver.wait_for(settled.exists)
    with driver.network.ticking():
        driver.work_until(lambda: not ledger.is_withheld(order))
        driver.drive(order, OrderState.SETTLED)
    assert ("reorg" in driver.kinds(order)) != is_back_at_once
    assert sweep_withheld() == 0
    _assert_collected(driver, order, stock=before + order.input_amount)


def _settle_refused(driver: Driver, *orders: Order) -> None:
    """Have them settled while the token pays our account nothing."""
    set_blocked(driver, _account(driver), is_blocked=True)
    with driver.network.ticking():
        for order in orders:
            driver.drive(order, OrderState.SETTLED)


def _assert_collected(driver: Driver, *orders: Order, stock: int) -> None:
    assert _stock(driver) == stock
    owed = sum(order.input_amount for order in orders)
    assert (_booked(*orders, account="claimable"), _booked(*orders, account="inventory")) == (0, owed)
    assert not Alert.objects.filter(ended_at=None).exists()
    assert ledger_check() == []


def _booked(*orders: Order, account: str) -> int:
    booked = ledger.balances([order.pk for order in orders])
    return booked.get((901, orders[0].input_token, account), 0)


def _account(driver: Driver) -> str:
    return driver.network.manifest("alder").address("solver_account")


def _stock(driver: Driver) -> int:
    return driver.network.balance("alder", "USDC", _account(driver))
