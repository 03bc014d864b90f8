"""Others act on our orders first: never an error, never paid twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.engine import cold_start
from intents.engine.actions import carry
from intents.engine.audit import ledger_check
from intents.engine.signatures import Collected
from intents.lifecycle import OrderState, StepState
from intents.models import Alert, Attempt, Join, LedgerEntry, Order, Reservation
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_foreign_scripts import made_up, opened, step_of

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_an_outsiders_fill_is_a_delivery(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("birch", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    strangers.fill_as_outsider(driver.network, "birch", order_from_json(order.terms), order.order_id)
    settings.FILL_ENABLED = True
    order = driver.drive(order, OrderState.FILLED)
    assert driver.network.balance("birch", "USDC", alice.address) - before == order.output_amount
    assert order.delivered_amount == order.output_amount
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    assert order.steps.get(kind="prove").state == StepState.SKIPPED


def test_an_order_that_another_filled_is_not_polled_for_ever(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    strangers.fill_as_outsider(driver.network, "birch", order_from_json(order.terms), order.order_id)
    order = driver.drive(order, OrderState.FILLED)
    driver.network.mine("birch", 6)
    driver.work_until(lambda: Order.objects.get(pk=order.pk).wake_at == 0)
    assert Order.objects.get(pk=order.pk).wait_block is None
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.expires - now + 2)
    refund = calls.refund(order_from_json(order.terms), origin=registry.chain(901))
    strangers.send(driver.network, "alder", refund)
    driver.drive(order, OrderState.REFUNDED)
    assert not Alert.objects.exists(), "it was not our money"


def test_a_fill_that_somebody_else_paid_in_our_name_is_not_booked_as_ours(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    terms = order_from_json(order.terms)
    filler = calls.solver_id(registry.chain(902))
    strangers.fill_as_outsider(driver.network, "birch", terms, order.order_id, filler=filler)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert not LedgerEntry.objects.filter(order=order, memo="fill").exists()
    assert not Reservation.objects.filter(order=order, state=Reservation.State.SPENT).exists()
    assert ledger_check() == []


def test_worthless_input_that_is_paid_for_in_our_name_is_not_fetched(driver: Driver, settings: Any) -> None:
    """Whoever opens an order of dust and fills it for us would have us pay for the proof and the collection."""
    settings.FILL_ENABLED = False
    terms = made_up(driver, token=driver.network.token("alder", "USDC"), amount=100, wants=1)
    order = opened(driver, terms)
    ours = calls.solver_id(registry.chain(902))
    strangers.fill_as_outsider(driver.network, "birch", terms, order.order_id, filler=ours)
    with driver.network.ticking():
        driver.drive(order, OrderState.FILLED)
        driver.work_until(lambda: Order.objects.get(pk=order.pk).wake_at == 0)
    assert order.steps.get(kind="prove").state == StepState.SKIPPED
    assert not Attempt.objects.filter(step__order=order).exists()


def test_a_fill_that_comes_second_costs_nothing_and_is_no_failure(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    account = driver.network.manifest("birch").address("solver_account")
    held = driver.network.balance("birch", "USDC", account)
    settings.FILL_ENABLED = True
    # The follower has not told us yet when we simulate: the fill itself must notice.
    strangers.fill_as_outsider(driver.network, "birch", order_from_json(order.terms), order.order_id)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    order = driver.drive(order, OrderState.FILLED)
    assert driver.network.balance("birch", "USDC", account) == held
    assert order.failures == 0


def test_a_stranger_may_open_first(driver: Driver, alice: LocalAccount) -> None:
    order = driver.transfer(alice)
    origin = registry.chain(901)
    call = calls.open_for(
        order_from_json(order.terms),
        origin=origin,
        way=order.confirm_way,
        signature=bytes.fromhex(order.signature[2:]),
        token=origin.token(order.input_token),
    )
    strangers.send(driver.network, "alder", call)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert not Attempt.objects.filter(step__order=order, purpose="open", state="confirmed").exists()
    assert "rejected" not in driver.kinds(order)


def test_a_stranger_may_relay_our_proof(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = carry.collect

    def relayed_first(message: bytes, **chains: Any) -> Collected:
        collected = real(message, **chains)
        if collected.metadata is not None:
            call = calls.process(message, metadata=collected.metadata, origin=chains["origin"])
            strangers.send(driver.network, "alder", call)
        return collected

    monkeypatch.setattr(carry, "collect", relayed_first)
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice), OrderState.SETTLED)
    assert not Attempt.objects.filter(step__order=order, purpose="process").exists()


def test_a_strangers_order_that_pays_is_filled(driver: Driver, alice: LocalAccount) -> None:
    quote = driver.quote(alice, browser="")
    origin = registry.chain(901)
    terms = order_from_json(quote.order)
    call = calls.open_for(
        terms,
        origin=origin,
        way=quote.confirm_way,
        signature=bytes.fromhex(driver.sign(quote, alice)[2:]),
        token=origin.token(quote.input_token),
    )
    strangers.send(driver.network, "alder", call)
    order = driver.wait_for(lambda: Order.objects.filter(order_id=quote.order_id).first())
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert order.confirm_way == "onchain"
    assert order.quote is None


def test_two_strangers_at_once_do_not_both_take_the_last_room_of_a_new_chain(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"state": Join.State.DONE, "ended_at": timezone.now() - timedelta(hours=1)}
    Join.objects.create(chain_id=901, slug="alder", name="Alder", asked={}, **done)
    monkeypatch.setattr(cold_start, "day_usd_e8", lambda **_: 150 * 10**8)
    # Both pass the gate before either is there.
    monkeypatch.setattr("intents.engine.strangers.refuse_new_chain", lambda *_asked, **_named: None)
    usdc = driver.network.token("alder", "USDC")
    made = [opened(driver, made_up(driver, token=usdc, amount=10**8, wants=9 * 10**7)) for _ in range(2)]

    def refused() -> list[Order]:
        return [order for order in made if step_of(order).waiting.get("code") == "cold_start_day"]

    with driver.network.ticking():
        driver.work_until(
            lambda: len(refused()) == 1 and Order.objects.filter(delivered_at=None).count() == 1
        )
    [left] = refused()
    assert Order.objects.get(pk=left.pk).state == OrderState.OPENED
    assert not Reservation.objects.filter(order=left, state=Reservation.State.HELD).exists()
