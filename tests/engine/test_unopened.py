"""Orders that never begin: nothing is taken, what was reserved is given back, and the reason is told."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OUTSIDER, address, wallet
from intents.engine import advance as advance_module
from intents.engine import wishes
from intents.engine.actions import open as open_action
from intents.lifecycle import OrderState
from intents.models import Attempt, Order, Reservation, StaffWish
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_a_wallet_that_empties_itself_before_the_open_is_rejected(driver: Driver) -> None:
    user = wallet(701)
    driver.network.fund("alder", [user.address], {"USDC": 100 * 10**6})
    order = driver.transfer(user)
    _empty(driver, user)
    order = driver.drive(order, OrderState.REJECTED)
    assert order.reason["code"] == "open_failed"
    assert not Attempt.objects.filter(step__order=order).exists()
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.kinds(order) == ["accepted", "rejected"]


def test_a_rejected_order_that_a_stranger_opens_is_carried_out(driver: Driver) -> None:
    user = wallet(702)
    driver.network.fund("alder", [user.address], {"USDC": 100 * 10**6})
    order = driver.transfer(user)
    _empty(driver, user)
    order = driver.drive(order, OrderState.REJECTED)
    driver.network.fund("alder", [user.address], {"USDC": 100 * 10**6})
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
    assert order.reason == {}


def test_an_unopened_order_expires_once_a_final_block_is_past_its_deadline(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.transfer(alice)
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    driver.work_until(lambda: order.steps.get(kind="open").waiting)
    order.refresh_from_db()
    assert order.state == OrderState.SIGNED
    with driver.network.ticking():
        order = driver.drive(order, OrderState.EXPIRED)
    assert not Attempt.objects.filter(step__order=order).exists()
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    driver.work()
    order.refresh_from_db()
    assert order.wake_at == 0


def test_an_order_that_keeps_failing_is_parked_and_can_be_resumed(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = open_action._send
    monkeypatch.setattr(open_action, "_send", _broken)
    monkeypatch.setattr(advance_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(advance_module, "LONGEST_PAUSE_SECONDS", 0.02)
    order = driver.drive(driver.transfer(alice), OrderState.NEEDS_ATTENTION)
    assert order.resume_state == OrderState.SIGNED
    assert order.reason["params"]["error"] == "RuntimeError"
    monkeypatch.setattr(open_action, "_send", real)
    wishes.make(order.order_id, StaffWish.Kind.RETRY, actor=None, actor_name="bob")
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert {"attention", "resumed"} <= set(driver.kinds(order))


def test_a_parked_order_that_never_began_ends_by_itself(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advance_module, "PARKED_SECONDS", 0.5)
    order = driver.transfer(alice)
    parked = {"state": OrderState.NEEDS_ATTENTION, "resume_state": OrderState.SIGNED}
    Order.objects.filter(pk=order.pk).update(**parked, wake_at=1.0)
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    with driver.network.ticking():
        driver.drive(order, OrderState.EXPIRED)


def _broken(*args: Any) -> bool:
    raise RuntimeError("a bug")


def _empty(driver: Driver, user: LocalAccount) -> None:
    rpc = driver.network.rpc("alder")
    rpc.request("anvil_impersonateAccount", user.address)
    held = driver.network.balance("alder", "USDC", user.address)
    data = encode_call("transfer(address,uint256)", [address(OUTSIDER), held])
    strangers.send(
        driver.network, "alder", Call(driver.network.token("alder", "USDC"), data), sender=user.address
    )
    rpc.request("anvil_stopImpersonatingAccount", user.address)
    assert Order.objects.exists()
