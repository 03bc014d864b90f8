"""One worker at a time holds an order, and one that lost it can change nothing."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connections

from intents.engine import advance, lease
from intents.engine.lease import LeaseLost
from intents.engine.waking import waiting_for_block, wake_orders
from intents.models import Alert, Order
from tests.engine.rows import order_row

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_threads_and_one_lease() -> None:
    order = order_row()
    taken: list[object] = []
    barrier = threading.Barrier(20)

    def take() -> None:
        barrier.wait()
        try:
            held = lease.take(order.order_id)
            if held is not None:
                taken.append(held)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_a_released_order_can_be_taken_again_with_a_higher_fence() -> None:
    order = order_row()
    first = lease.take(order.order_id)
    assert first is not None
    assert lease.take(order.order_id) is None
    assert lease.release(first, wake_at=0.0)
    second = lease.take(order.order_id)
    assert second is not None
    assert second.fence > first.fence


def test_a_stalled_holder_can_write_nothing_once_another_took_over() -> None:
    order = order_row()
    stalled = lease.take(order.order_id, seconds=-1)
    assert stalled is not None
    current = lease.take(order.order_id)
    assert current is not None
    assert not lease.is_held(stalled)
    with pytest.raises(LeaseLost):
        lease.write(stalled, reason={"code": "late"})
    with pytest.raises(LeaseLost):
        lease.release(stalled, wake_at=0.0)
    lease.surrender(stalled, wake_at=0.0)
    order.refresh_from_db()
    assert order.reason == {}
    assert order.lease_owner == current.owner


def test_a_wake_during_the_work_is_not_lost() -> None:
    order = order_row()
    held = lease.take(order.order_id)
    assert held is not None
    wake_orders([order.order_id])
    assert not lease.release(held, wake_at=time.time() + 60)
    assert lease.release(held, wake_at=0.0)


def test_a_dead_holders_order_is_due_when_its_lease_runs_out() -> None:
    order = order_row()
    held = lease.take(order.order_id)
    assert held is not None
    order.refresh_from_db()
    assert order.wake_at == order.leased_until == held.until


def test_an_unknown_order_has_no_lease() -> None:
    assert lease.take("0x" + "00" * 32) is None
    assert not Order.objects.exists()


def test_blocks_do_not_cut_short_the_pause_of_an_order_that_failed() -> None:
    order = order_row(wait_chain_id=901, wait_block=5)
    assert waiting_for_block(901, 9) == [order.order_id]
    held = lease.take(order.order_id)
    assert held is not None
    lease.surrender(held, wake_at=time.time() + 30, failures=1)
    assert waiting_for_block(901, 9) == []


def test_a_look_that_outlasts_its_lease_is_no_failure_of_the_order() -> None:
    """Nodes that answer, but slowly, would have every order parked whose task is stopped for it."""
    order = order_row()
    for seconds, failures in ((0, 0), (60, 1)):
        held = lease.take(order.order_id, seconds=seconds)
        assert held is not None
        advance._count_failure(held, RuntimeError("the task was stopped"))
        order.refresh_from_db()
        assert order.failures == failures


def test_staff_are_told_of_an_order_whose_looks_never_end_until_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = order_row(wake_at=1)
    for _ in range(advance.MOST_UNFINISHED // 2):
        assert (
            lease.take(order.order_id, seconds=-1) is not None
        )  # its worker is killed, or another takes over
    for _ in range(advance.MOST_UNFINISHED // 2 - 1):
        held = lease.take(order.order_id, seconds=0)
        assert held is not None
        advance._count_failure(held, RuntimeError("the task was stopped"))
    alert = Alert.objects.filter(order=order, kind=Alert.Kind.UNFINISHED, ended_at=None)
    monkeypatch.setattr(advance, "_work", _stalled)
    for told in (0, 1, 1):
        Order.objects.update(wake_at=1)
        assert not advance.advance(order.order_id)
        assert alert.count() == told
        Order.objects.update(leased_until=0)
    monkeypatch.setattr(advance, "_work", lambda held: SimpleNamespace(order=order))
    monkeypatch.setattr(advance, "_next_look", lambda case: None)
    Order.objects.update(wake_at=1)
    assert advance.advance(order.order_id)
    order.refresh_from_db()
    assert (alert.count(), order.unfinished, order.failures) == (0, 0, 0)


def _stalled(held: lease.Lease) -> None:
    raise LeaseLost(held.order_id)


def test_an_order_that_is_put_back_wakes_as_it_was_to_but_for_who_woke_it_meanwhile() -> None:
    order = order_row(wake_at=4_000_000_000)
    held = lease.take(order.order_id)
    assert held is not None
    assert lease.put_back(held, wake_at=4_000_000_000)
    order.refresh_from_db()
    assert (order.lease_owner, order.leased_until, order.wake_at) == ("", 0, 4_000_000_000)
    held = lease.take(order.order_id)
    assert held is not None
    wake_orders([order.order_id])
    assert not lease.put_back(held, wake_at=4_000_000_000)
    order.refresh_from_db()
    assert order.leased_until == 0
    assert order.wake_at <= time.time()
    other = lease.take(order.order_id)
    assert other is not None
    # What is no longer ours is left alone.
    assert lease.put_back(held, wake_at=1)
    assert lease.is_held(other)
