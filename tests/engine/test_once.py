"""One thing is sent once: neither a second worker nor a replaced transaction makes us send it again."""

import secrets
import time
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import accounts, sender
from intents.chains.recovery import mend_chain
from intents.engine import case as case_module
from intents.engine import flight, lease
from intents.engine.flight import AttemptsChanged
from intents.engine.lease import LeaseLost
from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Order, SendingAccount
from intents.settlement import calls
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_a_worker_that_lost_its_order_while_it_asked_stores_and_sends_nothing(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, case, step = _ready_to_fill(driver, alice, settings)
    sender.ensure_cursor(902, accounts.OPERATOR, accounts.address(accounts.OPERATOR))
    nonces = list(SendingAccount.objects.values_list("next_nonce", flat=True))
    real = sender._estimated_gas

    def slow(*args: Any) -> int:
        Order.objects.filter(pk=order.pk).update(leased_until=0)
        assert lease.take(order.order_id) is not None
        return real(*args)

    monkeypatch.setattr(sender, "_estimated_gas", slow)
    with pytest.raises(LeaseLost):
        flight.send(case, step, "fill", replace(_fill(case), gas_limit=None))
    assert not Attempt.objects.filter(step=step).exists()
    assert list(SendingAccount.objects.values_list("next_nonce", flat=True)) == nonces


def test_a_worker_that_lost_its_order_changes_none_of_its_steps(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    order, case, step = _ready_to_fill(driver, alice, settings)
    _case(order)
    before = order.steps.get(kind="fill")
    writes = (
        lambda: case_module.wait(case, step, case_module.Wait("late")),
        lambda: case_module.set_details(case, step, late=True),
        lambda: case_module.move_step(case, step, StepState.SUBMITTED),
    )
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
    after = order.steps.get(kind="fill")
    assert (after.waiting, after.details, after.state) == (before.waiting, before.details, before.state)


def test_an_attempt_that_appeared_meanwhile_is_looked_at_before_another_is_made(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    _, case, step = _ready_to_fill(driver, alice, settings)
    _copy(flight.send(case, step, "fill", _fill(case)))
    with pytest.raises(AttemptsChanged):
        flight.send(case, step, "fill", _fill(case))
    assert Attempt.objects.filter(step=step).count() == 2


def test_a_replaced_transaction_that_was_mined_before_its_log_came_is_the_fill(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    first, second = _replaced(order)
    ChainLog.objects.filter(tx_hash=first.tx_hash).delete()
    case, step = _case(order)
    found = flight.in_flight(case, step, "fill")
    assert found is not None
    assert (found.pk, found.state) == (first.pk, AttemptState.CONFIRMED)
    second.refresh_from_db()
    assert second.state == AttemptState.REPLACED


def test_the_loser_of_two_with_one_nonce_is_not_followed_for_ever(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    _, second = _replaced(order)
    Attempt.objects.filter(pk=second.pk).update(created_at="2020-01-01T00:00:00Z")
    mend_chain(902)
    second.refresh_from_db()
    assert second.state == AttemptState.REPLACED


def _ready_to_fill(driver: Driver, alice: LocalAccount, settings: Any) -> tuple[Order, Any, Any]:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    driver.work_until(lambda: order.steps.get(kind="fill").waiting)
    return (order, *_case(order))


def _case(order: Order) -> tuple[Any, Any]:
    Order.objects.filter(pk=order.pk).update(leased_until=0)
    held = lease.take(order.order_id)
    assert held is not None
    case = case_module.load(held)
    return case, case.step(StepKind.FILL)


def _fill(case: Any) -> Any:
    call = calls.fill(case.terms, order_id=case.id_bytes, destination=case.destination)
    return replace(call, gas_limit=500_000)


def _replaced(order: Order) -> tuple[Attempt, Attempt]:
    """The order's mined fill as one that was replaced, and the successor that lost."""
    first = Attempt.objects.get(step__order=order, purpose="fill")
    second = _copy(first, replaces=first)
    first.state = AttemptState.REPLACED
    first.save()
    return first, second


def _copy(attempt: Attempt, **changes: Any) -> Attempt:
    values = {
        field.attname: getattr(attempt, field.attname)
        for field in Attempt._meta.concrete_fields
        if field.attname not in ("id", "replaces_id", "created_at")
    }
    values |= {
        "tx_hash": "0x" + secrets.token_hex(32),
        "state": AttemptState.BROADCAST,
        "broadcast_at": time.time() - 60,
        "block_number": None,
        **changes,
    }
    return Attempt.objects.create(**values)
