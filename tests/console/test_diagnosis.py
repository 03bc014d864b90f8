"""The diagnosis names the cause from rows alone, says it in both languages, and never fails on a state."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents.chains.accounts import OPERATOR, address
from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import (
    Alert,
    Attempt,
    Belief,
    Chain,
    ChainHead,
    Deposit,
    NodeReport,
    Order,
    Pause,
    Reservation,
    Stock,
    StockMove,
    Ticket,
)
from intents.selectors import diagnosis
from intents.selectors.diagnosis import BY_CODE, CAUSES, affected, census, diagnose, language_of, reply
from intents.selectors.diagnosis.acts import ACT_WORDS
from intents.selectors.diagnosis.reply import SENTENCES
from intents.services.staff.acts import ACTS
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


def reported(
    chain_id: int, nodes: list[tuple[str, str, int | None]], *, quorum: int = 2, **more: Any
) -> None:
    values = {
        "nodes": [{"host": host, "ill": ill, "height": height} for host, ill, height in nodes],
        "quorum": quorum,
        "seen_at": time.time(),
        "changed_at": time.time() - 30,
        **more,
    }
    NodeReport.objects.update_or_create(chain_id=chain_id, defaults=values)


def order(state: OrderState = OrderState.OPENED, **changes: Any) -> Order:
    made = rows.order(state=state, **{"wake_at": time.time() + 5, "value_usd_e8": 100 * 10**8, **changes})
    after_open = state not in (
        OrderState.SIGNED,
        OrderState.OPENING,
        OrderState.AWAITING_DEPOSIT,
        OrderState.REJECTED,
    )
    if after_open:
        rows.log(made, "Open", block=90)
        made.steps.filter(kind=StepKind.OPEN).update(state=StepState.FINAL)
        rows.event(made, "opened")
    return made


def waiting(made: Order, kind: StepKind, code: str, **params: Any) -> Order:
    made.steps.filter(kind=kind).update(state=StepState.READY, waiting={"code": code, "params": params})
    step = made.steps.get(kind=kind)
    Belief.objects.create(
        order=made,
        at=timezone.now() - timedelta(seconds=40),
        step_index=step.index,
        state=StepState.READY,
        waiting={"code": code, "params": params},
    )
    return made


def sent(
    made: Order, kind: StepKind, *, nonce: int, age: float = 60, chain_id: int = 902, **more: Any
) -> Attempt:
    step = made.steps.filter(kind=kind).first()
    attempt = Attempt.objects.create(
        step=step,
        purpose=kind.value,
        chain_id=chain_id,
        sender=address(OPERATOR),
        nonce=nonce,
        tx_hash="0x" + f"{nonce:064x}",
        raw=b"",
        target=rows.ALICE,
        calldata="0x",
        gas_limit=100_000,
        max_fee_wei=10**9,
        priority_fee_wei=10**9,
        state=AttemptState.BROADCAST,
        broadcast_at=time.time() - age,
        broadcast_block=90,
        **more,
    )
    Attempt.objects.filter(pk=attempt.pk).update(created_at=timezone.now() - timedelta(seconds=age))
    if step is not None:
        made.steps.filter(pk=step.pk).update(
            state=StepState.SUBMITTED, waiting={"code": "in_block", "params": {}}
        )
    return attempt


def first(made: Order) -> diagnosis.Finding:
    return diagnose(Order.objects.get(pk=made.pk))[0]


def stale(chain_id: int, seconds: float) -> None:
    ChainHead.objects.filter(chain_id=chain_id).update(
        seen_at=time.time() - seconds, timestamp=int(time.time() - seconds)
    )


# Each makes an order that a cause explains best.


def _depth() -> Order:
    return waiting(order(required_depth=40), StepKind.FILL, "depth", have=11, need=40)


def _no_stock() -> Order:
    holder = rows.to_checksum_address(rows.ESCROW)
    weth = rows.to_checksum_address(rows.WETH[902])
    stock = Stock.objects.create(
        chain_id=902, token=weth, holder=holder, balance=5 * 10**18, reserved=5 * 10**18
    )
    Reservation.objects.create(order=order(), stock=stock, amount=5 * 10**18)
    return waiting(order(), StepKind.FILL, "no_stock", token=weth)


def _price_moved() -> Order:
    return waiting(
        order(), StepKind.FILL, "not_profitable", missing_usd_e8=str(2 * 10**8), limit_usd_e8=str(5 * 10**7)
    )


def _sender_stuck() -> Order:
    made = order(OrderState.FILLING)
    sent(order(OrderState.FILLING), StepKind.FILL, nonce=41, age=90)
    sent(made, StepKind.FILL, nonce=43, age=20)
    return made


def _stuck_itself() -> Order:
    made = order(OrderState.FILLING)
    sent(made, StepKind.FILL, nonce=41, age=90)
    return made


def _lagging() -> Order:
    reported(902, [("one", "", 100), ("two", "lagging", 70)])
    return order()


def _disagreeing() -> Order:
    reported(902, [("one", "", 100), ("two", "", 100)], disputed_at=time.time() - 2)
    stale(902, 20)
    return order()


def _away() -> Order:
    reported(902, [("one", "", 100), ("two", "silent", None)])
    Chain.objects.filter(pk=902).update(paused_reason="nodes_away 1 2 silent:1")
    return order()


def _stalled() -> Order:
    stale(902, 40)
    return order(required_depth=1)


def _behind() -> Order:
    stale(902, 40)
    reported(902, [("one", "", 140), ("two", "", 140)])
    return order(required_depth=1)


def _follower_dead() -> Order:
    stale(901, 40)
    stale(902, 40)
    NodeReport.objects.update(seen_at=time.time() - 40)
    return order()


def _validator() -> Order:
    made = order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now())
    made.steps.filter(kind=StepKind.FILL).update(state=StepState.FINAL)
    return waiting(made, StepKind.PROVE, "waiting_for_validators", missing=[rows.BOB], need=2)


def _finality() -> Order:
    made = order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now())
    made.steps.filter(kind=StepKind.FILL).update(state=StepState.FINAL)
    return waiting(made, StepKind.PROVE, "waiting_for_blocks", have=1, need=3)


def _expiring() -> Order:
    return order(
        OrderState.PROVING,
        delivered_amount=1,
        delivered_at=timezone.now(),
        expires=int(time.time()) + 30,
    )


def _blacklisted() -> Order:
    return waiting(
        order(OrderState.FILLING),
        StepKind.FILL,
        "price_moved",
        revert="Blacklistable: account is blacklisted",
    )


def _issuer_stopped() -> Order:
    return waiting(order(OrderState.FILLING), StepKind.FILL, "price_moved", revert="Pausable: paused")


def _outflow() -> Order:
    return waiting(order(OrderState.FILLING), StepKind.FILL, "price_moved", revert="OutflowCapExceeded")


def _deadline() -> Order:
    return waiting(
        order(fill_deadline=int(time.time()) + 40), StepKind.FILL, "fill_deadline_near", fill_deadline=1
    )


def _deposit(held: dict[str, int], state: OrderState = OrderState.AWAITING_DEPOSIT, **changes: Any) -> Order:
    made = rows.order(state=state, confirm_way="deposit", wake_at=time.time() + 5, **changes)
    Deposit.objects.create(
        order=made,
        chain_id=901,
        address="0x" + "aa" * 20,
        token=made.input_token,
        held={token: str(amount) for token, amount in held.items()},
        watched_until=time.time() + 1e6,
    )
    return made


def _deposit_short() -> Order:
    return _deposit({rows.to_checksum_address(rows.USDC[901]): 96_800_000})


def _deposit_wrong() -> Order:
    return _deposit({rows.to_checksum_address(rows.WETH[901]): 10**18})


def _deposit_gone_back() -> Order:
    made = _deposit({})
    rows.event(made, "recovered", token=rows.to_checksum_address(rows.WETH[901]), amount=str(10**18))
    return made


def _deposit_late() -> Order:
    return _deposit({}, OrderState.REFUND_DUE, reason={"code": "deposit_not_used", "params": {}})


def _deposit_unused() -> Order:
    made = _deposit({}, OrderState.REFUND_DUE, reason={"code": "deposit_not_used", "params": {}})
    rows.event(made, "deposit_seen", amount="100")
    return made


def _fees() -> Order:
    ChainHead.objects.filter(chain_id=902).update(base_fee_wei=10**13)
    return waiting(order(), StepKind.FILL, "gas_price_too_high", chain="Birch")


def _gas_low() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="gas_low")
    Alert.objects.create(
        kind="gas_low",
        key="gas:902",
        chain_id=902,
        data={"role": "operator", "held_wei": str(10**15), "wanted_wei": str(10**17)},
    )
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def _paused() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="maintenance until noon")
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def _route_paused() -> Order:
    Pause.objects.create(kind="route", origin_id=901, destination_id=902, reason="too many returns")
    return order(OrderState.SIGNED)


def _deep_reorg() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="deep_reorg 9 140")
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def _bridge(age: float) -> Order:
    made = order(OrderState.FILLING)
    move = StockMove.objects.create(
        order=made,
        kind="bridge",
        state="in_transit",
        route="hyperlane-usdc",
        source_id=901,
        source_token=rows.to_checksum_address(rows.USDC[901]),
        destination_id=902,
        destination_token=rows.to_checksum_address(rows.USDC[902]),
        amount=10**8,
    )
    StockMove.objects.filter(pk=move.pk).update(created_at=timezone.now() - timedelta(seconds=age))
    return made


def _reorged(kind: str) -> Order:
    state = OrderState.OPENING if kind == "open" else OrderState.FILLING
    made = order(state)
    rows.event(made, "opened" if kind == "open" else "filled")
    rows.event(made, "reorg", step=kind, chain_id=901)
    return made


def _rejected(code: str, **params: Any) -> Order:
    return order(OrderState.REJECTED, reason={"code": code, "params": params}, ended_at=timezone.now())


def _other_filled() -> Order:
    made = order(OrderState.FILLED, delivered_amount=1, delivered_at=timezone.now(), wake_at=0)
    rows.event(made, "filled", is_ours=False)
    made.steps.filter(kind=StepKind.PROVE).update(state=StepState.SKIPPED)
    return made


def _nobody() -> Order:
    return order(wake_at=time.time() - 45, lease_owner="gone", leased_until=time.time() - 40)


def _parked(code: str) -> Order:
    return order(
        OrderState.NEEDS_ATTENTION,
        resume_state=OrderState.OPENED,
        reason={"code": code, "params": {"error": "KeyError", "code": "expired"}},
    )


def _in_block() -> Order:
    made = order(OrderState.FILLING)
    sent(made, StepKind.FILL, nonce=5, age=1)
    return made


def _refunded(**changes: Any) -> Order:
    return order(OrderState.REFUNDED, ended_at=timezone.now(), wake_at=time.time() + 3600, **changes)


CASES: dict[str, Callable[[], Order]] = {
    "depth": _depth,
    "no_stock": _no_stock,
    "price_moved": _price_moved,
    "sender_stuck": _sender_stuck,
    "transaction_stuck": _stuck_itself,
    "nodes_lag": _lagging,
    "nodes_disagree": _disagreeing,
    "nodes_away": _away,
    "chain_stalled": _stalled,
    "follower_behind": _behind,
    "follower_behind (dead)": _follower_dead,
    "validator_missing": _validator,
    "finality": _finality,
    "expires_soon": _expiring,
    "recipient_refuses": _blacklisted,
    "token_stopped": _issuer_stopped,
    "outflow_cap": _outflow,
    "deadline_near": _deadline,
    "deposit_short": _deposit_short,
    "deposit_wrong_token": _deposit_wrong,
    "deposit_wrong_token (back)": _deposit_gone_back,
    "deposit_late": _deposit_late,
    "deposit_late (found)": lambda: _deposit(
        {rows.to_checksum_address(rows.USDC[901]): 10**8}, OrderState.EXPIRED, ended_at=timezone.now()
    ),
    "deposit_not_used": _deposit_unused,
    "deposit_awaited": lambda: _deposit({}),
    "wallet_awaited": lambda: rows.order(state=OrderState.AWAITING_DEPOSIT, confirm_way="native"),
    "never_paid": lambda: _deposit({}, OrderState.EXPIRED, ended_at=timezone.now()),
    "fees_above_cap": _fees,
    "gas_low": _gas_low,
    "chain_paused": _paused,
    "token_or_route_paused": _route_paused,
    "deep_reorg": _deep_reorg,
    "exposure_full": lambda: waiting(order(), StepKind.FILL, "exposure_full", chain="Alder"),
    "no_price": lambda: waiting(order(), StepKind.FILL, "stale_price", asset="weth"),
    "fill_switched_off": lambda: waiting(order(), StepKind.FILL, "fill_switched_off"),
    "recipient_burns_gas": lambda: waiting(order(), StepKind.FILL, "too_much_gas"),
    "blocked_address": lambda: waiting(order(), StepKind.FILL, "blocked_address", address=rows.BOB),
    "bridge_late": lambda: _bridge(4_000),
    "bridge_under_way": lambda: _bridge(1),
    "not_taken": lambda: waiting(order(), StepKind.FILL, "not_taken", because="not_profitable"),
    "reorg_took_deposit": lambda: _reorged("open"),
    "reorg_took_fill": lambda: _reorged("fill"),
    "signature_refused": lambda: _rejected("open_failed", revert="FiatTokenV2: invalid signature"),
    "funds_gone": lambda: _rejected("open_failed", revert="ERC20: transfer amount exceeds balance"),
    "cancelled": lambda: _rejected("cancelled"),
    "turned_down": lambda: _rejected("no_stock", token="0x1"),
    "filled_by_other": _other_filled,
    "nobody_advances": _nobody,
    "internal_error": lambda: _parked("internal_error"),
    "deposit_lost": lambda: _parked("deposit_lost"),
    "parked": lambda: _parked("something_else"),
    "failing": lambda: order(failures=3),
    "in_block": _in_block,
    "paying": lambda: order(required_depth=1),
    "opening": lambda: order(OrderState.SIGNED),
    "proving": lambda: order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now()),
    "not_collected": lambda: waiting(
        order(OrderState.PROVING, delivered_amount=1), StepKind.PROVE, "not_processed", revert="NotProven"
    ),
    "returning": lambda: order(OrderState.REFUND_DUE, reason={"code": "fill_deadline_passed", "params": {}}),
    "waits_for_expiry": lambda: waiting(
        order(OrderState.REFUND_DUE), StepKind.OPEN, "waiting_for_expiry", after=1
    ),
    "not_returned": lambda: waiting(order(OrderState.REFUND_DUE), StepKind.OPEN, "too_little_to_return"),
    "payout_refused": lambda: _refunded(payout="claimable"),
    "paid_twice": lambda: _refunded(payout="sent", reason={"code": "refunded_after_fill", "params": {}}),
    "over": lambda: _refunded(payout="sent"),
}


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
    found = first(_sender_stuck())
    assert (found.params["nonce"], found.params["own"]) == (41, 43)
    assert found.title == "Our account stands behind nonce 41 on Birch"
    assert "90 s" in found.words and found.action_name == "bump"
    found = first(_lagging())
    assert "lags 30 blocks" in found.words
    reported(902, [("one", "", 100), ("two", "", 100)])
    short = first(_deposit_short())
    assert short.title == "The deposit is 3.2 USDC short"
    held = first(_no_stock())
    assert held.title == "No unreserved WETH on Birch"
    assert "1 orders" in held.words and "5 WETH" in held.words
    moved = first(_price_moved())
    assert "$2.00" in moved.words and "2.00 %" in moved.words
    depth = first(_depth())
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
    made = _validator()
    answer = reply(first(made), made, language="en")
    assert "has been delivered" in answer


def test_nobody_is_asked_to_pay_once_it_goes_back() -> None:
    made = _deposit_short()
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
        _no_stock(),
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
    made = _rejected("open_failed", revert="FiatTokenV2: invalid signature")
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
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_never_raises(
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
