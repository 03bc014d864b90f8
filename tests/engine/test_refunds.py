"""Money comes back by itself, and without us, when nobody delivers."""

import time
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import Call, encode_call
from intents.chains.reverts import Reverted
from intents.devnet.accounts import OWNER, address
from intents.engine import advance as advance_module
from intents.engine.actions import fill as fill_action
from intents.engine.actions import refund as refund_action
from intents.engine.audit import ledger_check
from intents.lifecycle import OrderState
from intents.models import Attempt, Order, Reservation
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_with_filling_off_the_input_returns_on_the_proof_that_nobody_filled(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    driver.work()
    assert order.steps.get(kind="fill").waiting["code"] == "fill_switched_off"
    order.refresh_from_db()
    assert order.wake_at <= time.time() + fill_action.SWITCHED_OFF_SECONDS, (
        "nobody tells it when that is over"
    )
    assert driver.network.balance("alder", "USDC", alice.address) == before - order.input_amount
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert order.payout == "sent"
    purposes = set(Attempt.objects.filter(step__order=order).values_list("purpose", flat=True))
    assert purposes == {"open", "attest", "dispatch", "process", "refund"}
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.kinds(order)[-3:] == ["refund_due", "refund_sent", "refunded"]


def test_a_strangers_refund_after_expiry_ends_the_order(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    driver.network.warp(order.expires - driver_clock(driver) + 2)
    terms = order_from_json(order.terms)
    strangers.send(driver.network, "alder", calls.refund(terms, origin=registry.chain(901)))
    order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert not Attempt.objects.filter(step__order=order, purpose="refund").exists()


def test_a_refund_that_cannot_be_paid_waits_for_the_user_and_is_pushed_later(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    set_blocked(driver, alice.address, is_blocked=True)
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
        driver.work_until(lambda: order.steps.get(kind="refund").waiting)
    assert order.payout == "claimable"
    assert driver.network.balance("alder", "USDC", alice.address) == before - order.input_amount
    assert ledger_check() == []
    set_blocked(driver, alice.address, is_blocked=False)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work_until(lambda: Order.objects.get(pk=order.pk).payout == "sent")
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert ledger_check() == []


def test_a_strangers_attestation_of_something_else_does_not_stop_the_refund(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    terms = order_from_json(order.terms)
    lie = replace(terms, fill_deadline=driver_clock(driver) - 1)
    order_id = bytes.fromhex(order.order_id[2:])
    call = calls.attest_unfilled(lie, order_id=order_id, destination=registry.chain(902))
    strangers.send(driver.network, "birch", call)
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)


def test_a_lagging_node_does_not_turn_a_waiting_refund_into_a_returned_one(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    set_blocked(driver, alice.address, is_blocked=True)
    real = refund_action.send

    def lagging(case: Any, step: Any, purpose: str, call: Any, **more: Any) -> Attempt:
        if purpose == "claim":
            raise Reverted("NothingToClaim")
        return real(case, step, purpose, call, **more)

    monkeypatch.setattr(refund_action, "send", lagging)
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    driver.work_until(lambda: order.steps.get(kind="refund").waiting)
    order.refresh_from_db()
    assert order.payout == "claimable"


def set_blocked(driver: Driver, user: str, *, is_blocked: bool) -> None:
    signature = "blacklist(address)" if is_blocked else "unBlacklist(address)"
    token = driver.network.token("alder", "USDC")
    strangers.send(
        driver.network, "alder", Call(token, encode_call(signature, [user])), sender=address(OWNER)
    )


def driver_clock(driver: Driver) -> int:
    """The origin's chain time as its newest block tells it."""
    return int(driver.network.rpc("alder").block()["timestamp"], 16)


def test_a_parked_order_comes_home_by_itself_once_its_deadline_passed(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill_action, "_send", _broken)
    monkeypatch.setattr(advance_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(advance_module, "LONGEST_PAUSE_SECONDS", 0.02)
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.NEEDS_ATTENTION)
    assert order.resume_state == OrderState.OPENED
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert {"attention", "resumed", "refunded"} <= set(driver.kinds(order))


def _broken(*args: Any) -> bool:
    raise RuntimeError("a bug")
