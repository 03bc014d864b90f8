"""The time slider tells of any second what was then: no fact before its block, and at the end the present."""

import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents.chains import registry
from intents.lifecycle import OrderState
from intents.models import Belief, ChainLog, Event, Order
from intents.selectors.evidence.dossier import Dossier, dossier
from intents.selectors.evidence.eyes import Eyes
from intents.selectors.evidence.facts import facts_of
from intents.selectors.evidence.replay import Replay, replay
from intents.selectors.timeline import timeline
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.conftest import driver  # noqa: F401
from tests.engine.driver import Driver
from tests.engine.test_refunds import driver_clock
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before  # noqa: F401

ALL = Eyes(may_see=True)
FRACTIONS = st.floats(min_value=0, max_value=1, allow_nan=False)


def at(case: Dossier, moment: float | None) -> Replay:
    return replay(case, at=moment, eyes=ALL)


def holds_together(case: Dossier, moment: float) -> Replay:
    """What is true of every moment of every story."""
    told = {
        (row.data.get("chain_id"), row.data.get("tx_hash")): row.at.timestamp()
        for row in reversed(case.events)
        if row.data.get("block")
    }
    for row in case.attempts:
        place, confirmed = (row.chain_id, row.tx_hash), row.confirmed_at or timezone.now()
        told[place] = min(told.get(place, case.now), confirmed.timestamp())
    then = at(case, moment)
    for seen in then.facts:
        first = told.get((seen.fact.chain_id, seen.fact.tx_hash), case.now)
        assert seen.fact.block_time is None or min(seen.fact.block_time, first) <= then.at
        assert seen.have is None or 1 <= seen.have <= seen.need
    assert (then.person.shown == "delivered") == (then.engine.state in ("filled", "proving", "settled"))
    assert then.start <= then.at <= then.end
    assert then.previous is None or then.previous < then.at
    assert then.following is None or then.following > then.at
    return then


def ends_in_the_present(order: Order) -> Dossier:
    case = dossier(order)
    last, now = at(case, None), timeline(order, now=case.now)
    assert (last.person.shown, last.person.headline) == (now.shown, now.headline)
    assert last.person.money is not None and last.person.money.text == now.money.text
    assert last.person.reason == now.reason
    assert last.engine.state == order.state
    assert [step.state for step in last.engine.steps] == [step.state for step in order.steps.all()]
    here = {(seen.fact.chain_id, seen.fact.tx_hash, seen.fact.log_index) for seen in last.facts}
    assert here >= set(
        ChainLog.objects.filter(order_id=order.order_id).values_list("chain_id", "tx_hash", "log_index")
    )
    assert not any(fact.until for fact in facts_of(case) if fact.stood_at(case.now))
    return case


def walk(case: Dossier) -> list[Replay]:
    """Every stop of the slider, from the beginning to the end, by its own arrows."""
    then, found = holds_together(case, case.start), []
    while True:
        found.append(then)
        if then.following is None:
            break
        then = holds_together(case, then.following)
    assert [each.index for each in found] == sorted({each.index for each in found})
    back = found[-1]
    for expected in reversed(found[:-1]):
        assert back.previous is not None
        back = at(case, back.previous)
        assert back.at == expected.at
    return found


def any_moment(case: Dossier, states: list[str]) -> None:
    """States come in the order in which they came, whatever moments are looked at."""

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.lists(FRACTIONS, min_size=2, max_size=4))
    def check(fractions: list[float]) -> None:
        moments = sorted(case.start + part * (case.now - case.start) for part in fractions)
        seen = [holds_together(case, moment) for moment in moments]
        places = [states.index(then.engine.state) for then in seen]
        assert places == sorted(places)
        assert [len(then.facts) for then in seen] == sorted(len(then.facts) for then in seen)

    check()


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_a_settled_transfer_at_every_moment(driver: Driver, alice: LocalAccount) -> None:  # noqa: F811
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice, get="birch:WETH"), OrderState.SETTLED)
    case = ends_in_the_present(order)
    stops = walk(case)
    states = list(dict.fromkeys(then.engine.state for then in stops))
    assert states == [
        "solving", "ready", "signed", "opening", "opened", "filling", "filled", "proving", "settled",
    ]  # fmt: skip
    assert stops[0].person.shown == "" and "asked for an offer" in stops[0].person.headline
    said = list(dict.fromkeys(then.person.shown for then in stops if then.person.shown))
    assert said[0] == "checking" and said[-1] == "delivered"
    waits = {step.waiting for then in stops for step in then.engine.steps if step.waiting}
    assert any("waits for a block" in words for words in waits), waits
    assert all(then.engine.attempts for then in stops if then.engine.state in ("filled", "settled"))
    settled = next(then for then in stops if then.engine.state == "settled")
    assert {attempt.state for attempt in settled.engine.attempts} == {"confirmed"}
    any_moment(case, states)


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_a_refund_after_clocks_jumped(driver: Driver, alice: LocalAccount, settings: Any) -> None:  # noqa: F811
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    driver.network.warp(order.expires - driver_clock(driver) + 2)
    strangers.send(
        driver.network, "alder", calls.refund(order_from_json(order.terms), origin=registry.chain(901))
    )
    order = driver.drive(order, OrderState.REFUNDED)
    case = ends_in_the_present(order)
    stops = walk(case)
    kinds = [{seen.fact.kind for seen in then.facts} for then in stops]
    assert kinds[-1] >= {"Open", "Refunded"}
    assert any(found == {"Open"} for found in kinds)
    any_moment(case, list(dict.fromkeys(then.engine.state for then in stops)))


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_a_block_that_was_taken_back_was_there_for_a_while(
    driver: Driver,  # noqa: F811
    alice: LocalAccount,
    settings: Any,
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    block = ChainLog.objects.get(order_id=order.order_id, kind="Open").block_number
    strangers.reorg(driver.network, "alder", block)
    driver.work_until(lambda: "reorg" in driver.kinds(order))
    order = driver.drive(order, OrderState.OPENED)
    case = ends_in_the_present(order)
    stops = walk(case)
    held = ["Open" in {seen.fact.kind for seen in then.facts} for then in stops]
    # There, gone, and there again.
    changes = [held[0], *(now for before, now in pairwise(held) if now != before)]
    assert changes == [False, True, False, True]


@pytest.fixture
def told(chains: None) -> Order:  # noqa: F811
    """A story of rows alone, as older orders have them: events, no beliefs."""
    quote = rows.quote(solved_at=timezone.now() - timedelta(seconds=58))
    type(quote).objects.filter(pk=quote.pk).update(created_at=timezone.now() - timedelta(seconds=60))
    order = rows.order(state=OrderState.SETTLED, quote=quote, delivered_amount=31 * 10**15)
    began = time.time() - 50
    story = ["accepted", "open_sent", "opened", "fill_sent", "filled", "delivered", "prove_sent", "settled"]
    for index, kind in enumerate(story):
        made = rows.event(order, kind, **({"amount": str(31 * 10**15)} if kind == "delivered" else {}))
        moment = timezone.now() - timedelta(seconds=50 - 5 * index)
        Event.objects.filter(pk=made.pk).update(at=moment)
    for kind, seconds in (("Open", 9), ("Finalised", 34)):
        log = rows.log(order, kind, block=90)
        ChainLog.objects.filter(pk=log.pk).update(block_timestamp=int(began + seconds))
    Order.objects.filter(pk=order.pk).update(
        created_at=timezone.now() - timedelta(seconds=50),
        received_at=began,
        delivered_at=timezone.now() - timedelta(seconds=25),
        ended_at=timezone.now() - timedelta(seconds=15),
    )
    order.refresh_from_db()
    return order


def test_without_beliefs_events_tell_nearly_the_same(told: Order) -> None:
    case = ends_in_the_present(told)
    states = list(dict.fromkeys(then.engine.state for then in walk(case)))
    assert states == [
        "solving",
        "ready",
        "signed",
        "opening",
        "opened",
        "filling",
        "filled",
        "proving",
        "settled",
    ]
    any_moment(case, states)


def test_a_wait_is_said_while_it_lasted(told: Order) -> None:
    def belief(seconds: int, **values: Any) -> None:
        Belief.objects.create(order=told, at=timezone.now() - timedelta(seconds=seconds), **values)

    belief(39, step_index=1, state="ready", waiting={"code": "no_stock", "params": {}})
    belief(36, step_index=1, state="submitted")
    case = dossier(told)

    def waiting(seconds: float) -> str:
        then = at(case, case.now - seconds)
        return next(step.waiting for step in then.engine.steps if step.kind == "fill")

    assert waiting(40) == "" and waiting(35) == ""
    assert waiting(38) == "waits for stock on Birch"


def test_moments_outside_the_story_are_its_ends(told: Order) -> None:
    case = dossier(told)
    assert at(case, 0).at - case.start < 0.002 and at(case, 0).previous is None
    assert at(case, time.time() + 10**6).is_present


def test_a_long_story_costs_no_more_queries(told: Order, django_assert_max_num_queries: Any) -> None:
    Event.objects.bulk_create(
        Event(order=told, seq=100 + index, kind="depth", data={"have": 1, "need": 3, "chain_id": 901})
        for index in range(10_000)
    )
    with django_assert_max_num_queries(30):
        at(dossier(Order.objects.get(pk=told.pk)), time.time() - 20)


def test_masked_eyes_read_no_address(told: Order) -> None:
    case = dossier(told)
    for moment in (case.now, case.now - 30):
        then = replay(case, at=moment, eyes=Eyes(may_see=False))
        assert then.person.money is not None
        assert told.user not in then.person.money.text and told.user not in str(then.person.money.html)
