"""A transfer's page: who may see it, what it says in each state, and that strangers' text stays text."""

import json
import re
import time

import pytest
from django.test import Client

from intents.chains import registry
from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.timeline import timeline

from . import rows
from .conftest import Browser

STATES = [
    (OrderState.SIGNED, {}, [], "Checking your payment", "still in your wallet on Alder"),
    (OrderState.OPENING, {}, [], "Checking your payment", "moving from your wallet into the contract"),
    (OrderState.OPENED, {}, [("Open", 99)], "Checking your payment", "(2 of 3 blocks)"),
    (OrderState.FILLING, {}, [("Open", 90)], "On its way", "is being paid to"),
    (OrderState.FILLED, {"delivered_amount": 31 * 10**15}, [("Open", 90)], "Delivered", "0.031 WETH arrived"),
    (
        OrderState.PROVING,
        {"delivered_amount": 31 * 10**15},
        [("Open", 90)],
        "Delivered",
        "0.031 WETH arrived",
    ),
    (OrderState.SETTLED, {"delivered_amount": 31 * 10**15}, [("Finalised", 99)], "Delivered", "complete"),
    (
        OrderState.REJECTED,
        {"reason": {"code": "too_late"}},
        [],
        "nothing was taken",
        "never left your wallet",
    ),
    (OrderState.EXPIRED, {}, [], "nothing was taken", "no longer valid"),
    (OrderState.REFUND_DUE, {}, [("Open", 90)], "Returning your money", "going back to"),
    (OrderState.REFUNDING, {}, [("Open", 90)], "Returning your money", "going back to"),
    (OrderState.REFUNDED, {"payout": "sent"}, [("Refunded", 99)], "Returned", "is back in"),
    (OrderState.REFUNDED, {"payout": "claimable"}, [("Refunded", 99)], "Waiting for you", "belongs to"),
    (
        OrderState.NEEDS_ATTENTION,
        {"resume_state": OrderState.FILLING},
        [("Open", 90)],
        "Our staff are checking",
        "is in the contract",
    ),
    (
        OrderState.NEEDS_ATTENTION,
        {"resume_state": OrderState.OPENING},
        [],
        "Our staff are checking",
        "still in your wallet",
    ),
]


@pytest.mark.parametrize(("state", "changes", "logs", "headline", "where"), STATES)
def test_every_state_says_where_the_money_is(
    chains: None,
    alice_browser: Browser,
    state: OrderState,
    changes: dict[str, object],
    logs: list[tuple[str, int]],
    headline: str,
    where: str,
) -> None:
    made = rows.order(state=state, seen_by=alice_browser.key, **changes)
    for kind, block in logs:
        rows.log(made, kind, block=block)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert headline in text
    assert where in text
    chinese = alice_browser.get(
        f"/t/{made.order_id}", headers={"accept-language": "zh-hans"}
    ).content.decode()
    assert headline not in chinese


def test_slower_than_usual_says_why(chains: None) -> None:
    made = rows.order(state=OrderState.FILLING, received_at=time.time() - 300)
    rows.log(made, "Open", block=90)
    made.steps.filter(kind="fill").update(state="ready", waiting={"code": "no_stock", "params": {}})
    view = timeline(made)
    assert view.shown == "slower"
    assert view.reason == "waits for stock on Birch"


def test_evidence_outranks_the_state(chains: None) -> None:
    """The state lags behind what the chain already says."""
    made = rows.order(state=OrderState.OPENING)
    assert timeline(made).money.code == "wallet_opening"
    rows.log(made, "Open", block=100)
    assert timeline(made).money.code == "escrow_counting"
    rows.log(made, "Refunded", block=101)
    assert timeline(made).money.code == "returned"


def test_a_late_payment_is_not_promised(chains: None) -> None:
    made = rows.order(state=OrderState.FILLING, fill_deadline=int(time.time()) - 5)
    rows.log(made, "Open", block=90)
    assert timeline(made).money.code == "escrow_late"


def test_who_may_read(
    chains: None, alice_browser: Browser, mallory_browser: Browser, stranger: Client
) -> None:
    made = rows.order(seen_by=alice_browser.key)
    for path in (f"/t/{made.order_id}", f"/t/{made.order_id}/live"):
        assert alice_browser.get(path).status_code == 200
        for other in (mallory_browser, stranger):
            for query in ("", "?k=", "?k=wrong", f"?k={made.share_key[:-1]}"):
                denied = other.get(path + query)
                assert denied.status_code == 404
                assert made.user not in denied.content.decode()
                assert not denied.cookies
        assert stranger.get(f"{path}?k={made.share_key}").status_code == 200


@pytest.mark.parametrize(
    "order_id", ["0x12", "nothing", "0x" + "G" * 64, "0x" + "AB" * 32, "%00", "0x" + "12" * 40]
)
def test_ids_that_are_none(chains: None, alice_browser: Browser, order_id: str) -> None:
    assert alice_browser.get(f"/t/{order_id}").status_code == 404


def test_unknown_and_foreign_orders_look_alike(
    chains: None, alice_browser: Browser, mallory_browser: Browser
) -> None:
    made = rows.order(seen_by=alice_browser.key)
    foreign = mallory_browser.get(f"/t/{made.order_id}")
    unknown = mallory_browser.get("/t/0x" + "77" * 32)
    assert foreign.content == unknown.content.replace(b"77" * 32, made.order_id[2:].encode())


def test_it_reads_without_scripts(chains: None, alice_browser: Browser) -> None:
    made = rows.order(seen_by=alice_browser.key)
    rows.event(made, "accepted", chain_id=901)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "We received your confirmation" in text
    assert text.count("data-seq=") == 1


def test_a_settled_page_stands_still(chains: None, alice_browser: Browser) -> None:
    made = rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, delivered_amount=1)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "http-equiv" not in text
    assert "ws-connect" not in text


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", '"><b hx-get=/x>', "{{ settings }}", "%(by)s"]
)
def test_hostile_names_are_only_text(db: None, alice_browser: Browser, hostile: str) -> None:
    # Symbols with blanks in them are refused with the manifest; a browser takes a slash for one.
    symbol = hostile.replace(" ", "/")
    rows.connect(rows.manifest(901, "alder", symbol=symbol, name=hostile), rows.manifest(902, "birch"))
    made = rows.order(state=OrderState.FILLING, seen_by=alice_browser.key)
    rows.log(made, "Open")
    rows.event(made, hostile[:40], chain_id=901, tx_hash=hostile)
    for path in (f"/t/{made.order_id}", "/", "/network", "/history"):
        answer = alice_browser.get(path)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert not re.search(r"<img[ /]src=x|<b[ /]hx-get", text)
    registry.forget()


def test_a_chain_that_left_still_has_a_page(chains: None, alice_browser: Browser) -> None:
    made = rows.order(origin_id=999, seen_by=alice_browser.key)
    Order.objects.filter(pk=made.pk).update(destination_id=998)
    assert alice_browser.get(f"/t/{made.order_id}").status_code == 200
    assert alice_browser.get("/history").status_code == 200


def test_the_scripts_that_count_the_time_have_their_words(chains: None, alice_browser: Browser) -> None:
    """Without them the clock of a running transfer reads "seconds" and no number."""
    made = rows.order(seen_by=alice_browser.key)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    found = re.search(r'<script id="words" type="application/json">(.*?)</script>', text)
    assert found
    assert json.loads(found[1])["seconds"] == "{count} s"


def test_the_proof_is_carried_to_where_the_money_came_from(chains: None, alice_browser: Browser) -> None:
    made = rows.order(state=OrderState.PROVING, seen_by=alice_browser.key)
    page = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "Carry the proof to Alder" in page
    made.steps.filter(kind="prove").update(waiting={"code": "not_processed", "params": {}})
    page = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "Alder has not taken the proof yet" in page
