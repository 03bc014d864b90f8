"""Our fill is seen late, or what it is paid by is lost: the person is told the truth, and so are the books."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.endpoints import RpcUnavailable
from intents.engine import ledger, undone
from intents.engine.audit import ledger_check
from intents.engine.case import Case
from intents.engine.deposits import DEPOSIT
from intents.engine.evidence import Evidence
from intents.engine.observe import ChainObserver
from intents.lifecycle import OrderState, StepState
from intents.models import Alert, Attempt, ChainLog, Order, Reservation, Step
from intents.selectors.timeline import timeline
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_cancel import cancel
from tests.engine.test_refunds import driver_clock, set_blocked

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DELIVERED = (OrderState.FILLED, OrderState.PROVING)


@pytest.fixture
def birch_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While set, the follower cannot write down what Birch does; then it reads what it missed."""
    away, write = threading.Event(), ChainObserver.write

    def unless_away(observer: ChainObserver, *args: Any) -> None:
        if away.is_set() and observer.manifest.slug == "birch":
            raise RpcUnavailable("away")
        write(observer, *args)

    monkeypatch.setattr(ChainObserver, "write", unless_away)
    yield away
    away.clear()


@pytest.mark.parametrize("lost", ["fill", "refund"])
def test_a_fill_seen_after_the_refund_is_booked_as_lost_until_a_reorg_takes_either_back(
    driver: Driver, alice: LocalAccount, birch_away: threading.Event, lost: str
) -> None:
    order = filled_unseen(driver, alice, birch_away)
    driver.network.warp(order.expires - driver_clock(driver) + 2)
    refund = calls.refund(order_from_json(order.terms), origin=registry.chain(901))
    strangers.send(driver.network, "alder", refund)
    order = driver.drive(order, OrderState.REFUNDED)
    assert (order.delivered_at, open_alerts(order)) == (None, [])
    birch_away.clear()
    driver.work_until(lambda: Order.objects.get(pk=order.pk).delivered_at)
    order.refresh_from_db()
    assert (order.state, order.delivered_amount) == (OrderState.REFUNDED, order.output_amount)
    assert open_alerts(order) == ["loss"]
    assert ledger.balances([order.order_id])[901, order.input_token, "loss"] == order.input_amount
    assert Reservation.objects.get(order=order, stock__token=order.output_token).state == "spent"
    assert ledger_check() == []
    told = timeline(order)
    assert (told.shown, told.reason) == ("delivered", "It was both paid out and returned. You keep both.")

    slug, kind = ("birch", "OutputFilled") if lost == "fill" else ("alder", "Refunded")
    log = ChainLog.objects.get(order_id=order.order_id, kind=kind)
    strangers.reorg(driver.network, slug, log.block_number)
    # The new blocks are older than the deadline: past it, the same fill can not come again.
    rewritten_at = int(driver.network.rpc(slug).block()["timestamp"], 16)
    driver.network.warp(max(2, order.fill_deadline - rewritten_at + 2))
    driver.work_until(lambda: open_alerts(order) == [])
    order.refresh_from_db()
    assert (901, order.input_token, "loss") not in ledger.balances([order.order_id])
    if lost == "fill":
        assert (order.state, order.delivered_at, order.reason) == (OrderState.REFUNDED, None, {})
        assert timeline(order).shown == "returned"
    else:
        assert order.state in DELIVERED
        assert timeline(order).reason == ""
    assert ledger_check() == []


def test_a_deposit_lost_while_our_fill_was_on_its_way_alerts_staff_until_it_is_back(
    driver: Driver, alice: LocalAccount, birch_away: threading.Event
) -> None:
    order = filled_unseen(driver, alice, birch_away)
    alder = driver.network.rpc("alder")
    alder.request("evm_setAutomine", False)
    try:
        strangers.reorg(driver.network, "alder", opened_in(order))
        order = driver.drive(order, OrderState.OPENING)
        assert open_alerts(order) == []
        birch_away.clear()
        order = driver.drive(order, *DELIVERED)
        assert open_alerts(order) == ["deposit_gone"]
        assert ledger_check() == []
    finally:
        alder.request("evm_setAutomine", True)
    driver.network.mine("alder")
    driver.work_until(lambda: open_alerts(order) == [])
    assert ledger_check() == []
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert not Alert.objects.filter(order=order, kind="loss").exists()


def test_a_deposit_lost_for_good_while_our_fill_was_on_its_way_is_booked_once(
    driver: Driver, alice: LocalAccount, birch_away: threading.Event
) -> None:
    order = filled_unseen(driver, alice, birch_away)
    strangers.reorg(driver.network, "alder", opened_in(order))
    driver.wait_for(lambda: not ChainLog.objects.filter(order_id=order.order_id, kind="Open").exists())
    cancel(driver, order, alice)
    order = driver.drive(order, OrderState.REJECTED)
    birch_away.clear()
    order = driver.drive(order, OrderState.NEEDS_ATTENTION)
    assert (order.reason["code"], timeline(order).shown) == ("deposit_lost", "delivered")
    assert open_alerts(order) == ["deposit_gone"], "until the deadline it could be opened in another way"
    driver.network.warp(order.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        driver.work_until(lambda: _looked_at(order) and open_alerts(order) == ["loss"])
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work()
    assert Alert.objects.filter(order=order, kind="loss").count() == 1
    assert ledger.balances([order.order_id])[901, order.input_token, "loss"] == order.input_amount
    assert ledger_check() == []


def test_a_deposit_that_is_refused_only_for_now_is_put_in_again_until_it_is_taken(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), *DELIVERED)
    opening = order.steps.get(kind="open")
    strangers.reorg(driver.network, "alder", opened_in(order))
    set_blocked(driver, alice.address, is_blocked=True)

    def waiting() -> bool:
        opening.refresh_from_db()
        return bool(opening.waiting.get("code") == "not_opened")

    driver.work_until(waiting)
    order.refresh_from_db()
    assert (order.state in DELIVERED, open_alerts(order)) == (True, ["deposit_gone"])
    set_blocked(driver, alice.address, is_blocked=False)
    driver.work_until(lambda: _looked_at(order) and open_alerts(order) == [])
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert ledger_check() == []


@pytest.mark.parametrize(("state", "goes_back"), [("opened", True), ("filling", True), ("refunding", False)])
def test_what_is_to_be_filled_must_be_open_though_a_deposit_may_come_back_unopened(
    monkeypatch: pytest.MonkeyPatch, state: str, goes_back: bool
) -> None:
    """A reorg that takes the open and one that takes our fill leave such an order with a step still to do."""
    moved: list[OrderState] = []

    def go_back(case: Case, target: OrderState, *_: Any, **__: Any) -> bool:
        moved.append(target)
        return True

    monkeypatch.setattr(undone, "_go_back", go_back)
    order = SimpleNamespace(state=state, confirm_way=DEPOSIT, delivered_at=None, payout="")
    step = Step(state=StepState.READY)
    case = SimpleNamespace(state=OrderState(state), order=order, step=lambda kind: step)
    assert undone.undo_lost_facts(cast(Case, case), Evidence()) is goes_back
    assert moved == [OrderState.OPENING] * goes_back


def filled_unseen(driver: Driver, wallet: LocalAccount, away: threading.Event) -> Order:
    """An order that our fill has paid on Birch, which the follower cannot see."""
    order = driver.transfer(wallet)
    away.set()
    order = driver.drive(order, OrderState.FILLING)
    fills = Attempt.objects.filter(step__order=order, purpose="fill")
    rpc = driver.network.rpc("birch")
    driver.work_until(lambda: rpc.request("eth_getTransactionReceipt", fills.get().tx_hash))
    return order


def opened_in(order: Order) -> int:
    """The block of its open."""
    return ChainLog.objects.get(order_id=order.order_id, kind="Open").block_number


def open_alerts(order: Order) -> list[str]:
    """The kinds of what staff are told of it now."""
    return list(Alert.objects.filter(order=order, ended_at=None).values_list("kind", flat=True))


def _looked_at(order: Order) -> bool:
    """A parked order is looked at once a minute: have it looked at now."""
    return bool(Order.objects.filter(pk=order.pk).update(wake_at=1))
