"""Orders that their user's own transaction opens: written down first, priced and given stock when seen opened."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.engine import cold_start
from intents.errors import WaymeetError
from intents.lifecycle import OrderState
from intents.models import Attempt, Join, Reservation
from intents.services import bounds
from intents.services.orders import order_submit
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.senders import open_own

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

BATCH: dict[str, Any] = {"confirm": "batch", "can_batch": True, "give": "alder:USDT", "get": "birch:USDC"}


def test_a_batch_is_delivered_without_a_signature(driver: Driver, bob: LocalAccount) -> None:
    before = driver.network.balance("birch", "USDC", bob.address)
    order = driver.transfer(bob, **BATCH)
    assert (order.state, order.signature) == (OrderState.AWAITING_DEPOSIT, "")
    assert not Reservation.objects.filter(order=order).exists()
    driver.work()
    open_own(driver.network, "alder", bob, order)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", bob.address) - before == order.output_amount
    assert driver.kinds(order)[:2] == ["awaiting", "opened"]
    assert not Attempt.objects.filter(step__order=order, purpose="open").exists()
    settler = driver.network.manifest("alder").address("input_settler")
    token = driver.network.token("alder", "USDT")
    assert driver.network.rpc("alder").call(token, "allowance(address,address)", bob.address, settler) == 0


def test_the_same_order_again_is_the_same_row(driver: Driver, bob: LocalAccount) -> None:
    quote = driver.quote(bob, **BATCH)
    assert driver.submit(quote, bob).pk == driver.submit(quote, bob).pk


def test_stock_that_is_gone_by_then_means_the_money_comes_back(driver: Driver, bob: LocalAccount) -> None:
    before = driver.network.balance("alder", "USDT", bob.address)
    order = driver.transfer(bob, **BATCH)
    for symbol in ("USDC", "USDT", "WETH"):
        strangers.leave_in_stock(driver.network, "birch", symbol, 0)
    open_own(driver.network, "alder", bob, order)
    driver.network.mine("birch", 1)
    order = driver.drive(order, OrderState.REFUND_DUE)
    assert order.reason["code"] == "no_stock"
    now = int(driver.network.rpc("birch").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDT", bob.address) == before


def test_what_is_paid_at_once_out_of_a_new_chain_is_delivered_only_up_to_what_may_leave_it(
    driver: Driver, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quotes cost nothing: however many were given while nothing was paid, no more than that is delivered."""
    ended = {"state": Join.State.DONE, "ended_at": timezone.now() - timedelta(hours=1)}
    Join.objects.create(chain_id=901, slug="alder", name="Alder", asked={}, **ended)
    orders = [driver.transfer(bob, **BATCH) for _ in range(2)]
    monkeypatch.setattr(cold_start, "day_usd_e8", lambda **_: 150 * 10**8)
    for order in orders:
        open_own(driver.network, "alder", bob, order)
    ended_in = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED, OrderState.REFUND_DUE)
    with driver.network.ticking():
        states = [driver.drive(order, *ended_in).state for order in orders]
    assert states.count(OrderState.REFUND_DUE) == 1
    for order in orders:
        order.refresh_from_db()
    assert {order.reason.get("code") for order in orders} == {None, "cold_start_day"}


def test_never_paid_means_nothing_was_taken(driver: Driver, bob: LocalAccount) -> None:
    order = driver.transfer(bob, **BATCH)
    driver.work()
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.EXPIRED)
    assert order.reason["code"] == "expired"
    assert driver.kinds(order) == ["awaiting", "expired"]


def test_a_browser_cannot_fill_the_table(
    driver: Driver, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_AWAITING", 2)
    for _ in range(2):
        driver.transfer(bob, **BATCH)
    third = driver.quote(bob, **BATCH)
    with pytest.raises(WaymeetError) as refused:
        driver.submit(third, bob)
    assert refused.value.code == "too_many_open"
    # Somebody else's spam keeps nobody from their own wallet.
    mine = driver.quote(bob, **BATCH, browser="browser-2")
    assert driver.submit(mine, bob, browser="browser-2").state == OrderState.AWAITING_DEPOSIT


def test_a_signature_where_none_belongs_is_refused(driver: Driver, bob: LocalAccount) -> None:
    quote = driver.quote(bob, **BATCH)
    with pytest.raises(WaymeetError) as refused:
        order_submit(
            quote_id=quote.pk, terms=quote.order, signature="0x" + "11" * 65, browser_key="browser-1"
        )
    assert refused.value.code == "signature_malformed"
    signed = driver.quote(bob, give="alder:USDC", get="birch:USDC")
    with pytest.raises(WaymeetError) as missing:
        order_submit(quote_id=signed.pk, terms=signed.order, signature="", browser_key="browser-1")
    assert missing.value.code == "signature_malformed"
