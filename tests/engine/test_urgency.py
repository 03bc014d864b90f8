"""A delivered order whose input may soon go back to its user comes before everything else."""

import time
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents import wake
from intents.chains import fees, registry
from intents.chains.fees import URGENT_CAP_FACTOR, FeeAboveCap
from intents.engine import sweep, urgency
from intents.engine.waking import wake_orders
from intents.lifecycle import AttemptState, OrderState
from intents.models import Attempt, ChainHead, Order
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every hint: the order and its queue."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("intents.wake._enqueue", lambda task, *args, queue: sent.append((args[0], queue)))
    return sent


def test_it_does_not_stand_behind_other_settlements(
    driver: Driver, alice: LocalAccount, queued: list[tuple[str, str]]
) -> None:
    order, other = [driver.drive(driver.transfer(alice), OrderState.PROVING) for _ in range(2)]
    driver.close()
    queued.clear()
    wake_orders([order.order_id])
    assert queued == [(order.order_id, wake.SETTLE_QUEUE)]
    _expires_soon(order)
    queued.clear()
    wake_orders([order.order_id, other.order_id])
    assert set(queued) == {(order.order_id, wake.URGENT_QUEUE), (other.order_id, wake.SETTLE_QUEUE)}


def test_the_sweep_finds_it_first_however_many_wait(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [driver.drive(driver.transfer(alice), OrderState.PROVING) for _ in range(3)]
    driver.close()
    now = time.time()
    for age, order in zip((30, 20, 0.01), orders, strict=True):
        Order.objects.filter(pk=order.pk).update(wake_at=now - age, leased_until=0)
    _expires_soon(orders[2])
    monkeypatch.setattr(sweep, "MOST_ORDERS", 1)
    hurried: list[str] = []
    monkeypatch.setattr(sweep, "hurry", lambda found: hurried.extend(order_id for order_id, _ in found))
    sweep.wake_due_orders(now)
    assert hurried == [orders[2].order_id, orders[0].order_id]


def test_what_collects_it_may_cost_more_than_usual_within_a_bound(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice), OrderState.PROVING)
        cap = registry.chain(901).max_fee_wei
        monkeypatch.setattr(fees, "base_fee_wei", lambda chain_id: 2 * cap)
        driver.work_until(lambda: _is_too_dear(order))
        assert not Attempt.objects.filter(step__order=order, purpose="process").exists()
        driver.network.rpc("alder").request("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        _expires_soon(order)
        order = driver.drive(order, OrderState.SETTLED)
    sent = Attempt.objects.filter(step__order=order, purpose__in=["process", "finalise"])
    assert {cap < attempt.max_fee_wei <= URGENT_CAP_FACTOR * cap for attempt in sent} == {True}
    monkeypatch.setattr(fees, "base_fee_wei", lambda chain_id: URGENT_CAP_FACTOR * cap)
    with pytest.raises(FeeAboveCap):
        fees.fees(901, is_urgent=True)


def test_what_a_risen_base_fee_shuts_out_is_outbid_beyond_the_cap(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    dispatch = driver.work_until(
        lambda: Attempt.objects.filter(step__order=order, purpose="dispatch").first()
    )
    stuck = Attempt.objects.filter(pk=dispatch.pk)
    stuck.update(state=AttemptState.BROADCAST, max_fee_wei=1)
    head = ChainHead.objects.filter(chain_id=902)
    head.update(base_fee_wei=10**9)
    replaced: list[Any] = []

    def replace(attempt: Attempt, *, is_urgent: bool = False) -> Attempt:
        replaced.append((attempt.pk, is_urgent))
        return attempt

    monkeypatch.setattr("intents.engine.flight.replace", replace)
    monkeypatch.setattr("intents.engine.flight._may_succeed", lambda attempt: True)
    monkeypatch.setattr("intents.engine.actions.carry._dispatched", lambda *args: None)
    monkeypatch.setattr("intents.engine.reconcile._confirm_attempts", lambda case: None)
    _look(driver, order)
    assert replaced == []
    _expires_soon(order)
    _look(driver, order)
    assert set(replaced) == {(dispatch.pk, True)}


def test_a_parked_one_goes_on_by_itself(driver: Driver, alice: LocalAccount) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.NEEDS_ATTENTION, resume_state=OrderState.PROVING, leased_until=0
    )
    _look(driver, order)
    order.refresh_from_db()
    assert order.state == OrderState.NEEDS_ATTENTION
    _expires_soon(order)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)


def _expires_soon(order: Order) -> None:
    """Have the chain's clock stand so that the order is near its end."""
    left = urgency.PROOFS_LEFT * urgency.proof_seconds(registry.chain(order.destination_id))
    head = ChainHead.objects.get(chain_id=order.origin_id)
    Order.objects.filter(pk=order.pk).update(expires=head.timestamp + left - 5)


def _is_too_dear(order: Order) -> bool:
    return order.steps.get(kind="prove").waiting.get("code") == "fees_too_high"


def _look(driver: Driver, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(wake_at=1, leased_until=0)
    driver.work()
