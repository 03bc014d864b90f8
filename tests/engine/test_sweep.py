"""What nobody hurried is found all the same."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from intents.engine import lease, sweep
from intents.lifecycle import OrderState
from intents.models import Order, Quote, QuoteState
from tests.engine.rows import order_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Every hint that would have gone to the queue."""
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr("intents.wake._enqueue", lambda task, *args, queue: sent.append((task, *args)))
    return sent


def test_due_orders_are_hurried_and_the_others_are_not(hurried: list[tuple[str, ...]]) -> None:
    now = time.time()
    due = order_row(wake_at=now - 5)
    order_row(wake_at=now + 60)
    order_row(wake_at=0, state=OrderState.SETTLED)
    order_row(wake_at=now - 5, leased_until=now + 10)
    assert sweep.wake_due_orders(now) == 1
    assert hurried == [("intents.advance", due.order_id)]


def test_an_order_whose_worker_died_is_due_when_its_lease_ends(hurried: list[tuple[str, ...]]) -> None:
    order = order_row(wake_at=1)
    held = lease.take(order.order_id)
    assert held is not None
    assert sweep.wake_due_orders(time.time()) == 0
    assert sweep.wake_due_orders(held.until + sweep.QUEUED_SECONDS + 0.1) == 1


def test_a_doubled_hint_finds_nothing_to_do() -> None:
    order = order_row(wake_at=time.time() + 60)
    assert lease.take(order.order_id, only_due=True) is None
    Order.objects.filter(pk=order.pk).update(wake_at=time.time())
    assert lease.take(order.order_id, only_due=True) is not None


def test_at_most_a_bounded_number_at_once(
    hurried: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "MOST_ORDERS", 2)
    rows = [order_row(wake_at=number + 1) for number in range(4)]
    sweep.wake_due_orders(time.time())
    assert [args[1] for args in hurried] == [rows[0].order_id, rows[1].order_id]


def test_a_quote_that_no_worker_answered_is_hurried_until_it_is_too_old(
    hurried: list[tuple[str, ...]],
) -> None:
    ages = {"fresh": 0, "late": 10, "lost": 600}
    quotes = {}
    for name, seconds in ages.items():
        quote = Quote.objects.create(
            intent={}, origin_id=901, destination_id=902, input_token="", output_token=""
        )
        created = timezone.now() - timedelta(seconds=seconds)
        Quote.objects.filter(pk=quote.pk).update(created_at=created)
        quotes[name] = quote
    answered = quotes["lost"]
    Quote.objects.filter(pk=answered.pk).update(state=QuoteState.READY)
    assert sweep.wake_late_quotes() == 1
    assert hurried == [("intents.solve", str(quotes["late"].pk))]


def test_a_chain_that_answers_nonsense_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, int]] = []

    def mend(chain_id: int) -> None:
        done.append(("mended", chain_id))
        if chain_id == 901:
            raise TypeError("int() can't convert None")

    monkeypatch.setattr("intents.engine.sweep.registry.all_chains", lambda: {901: 901, 902: 902})
    monkeypatch.setattr(
        "intents.engine.reservations.release_unopened", lambda chain: done.append(("released", chain))
    )
    monkeypatch.setattr(sweep, "mend_chain", mend)
    monkeypatch.setattr(sweep, "watch_reserves", lambda: done.append(("watched", 0)))
    sweep.sweep()
    assert done == [("released", 901), ("released", 902), ("mended", 901), ("mended", 902), ("watched", 0)]
