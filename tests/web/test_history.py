"""A history is narrowed, searched, paged by position and kept as a table; nobody sees another's."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.csv_text import cell
from intents.selectors.overview import kept

from . import rows
from .conftest import Browser

# Under ASGI the table is sent as it is made; Django's test client has no loop of its own and says so.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning")


def ids(text: str) -> list[str]:
    return re.findall(r'class="transfer" href="/t/(0x[0-9a-f]{64})"', text)


def found(browser: Client, **query: str) -> list[str]:
    answer = browser.get("/history", query)
    assert answer.status_code == 200
    return ids(answer.content.decode())


def table(browser: Client, **query: str) -> list[dict[str, str]]:
    answer = browser.get("/history.csv", query)
    assert answer.status_code == 200
    text = b"".join(answer).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("status", "state", "changes"),
    [
        ("under_way", OrderState.FILLING, {}),
        ("delivered", OrderState.PROVING, {"delivered_amount": 31 * 10**15}),
        ("returning", OrderState.REFUND_DUE, {}),
        ("returned", OrderState.REFUNDED, {"payout": "sent"}),
        ("waiting_for_you", OrderState.REFUNDED, {"payout": "claimable"}),
        ("not_started", OrderState.EXPIRED, {}),
        ("staff_checking", OrderState.NEEDS_ATTENTION, {}),
    ],
)
def test_by_status(
    chains: None, alice_browser: Browser, status: str, state: OrderState, changes: dict[str, Any]
) -> None:
    wanted = rows.order(state=state, seen_by=alice_browser.key, **changes)
    other = OrderState.EXPIRED if status != "not_started" else OrderState.FILLING
    rows.order(state=other, seen_by=alice_browser.key)
    assert found(alice_browser, status=status) == [wanted.order_id]


def test_by_chain_token_and_day(chains: None, alice_browser: Browser) -> None:
    old = rows.order(seen_by=alice_browser.key)
    Order.objects.filter(pk=old.pk).update(
        created_at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC), destination_id=903, output_token="0x" + "77" * 20
    )
    new = rows.order(seen_by=alice_browser.key)
    assert found(alice_browser, chain="birch") == [new.order_id]
    assert found(alice_browser, token="WETH") == [new.order_id]
    assert found(alice_browser, token="USDC") == [new.order_id, old.order_id]
    assert found(alice_browser, since="2026-03-01", until="2026-03-01") == [old.order_id]
    assert found(alice_browser, until="2026-02-28") == []
    # In Shanghai that evening is the next day already.
    assert found(alice_browser, until="2026-03-01", zone="Asia/Shanghai") == []
    assert found(alice_browser, since="2026-03-02", zone="Asia/Shanghai") == [new.order_id, old.order_id]


def test_what_cannot_be_understood_leaves_nothing_out(chains: None, alice_browser: Browser) -> None:
    made = rows.order(seen_by=alice_browser.key)
    query = {"status": "odd", "chain": "%00", "token": "<b>", "since": "9999-99-99", "until": "9999-12-31",
             "zone": "../../etc/passwd", "before": "1-0x", "after": "x"}  # fmt: skip
    assert found(alice_browser, **query) == [made.order_id]


@pytest.mark.parametrize(
    "text",
    ["{id}", "{id_start}", "{user}", "0xA1a1…a1A1", "100", "100 usdc", "0.03 WETH", "100.0", "alder", "usdc",
     "https://waymeet.example/t/{id}?k=abc", "{tx}"],
)  # fmt: skip
def test_search(chains: None, alice_browser: Browser, text: str) -> None:
    made = rows.order(seen_by=alice_browser.key)
    log = rows.log(made, "Open")
    stranger = {"origin_id": 777, "destination_id": 778, "user": to_checksum_address(rows.BOB)}
    rows.order(seen_by=alice_browser.key, recipient=to_checksum_address(rows.BOB), input_amount=5, **stranger)
    asked = text.format(id=made.order_id, id_start=made.order_id[:12], user=made.user, tx=log.tx_hash)
    assert found(alice_browser, q=asked) == [made.order_id]


@pytest.mark.parametrize(
    "text", ["nothing like it", "0x", "99", "%", "' OR 1=1", "0x" + "ab" * 32, "🦊", "1e999"]
)
def test_search_without_result_says_so(chains: None, alice_browser: Browser, text: str) -> None:
    rows.order(seen_by=alice_browser.key)
    page = alice_browser.get("/history", {"q": text}).content.decode()
    assert not ids(page)
    assert "No transfer is like that" in page and "No transfers yet" not in page


def test_search_finds_nobody_elses(chains: None, alice_browser: Browser, mallory_browser: Browser) -> None:
    made = rows.order(seen_by=alice_browser.key)
    rows.order(seen_by=mallory_browser.key)
    assert made.order_id not in found(mallory_browser, q=made.order_id)
    assert table(mallory_browser, q=made.order_id) == []
    assert [line["Transfer number"] for line in table(mallory_browser)] != [made.order_id]


def test_pages_neither_miss_nor_repeat_while_others_come(chains: None, alice_browser: Browser) -> None:
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    made = []
    for number in range(45):
        order = rows.order(seen_by=alice_browser.key)
        # Several share a moment: the place must tell them apart.
        Order.objects.filter(pk=order.pk).update(created_at=begin + timedelta(seconds=number // 3))
        made.append(order.order_id)
    seen: list[str] = []
    path = "/history"
    while path:
        text = alice_browser.get(path).content.decode()
        seen += ids(text)
        rows.order(seen_by=alice_browser.key)
        older = re.search(r'href="(/history\?[^"]*before=[^"]*)" rel="next"', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert sorted(seen) == sorted(made)
    newer = re.search(r'href="(/history\?[^"]*after=[^"]*)" rel="prev"', text)
    assert newer
    assert ids(alice_browser.get(newer[1]).content.decode()) == seen[20:40]


def test_filters_are_kept_from_page_to_page(chains: None, alice_browser: Browser) -> None:
    for _ in range(21):
        rows.order(seen_by=alice_browser.key)
    text = alice_browser.get("/history", {"chain": "alder", "q": "usdc"}).content.decode()
    assert re.search(r'href="/history\?chain=alder&amp;q=usdc&amp;before=', text)
    assert "/history.csv?chain=alder&amp;q=usdc" in text


def test_a_page_needs_few_queries_however_long_it_is(
    chains: None, alice_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is kept for some seconds is read once for each of the two, however slow the machine is.
    monkeypatch.setattr(registry, "CACHE_SECONDS", 3600.0)

    def queries() -> int:
        registry.forget()
        kept.forget()
        with CaptureQueriesContext(
            connection,
        ) as caught:
            alice_browser.get("/history")
        return len(caught)

    for state in (OrderState.FILLING, OrderState.SETTLED, OrderState.REFUNDED):
        rows.log(rows.order(state=state, seen_by=alice_browser.key), "Open")
    few = queries()
    for _ in range(15):
        rows.log(rows.order(state=OrderState.FILLING, seen_by=alice_browser.key), "Open")
    assert queries() <= few


def test_the_table_has_exact_amounts_and_is_no_program(chains: None, alice_browser: Browser) -> None:
    made = rows.order(
        state=OrderState.SETTLED,
        seen_by=alice_browser.key,
        delivered_amount=31 * 10**15 + 1,
        value_usd_e8=10**10,
    )
    log = rows.log(made, "Open")
    [line] = table(alice_browser)
    assert (line["You sent"], line["Token sent"], line["From chain"]) == ("100", "USDC", "Alder")
    assert (line["Received"], line["At least"]) == ("0.031000000000000001", "0.03")
    assert (line["From address"], line["Value in USD when confirmed"]) == (made.user, "100.00")
    assert line["Transaction that locked it"] == log.tx_hash
    assert line["Confirmed (UTC)"].endswith("+00:00")


def test_the_table_is_streamed_whole(
    chains: None, alice_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intents.web.history.LINES_AT_ONCE", 2)
    made = {rows.order(seen_by=alice_browser.key).order_id for _ in range(5)}
    answer = alice_browser.get("/history.csv", headers={"accept-language": "zh-hans"})
    assert answer.streaming
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    text = b"".join(answer).decode()
    assert text.startswith("\ufeff") and "收款地址" in text
    assert {line for line in made if line in text} == made
    assert text.count("\r\n") == 6


@pytest.mark.parametrize(
    ("value", "shown"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-2", "'-2"), ("@x", "'@x"), ("\t=1", "'\t=1"), (" =1", "' =1"),
     ("＝1", "'＝1"), ("USDC", "USDC"), ("0x12", "0x12"), ("1.5", "1.5"), (None, ""), (0, "0")],
)  # fmt: skip
def test_cells_are_never_formulas(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_hostile_token_names_stay_text_in_the_table(db: None, alice_browser: Browser) -> None:
    hostile = '=HYPERLINK("http://x")'
    rows.connect(rows.manifest(901, "alder", symbol=hostile), rows.manifest(902, "birch"))
    rows.order(seen_by=alice_browser.key)
    assert table(alice_browser)[0]["Token sent"] == f"'{hostile}"
