"""What staff do for a transfer is done by the engine: once, recorded, and only as far as the protocol allows."""

import threading
from typing import Any

import pytest
from django.db import connections
from eth_account.signers.local import LocalAccount

from intents.engine import lease, wishes
from intents.engine.advance import advance
from intents.lifecycle import OrderState
from intents.models import Attempt, AuditEntry, Handling, Order, StaffNote, StaffWish
from intents.services.staff import acts
from intents.services.staff.errors import (
    ActRefused,
    FormStale,
    NotOffered,
    NotPermitted,
    ReasonMissing,
    TypedWrong,
)
from tests.console.actors import actor, form
from tests.engine.driver import Driver
from tests.engine.rows import order_row

chain = pytest.mark.chain
pytestmark = pytest.mark.django_db(transaction=True)


def end(order: Order) -> str:
    return order.order_id[-6:]


def entries(order: Order, action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(subject_id=order.order_id, action=action))


@chain
def test_raising_the_fee_replaces_the_very_transaction_that_waits(
    driver: Driver, alice: LocalAccount
) -> None:
    rpc = driver.network.rpc("birch")
    rpc.request("evm_setAutomine", False)
    try:
        order = driver.transfer(alice)
        driver.work_until(lambda: Attempt.objects.filter(step__order=order, purpose="fill").exists())
        [waiting] = Attempt.objects.filter(step__order=order, purpose="fill")
        support = actor("support")
        assert acts.act_on(order, acts.BUMP, support, form(end(order))) == acts.Done()
        driver.work_until(lambda: not StaffWish.objects.filter(done_at=None).exists())
    finally:
        rpc.request("evm_setAutomine", True)
    waiting.refresh_from_db()
    bumped = Attempt.objects.get(replaces=waiting)
    assert (bumped.nonce, bumped.calldata) == (waiting.nonce, waiting.calldata)
    assert bumped.max_fee_wei >= waiting.max_fee_wei * 1125 // 1000
    assert StaffWish.objects.get(order=order).outcome["code"] == "outbid"
    [asked], [done] = entries(order, "bump"), entries(order, "bump_done")
    assert (asked.actor_id, asked.reason, asked.client_address) == (
        support.user.pk,
        "they asked for it",
        "192.0.2.7",
    )
    assert done.after["outcome"]["params"]["tx_hashes"] == [bumped.tx_hash]
    driver.network.mine("birch")
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    assert Attempt.objects.filter(step__order=order, purpose="fill", state="confirmed").count() == 1


@chain
def test_retry_lets_a_parked_transfer_go_on(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.NEEDS_ATTENTION,
        resume_state=OrderState.OPENED,
        reason={"code": "internal_error", "params": {}},
        failures=8,
    )
    settings.FILL_ENABLED = True
    acts.act_on(order, acts.RETRY, actor("support"), form(end(order)))
    order = driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    assert order.failures == 0
    [done] = entries(order, "retry_done")
    assert (done.before["state"], done.after["state"]) == ("needs_attention", "opened")
    assert "resumed" in driver.kinds(order)


@chain
def test_another_way_is_looked_for_and_what_was_signed_stays(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice, get="birch:WETH"), OrderState.OPENED)
    fill, terms = order.steps.get(kind="fill"), order.terms
    # A plan that is no good any more: nothing of it is in stock.
    stale = {"stock_token": order.output_token, "stock_amount": str(order.output_amount), "swap": None}
    fill.details = {**fill.details, **stale}
    fill.save(update_fields=["details"])
    acts.act_on(order, acts.RESOLVE, actor("support"), form(end(order)))
    wish = driver.work_until(lambda: StaffWish.objects.filter(order=order).exclude(done_at=None).first())
    assert wish.outcome["code"] == "supply_changed"
    order.refresh_from_db()
    assert order.terms == terms
    settings.FILL_ENABLED = True
    acts.act_on(order, acts.RETRY, actor("support"), form(end(order)))
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)


@chain
def test_a_refund_is_released_once_the_protocol_allows_it_and_never_before(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    operator = actor("operator")
    with pytest.raises(NotOffered) as refused:
        acts.act_on(order, acts.RELEASE, operator, form(end(order)))
    assert refused.value.code == "release_too_early"
    left = refused.value.params["left_seconds"]
    assert 0 < left <= order.fill_deadline
    assert not StaffWish.objects.exists()
    assert [offer.why_not for offer in acts.offered(order, operator.user) if offer.name == acts.RELEASE] != [
        ""
    ]
    # Parked: without a person it would wait until its next look.
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.NEEDS_ATTENTION, resume_state=OrderState.OPENED, wake_at=0
    )
    driver.network.warp(left + 2)
    driver.wait_for(lambda: acts.why_not(order, operator.user, acts.ACTS[acts.RELEASE]) == "")
    acts.act_on(order, acts.RELEASE, operator, form(end(order)))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert StaffWish.objects.get(order=order).outcome["code"] == "released"


@chain
def test_what_is_wished_while_a_worker_holds_the_order_is_done_when_it_looks_again(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    held = lease.take(order.order_id)
    assert held is not None
    assert acts.act_on(order, acts.RETRY, actor("support"), form(end(order))).is_busy
    assert not advance(order.order_id)
    lease.surrender(held, wake_at=1)
    driver.work_until(lambda: not StaffWish.objects.filter(done_at=None).exists())


@chain
def test_a_wish_that_breaks_is_no_failure_of_the_order(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)

    def broken(*_: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setitem(wishes._DEEDS, StaffWish.Kind.RETRY, broken)
    acts.act_on(order, acts.RETRY, actor("support"), form(end(order)))
    driver.work_until(lambda: not StaffWish.objects.filter(done_at=None).exists())
    assert StaffWish.objects.get().outcome["code"] == "internal_error"
    order.refresh_from_db()
    assert (order.state, order.failures) == (OrderState.OPENED, 0)


def test_the_same_form_is_done_once_also_from_many_threads() -> None:
    order = order_row(state=OrderState.OPENED)
    support, sent = actor("support"), form(end(order), token="k" * 32)
    told: list[acts.Done] = []
    errors: list[BaseException] = []

    def send() -> None:
        try:
            told.append(acts.act_on(order, acts.NOTE, support, sent, value="called them"))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(done.is_repeat for done in told) == [False, True, True, True, True, True]
    assert StaffNote.objects.filter(order=order).count() == 1
    assert len(entries(order, "note")) == 1


def test_two_people_wishing_the_same_at_once_have_it_done_once() -> None:
    order = order_row(state=OrderState.OPENED)
    for name in ("support", "operator"):
        acts.act_on(order, acts.RETRY, actor(name), form(end(order)))
    assert StaffWish.objects.filter(order=order, done_at=None).count() == 1
    assert len(entries(order, "retry")) == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reason": "  "}, ReasonMissing),
        ({"token": "short"}, FormStale),
        ({"typed": "000000"}, TypedWrong),
    ],
)
def test_an_act_needs_a_reason_its_key_and_the_end_of_the_order_number(
    changes: dict[str, str], error: type[ActRefused]
) -> None:
    order = order_row(order_id="0x" + "ab" * 32, state=OrderState.OPENED)
    typed = changes.pop("typed", end(order))
    with pytest.raises(error):
        acts.act_on(order, acts.RETRY, actor("support"), form(typed, **changes))
    assert not StaffWish.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_viewer_may_do_nothing_and_support_may_not_release_refunds() -> None:
    order = order_row(state=OrderState.OPENED)
    viewer, support = actor("viewer"), actor("support")
    for name in acts.ACTS:
        with pytest.raises(NotPermitted):
            acts.act_on(order, name, viewer, form(end(order)), value="x")
    with pytest.raises(NotPermitted):
        acts.act_on(order, acts.RELEASE, support, form(end(order)))
    assert not AuditEntry.objects.exists()


def test_assigning_and_resolving_are_recorded_with_before_and_after() -> None:
    order = order_row(state=OrderState.OPENED)
    support = actor("support", "sam")
    acts.act_on(order, acts.ASSIGN, support, form(end(order)))
    acts.act_on(order, acts.ASSIGN, support, form(end(order)), value=actor("operator", "olga").name)
    [second, first] = entries(order, "assign")
    assert (first.before["assignee"], first.after["assignee"]) == ("", "sam")
    assert (second.before["assignee"], second.after["assignee"]) == ("sam", "olga")
    with pytest.raises(NotOffered):
        acts.act_on(order, acts.ASSIGN, support, form(end(order)), value=actor("viewer", "vic").name)
    acts.act_on(order, acts.CLOSE, support, form(end(order)))
    assert Handling.objects.get(order=order).resolved_by == support.user


def test_nothing_that_staff_send_changes_who_is_paid_or_how_much() -> None:
    order = order_row(state=OrderState.OPENED)
    kept = Order.objects.values("terms", "user", "recipient", "input_amount", "output_amount").get(
        pk=order.pk
    )
    admin = actor("admin")
    for name in acts.ACTS:
        try:
            acts.act_on(order, name, admin, form(end(order)), value="0x" + "11" * 20)
        except NotOffered:
            continue
    now = Order.objects.values("terms", "user", "recipient", "input_amount", "output_amount").get(pk=order.pk)
    assert now == kept
