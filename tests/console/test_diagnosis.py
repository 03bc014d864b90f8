"""The diagnosis names the cause from rows alone, says it in both languages, and never fails on a state."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Chain, Order, Ticket
from intents.selectors import diagnosis
from intents.selectors.diagnosis import BY_CODE, CAUSES, affected, census, diagnose, language_of, reply
from intents.selectors.diagnosis.acts import ACT_WORDS
from intents.selectors.diagnosis.reply import SENTENCES
from intents.services.staff.acts import ACTS
from tests.console import troubles
from tests.console.troubles import CASES, order, reported, waiting
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before  # noqa: F401

pytestmark = pytest.mark.django_db

PLACE = re.compile(r"%\((\w+)\)s")
INNER = re.compile(r"\b(nonce|lease|fill|settler|reorg|escrow|order|validator|prove|finalise|solver)\b", re.I)


@pytest.fixture(autouse=True)
def network(chains: None) -> None:  # noqa: F811
    """Two chains whose nodes were just seen to be well."""
    for chain in Chain.objects.all():
        reported(chain.chain_id, [("one", "", 100), ("two", "", 100)], quorum=2)


def first(made: Order) -> diagnosis.Finding:
    return diagnose(Order.objects.get(pk=made.pk))[0]


@pytest.mark.parametrize("name", CASES)
def test_each_cause_is_named_first(name: str) -> None:
    made = CASES[name]()
    code = name.partition(" ")[0]
    found = first(made)
    assert found.code == code, [each.code for each in diagnose(made)]
    for language in diagnosis.LANGUAGES:
        with translation.override(language):
            said = [found.title, found.words, found.then, found.action_words]
            assert all(said), said
            assert not [text for text in said if PLACE.search(text)], said
            answer = reply(found, made, language=language)
        assert not PLACE.search(answer) and "…" not in answer.replace("…" + made.recipient[-4:], ""), answer
        assert not INNER.search(answer), answer
    assert found.to_json()["code"] == code


def test_every_cause_has_a_case() -> None:
    assert {name.partition(" ")[0] for name in CASES} >= set(BY_CODE) - {"node_ill", "carries_on"}
    assert len(CAUSES) >= 50


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.code)
def test_words_are_there_in_both_languages(cause: Any) -> None:
    assert cause.act in ACT_WORDS
    assert cause.act in ("", "pause", *ACTS)
    assert cause.person in SENTENCES
    for text in (cause.title, cause.words, SENTENCES[cause.person], ACT_WORDS[cause.act]):
        with translation.override("en"):
            english = str(text)
        with translation.override("zh-hans"):
            chinese = str(text)
        assert chinese != english or not re.search("[a-z]", PLACE.sub("", english)), english
        assert set(PLACE.findall(chinese)) == set(PLACE.findall(english)), english


def test_numbers_are_those_of_the_rows() -> None:
    found = first(troubles.sender_stuck())
    assert (found.params["nonce"], found.params["own"]) == (41, 43)
    assert found.title == "Our account stands behind nonce 41 on Birch"
    assert "90 s" in found.words and found.action_name == "bump"
    found = first(troubles.lagging())
    assert "lags 30 blocks" in found.words
    reported(902, [("one", "", 100), ("two", "", 100)])
    short = first(troubles.deposit_short())
    assert short.title == "The deposit is 3.2 USDC short"
    held = first(troubles.no_stock())
    assert held.title == "No unreserved WETH on Birch"
    assert "1 orders" in held.words and "5 WETH" in held.words
    moved = first(troubles.price_moved())
    assert "$2.00" in moved.words and "2.00 %" in moved.words
    depth = first(troubles.depth())
    assert (depth.params["have"], depth.params["need"]) == (11, 40)


def test_a_healthy_order_is_said_to_be_healthy() -> None:
    made = order(required_depth=1)
    found = diagnose(made)
    assert [each.code for each in found] == ["paying"]
    assert found[0].severity == "fine" and found[0].action_name is None
    assert found[0].title.startswith("Nothing is wrong: next")


def test_one_ill_node_is_no_cause_while_the_others_suffice() -> None:
    reported(902, [("one", "", 100), ("two", "", 100), ("three", "lagging", 60)], quorum=2)
    codes = [each.code for each in diagnose(order(required_depth=1))]
    assert codes == ["paying", "node_ill"]


def test_the_person_hears_first_that_the_money_is_there() -> None:
    made = troubles.validator()
    answer = reply(first(made), made, language="en")
    assert "has been delivered" in answer


def test_nobody_is_asked_to_pay_once_it_goes_back() -> None:
    made = troubles.deposit_short()
    assert "Please send the missing" in reply(first(made), made, language="en")
    reason = {"code": "deposit_too_little", "params": {}}
    Order.objects.filter(pk=made.pk).update(state=OrderState.REFUND_DUE, reason=reason)
    rows.event(made, "deposit_seen", amount="96800000")
    made.refresh_from_db()
    assert first(made).code == "deposit_short"
    answer = reply(first(made), made, language="en")
    assert "goes back to you by itself" in answer and "Please send" not in answer


def test_the_reply_is_in_the_persons_language() -> None:
    made = order(language="zh-hans")
    assert language_of(made) == "zh-hans"
    assert re.search("[一-鿿]", reply(first(made), made))
    Ticket.objects.create(order=made, code_word="x", language="en")
    assert language_of(made) == "en"
    assert language_of(order()) == "en"


def test_who_else_is_hit() -> None:
    one, two = (
        troubles.no_stock(),
        waiting(order(), StepKind.FILL, "no_stock", token=rows.to_checksum_address(rows.WETH[902])),
    )
    other = waiting(order(), StepKind.FILL, "no_stock", token=rows.to_checksum_address(rows.USDC[902]))
    found = affected("no_stock", first(one).key)
    assert {row.pk for row, _ in found.found} == {one.pk, two.pk}
    assert {row.pk for row, _ in affected("no_stock").found} == {one.pk, two.pk, other.pk}
    assert not affected("no_stock", most=2).found[2:] and affected("no_stock", most=2).is_cut
    with pytest.raises(KeyError):
        affected("nonsense")


def test_the_ended_are_found_by_causes_of_the_ended() -> None:
    made = troubles.rejected("open_failed", revert="FiatTokenV2: invalid signature")
    assert [row.pk for row, _ in affected("signature_refused").found] == [made.pk]
    Order.objects.filter(pk=made.pk).update(ended_at=timezone.now() - timedelta(days=3))
    assert affected("signature_refused").found == ()


def test_the_census_counts_every_unfinished_order_once() -> None:
    for name in ("depth", "no_stock", "internal_error", "paying"):
        CASES[name]()
    counted = {each.cause.code: each.orders for each in census()}
    assert sum(counted.values()) == Order.objects.count()
    assert counted["internal_error"] == counted["no_stock"] == counted["depth"] == 1


def test_thousands_cost_a_few_queries() -> None:
    now = timezone.now()
    Order.objects.bulk_create(
        Order(
            order_id=f"0x{number:064x}",
            state=OrderState.OPENED,
            terms={},
            confirm_way="eip3009",
            user=rows.ALICE,
            recipient=rows.ALICE,
            origin_id=901,
            destination_id=902,
            input_token=rows.USDC[901],
            input_amount=1,
            output_token=rows.WETH[902],
            output_amount=1,
            output_expected=1,
            fill_deadline=int(time.time()) + 100,
            expires=int(time.time()) + 200,
            share_key=f"{number}",
            wake_at=time.time() + 5,
            created_at=now,
        )
        for number in range(2_000)
    )
    began = time.perf_counter()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        counted = census()
    assert sum(each.orders for each in counted) == 2_000
    assert len(queries) < 80
    assert time.perf_counter() - began < 20, "a page waits for it"


STATES = st.sampled_from(list(OrderState))
CODES = st.sampled_from(
    [
        "", "depth", "in_block", "no_stock", "price_moved", "not_profitable", "chain_paused", "waiting_for_validators",
        "waiting_for_blocks", "exposure_full", "deposit_short", "too_much_gas", "not_taken", "nodes_disagree",
        "chain_unreachable", "stale_price", "fees_too_high", "fill_deadline_near", "waiting_for_expiry", "nonsense",
        "blocked_address", "open_failed", "deposit_not_used", "internal_error", "deposit_lost", "cancelled",
    ]
)  # fmt: skip
ODD = st.dictionaries(
    st.sampled_from(
        ["token", "have", "need", "revert", "missing", "missing_usd_e8", "code", "error", "address"]
    ),
    st.one_of(st.none(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3)),
    max_size=4,
)


@given(
    state=STATES,
    resume=STATES,
    code=CODES,
    reason=CODES,
    params=ODD,
    kind=st.sampled_from(list(StepKind)[:6]),
    chain=st.sampled_from([901, 902, 77]),
    failures=st.integers(0, 9),
    payout=st.sampled_from(["", "sent", "claimable"]),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_diagnosis_never_raises_whatever_the_rows_say(
    state: OrderState, resume: OrderState, code: str, reason: str, params: dict[str, Any], kind: StepKind,
    chain: int, failures: int, payout: str,
) -> None:  # fmt: skip
    made = rows.order(
        state=state,
        resume_state=resume,
        reason={"code": reason, "params": params} if reason else {},
        destination_id=chain,
        failures=failures,
        payout=payout,
    )
    made.steps.filter(kind=kind).update(
        state=StepState.READY, waiting={"code": code, "params": params} if code else {}
    )
    found = diagnose(made)
    assert found
    for each in found:
        assert each.title and each.words and each.then
        assert reply(each, made)
        assert each.to_json()
