"""A worker dies anywhere: the next one goes on, and every step still has exactly one transaction mined."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import sender
from intents.engine import advance as advance_module
from intents.engine import flight, ledger
from intents.engine.actions import fill, open, prove
from intents.lifecycle import OrderState
from intents.models import Attempt, Order
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


class Killed(BaseException):
    """The process is gone: no handler of ours runs."""


POINTS = [
    pytest.param(sender, "_broadcast", "before", id="stored, not broadcast"),
    pytest.param(flight, "submit", "after", id="broadcast, not noted"),
    pytest.param(open, "_await_block", "before", id="open sent, state not saved"),
    pytest.param(ledger, "book_open", "before", id="inside the transaction that says opened"),
    pytest.param(fill, "_enter_filling", "after", id="filling, nothing sent"),
    pytest.param(fill, "_await_block", "before", id="fill sent, step not saved"),
    pytest.param(ledger, "book_fill", "after", id="inside the transaction that says filled"),
    pytest.param(prove, "_mark_sent", "before", id="message sent, state not saved"),
    pytest.param(prove, "_proven", "after", id="proven, not finalised"),
    pytest.param(advance_module, "_release", "before", id="done, lease not given back"),
]


@pytest.mark.parametrize(("place", "name", "when"), POINTS)
def test_a_killed_worker_loses_and_doubles_nothing(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, when: str
) -> None:
    before = driver.network.balance("birch", "USDC", alice.address)
    killed = _kill_once(monkeypatch, place, name, when)
    order = driver.transfer(alice)
    with driver.network.ticking():
        while not killed:
            try:
                driver.drive(order, OrderState.SETTLED)
            except Killed:
                # What time does: the dead worker's lease runs out.
                Order.objects.filter(pk=order.pk).update(leased_until=0, wake_at=1)
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", alice.address) - before == order.output_amount
    mined = Attempt.objects.filter(step__order=order, state="confirmed")
    assert sorted(mined.values_list("purpose", flat=True)) == [
        "dispatch",
        "fill",
        "finalise",
        "open",
        "process",
    ]
    assert not Attempt.objects.filter(step__order=order).exclude(state="confirmed").exists()
    kinds = driver.kinds(order)
    assert len(kinds) == len(set(kinds)), kinds
    assert set(ledger.sums().values()) <= {0}


def _kill_once(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, when: str) -> list[bool]:
    real: Callable[..., Any] = getattr(place, name)
    killed: list[bool] = []

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if killed:
            return real(*args, **kwargs)
        if when == "before":
            killed.append(True)
            raise Killed(name)
        real(*args, **kwargs)
        killed.append(True)
        raise Killed(name)

    monkeypatch.setattr(place, name, deadly)
    return killed
