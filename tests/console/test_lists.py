"""Saved views, filters, sorting and pages of orders for staff."""

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from eth_utils.address import to_checksum_address

from intents.lifecycle import OrderState, StepKind
from intents.models import Handling, Order, QuoteState, Step, Ticket
from intents.selectors.order_lists import VIEWS, Tally, read_filters, tallies, tally
from intents.selectors.order_lists.filters import BadFilter
from intents.selectors.order_lists.paging import PAGE_SIZE
from tests.web import rows

from .people import browser_of, member

LINE = re.compile(r'<tr id="row-(0x[0-9a-f]{64})" data-line')
USER = to_checksum_address("0x" + "7a3c" * 10)


@pytest.fixture
def support(chains: None) -> Client:
    return browser_of("support")


def lines(client: Client, address: str, **values: str) -> list[str]:
    answer = client.get(address, values)
    assert answer.status_code == 200, answer.content.decode()
    return LINE.findall(answer.content.decode())


def link(client: Client, address: str, rel: str) -> str:
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', client.get(address).content.decode())
    return unescape(found.group(1)) if found else ""


def quoted(eta: int | None, **changes: Any) -> Order:
    return rows.order(quote=rows.quote(state=QuoteState.USED, eta_seconds=eta), **changes)


def ago(seconds: float) -> dict[str, float]:
    return {"received_at": time.time() - seconds}


def in_view(name: str) -> set[str]:
    return set(VIEWS[name].narrow(Order.objects.all()).values_list("pk", flat=True))


def test_the_view_of_slow_orders_holds_those_past_what_they_were_promised(chains: None) -> None:
    late = {
        quoted(3, state=OrderState.OPENED, **ago(20)).pk,
        quoted(100, state=OrderState.FILLING, **ago(250)).pk,
        quoted(None, state=OrderState.SIGNED, **ago(90)).pk,
        rows.order(state=OrderState.OPENING, **ago(90)).pk,
    }
    quoted(100, state=OrderState.FILLING, **ago(150))
    rows.order(state=OrderState.OPENED, **ago(30))
    for state in (OrderState.FILLED, OrderState.SETTLED, OrderState.REFUND_DUE, OrderState.AWAITING_DEPOSIT):
        rows.order(state=state, **ago(900))
    rows.order(state=OrderState.FILLING, delivered_at=timezone.now(), **ago(900))
    assert in_view("slow") == late


def test_paid_to_an_address_counts_from_the_payment(chains: None) -> None:
    changes: dict[str, Any] = {"state": OrderState.OPENING, "confirm_way": "deposit", **ago(900)}
    unpaid, paid, long_paid = (rows.order(**changes) for _ in range(3))
    for order, seconds in ((paid, 5), (long_paid, 600)):
        began = timezone.now() - timedelta(seconds=seconds)
        Step.objects.filter(order=order, kind=StepKind.OPEN).update(started_at=began)
    assert in_view("slow") == {long_paid.pk}
    assert unpaid.pk not in in_view("slow")


def test_each_saved_view_holds_the_orders_of_its_states(chains: None, settings: Any) -> None:
    settings.CONSOLE_HIGH_VALUE_USD = 500
    by_state = {state: rows.order(state=state).pk for state in OrderState}
    big = rows.order(state=OrderState.SETTLED, value_usd_e8=500 * 10**8).pk
    rows.order(state=OrderState.SETTLED, value_usd_e8=500 * 10**8 - 1)
    assert in_view("person") == {by_state[OrderState.NEEDS_ATTENTION]}
    assert in_view("refund") == {by_state[OrderState.REFUND_DUE], by_state[OrderState.REFUNDING]}
    assert in_view("high") == {big}
    assert len(in_view("all")) == len(OrderState) + 2


def test_the_views_agree_with_their_lines(support: Client) -> None:
    late = quoted(3, state=OrderState.OPENED, **ago(3600))
    page = support.get("/console/list/slow/").content.decode()
    assert LINE.findall(page) == [late.pk]
    assert "late since" in page


def test_counts_end_at_a_bound_and_say_so(chains: None) -> None:
    for _ in range(7):
        rows.order()
    assert tally(Order.objects.all(), most=5) == Tally(5, True)
    assert tally(Order.objects.all(), most=7) == Tally(7, False)
    assert (Tally(1000, True).text, Tally(12, False).text) == ("1,000+", "12")
    with CaptureQueriesContext(connection) as asked:
        counts = tallies()
    assert counts["all"] == Tally(7, False)
    assert len(asked) <= 6 and all("LIMIT 1001" in each["sql"] for each in asked if "COUNT" in each["sql"])


def test_every_filter_keeps_what_it_names_and_nothing_else(support: Client) -> None:
    plain = rows.order()
    other = rows.order(
        state=OrderState.REFUNDED,
        origin_id=902,
        destination_id=901,
        input_token=to_checksum_address(rows.WETH[902]),
        output_token=to_checksum_address(rows.USDC[901]),
        route_kind="in_stock",
    )
    Order.objects.filter(pk=other.pk).update(created_at=datetime(2026, 3, 5, 23, 59, tzinfo=UTC))
    Ticket.objects.create(order=other, code_word="x", language="en")
    Handling.objects.create(order=other, assignee=member("operator", name="olga"))
    for values, expected in {
        ("origin", "birch"): {other.pk},
        ("destination", "birch"): {plain.pk},
        ("token", "WETH"): {plain.pk, other.pk},
        ("token", "ETH"): set(),
        ("route", "in_stock"): {other.pk},
        ("route", "elsewhere"): {plain.pk},
        ("status", "refunded"): {other.pk},
        ("until", "2026-03-05"): {other.pk},
        ("until", "2026-03-04"): set(),
        ("since", "2026-03-05"): {plain.pk, other.pk},
        ("since", "2026-03-06"): {plain.pk},
        ("asked", "1"): {other.pk},
        ("care", "olga"): {other.pk},
        ("care", "nobody"): {plain.pk},
        ("care", "me"): set(),
    }.items():
        assert set(lines(support, "/console/list/all/", **dict([values]))) == expected, values
    both = {"origin": "birch", "status": "signed"}
    assert lines(support, "/console/list/all/", **both) == []
    assert lines(support, "/console/list/person/", origin="birch") == []


BAD = [
    ("origin", "atlantis"),
    ("destination", "901'"),
    ("token", "NONE"),
    ("route", "teleport"),
    ("status", "lost"),
    ("since", "yesterday"),
    ("since", "2026-02-30"),
    ("until", "99999-01-01"),
    ("until", "0000-00-00"),
    ("asked", "yes"),
    ("care", "mallory"),
    ("care", "x" * 500),
    ("sort", "password"),
    ("sort", "order_id; DROP TABLE"),
    ("dir", "sideways"),
    ("after", "nonsense"),
    ("after", "WzFd"),
    ("before", "é" * 300),
    ("after", "A" * 5000),
    ("after", "WyJ2YWx1ZSIsIjEiLCIyIiwiMyJd"),
    ("status", "\x00"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_refused_in_words(support: Client, name: str, value: str) -> None:
    rows.order()
    answer = support.get("/console/list/all/", {name: value})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'role="alert"' in page and not LINE.search(page)
    if name not in ("after", "before"):
        assert support.get("/console/list/all/export.csv", {name: value}).status_code == 400


def test_the_last_day_comes_after_the_first(chains: None) -> None:
    with pytest.raises(BadFilter) as refused:
        read_filters({"since": "2026-03-06", "until": "2026-03-05"}, me=member("support"))
    assert list(refused.value.problems) == ["until"]


def test_odd_names_are_not_filters(support: Client) -> None:
    order = rows.order()
    assert lines(support, "/console/list/all/", utm_source="mail", user_pk="1") == [order.pk]
    for view in ("nothing", "all%00", "ALL"):
        assert support.get(f"/console/list/{view}/").status_code == 404


@pytest.mark.parametrize("sort", ["when", "value", "status", "deadline"])
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_pages_in_every_order(support: Client, sort: str, way: str) -> None:
    """Each order on exactly one page, in order, there and back, ties and all."""
    states = [OrderState.SETTLED, OrderState.REFUNDED, OrderState.SIGNED]
    made = [
        rows.order(state=states[n % 3], value_usd_e8=(n % 4) * 10**8, fill_deadline=1_800_000_000 + n // 10)
        for n in range(2 * PAGE_SIZE + 20)
    ]
    same = timezone.now()
    Order.objects.filter(pk__in=[order.pk for order in made[::3]]).update(created_at=same)
    column = {"when": "created_at", "value": "value_usd_e8", "status": "state", "deadline": "fill_deadline"}[
        sort
    ]
    sign = "-" if way == "desc" else ""
    wanted = list(
        Order.objects.order_by(f"{sign}{column}", f"{sign}created_at", f"{sign}order_id").values_list(
            "pk", flat=True
        )
    )
    pages, address = [], f"/console/list/all/?sort={sort}&dir={way}"
    for _ in range(3):
        pages.append(lines(support, address))
        last, address = address, link(support, address, "next")
    assert address == ""
    assert [pk for page in pages for pk in page] == wanted
    back = link(support, last, "prev")
    assert lines(support, back) == pages[1]
    assert lines(support, link(support, back, "prev")) == pages[0]
    assert link(support, link(support, back, "prev"), "prev") == ""


def test_a_page_stays_where_it_was_when_others_come_in(support: Client) -> None:
    made = [rows.order().pk for _ in range(PAGE_SIZE + 5)]
    second = link(support, "/console/list/all/", "next")
    for _ in range(3):
        rows.order()
    assert lines(support, second) == made[4::-1]


def test_no_page_skips_by_counting(support: Client) -> None:
    for _ in range(PAGE_SIZE + 5):
        rows.order()
    second = link(support, "/console/list/all/", "next")
    with CaptureQueriesContext(connection) as asked:
        lines(support, second)
    assert not [each for each in asked if "OFFSET" in each["sql"]]


def test_a_page_asks_as_often_for_many_as_for_few(support: Client) -> None:
    def count() -> int:
        # Chains are read again now and then.
        return min(once(), once())

    def once() -> int:
        with CaptureQueriesContext(connection) as asked:
            lines(support, "/console/list/all/")
        return len(asked)

    rows.order()
    once()
    few = count()
    for _ in range(30):
        quoted(3)
    assert count() == few


def test_heads_say_how_it_is_sorted(support: Client) -> None:
    rows.order()
    page = support.get("/console/list/all/?sort=value&dir=asc").content.decode()
    assert page.count('aria-sort="ascending"') == 1 and page.count('aria-sort="none"') == 3
    assert page.count('<th scope="col"') == 10


@pytest.mark.parametrize("address", ["/console/", "/console/list/all/", "/console/list/all/export.csv"])
def test_viewers_see_no_address(chains: None, address: str) -> None:
    order = rows.order(user=USER, recipient=rows.BOB)
    for role, sees in (("viewer", False), ("support", True)):
        answer = browser_of(role).get(address)
        body = answer.getvalue().decode().lower()
        assert order.pk in body
        assert (USER.lower() in body) is sees
        assert (USER.lower()[2:] in body) is sees and (rows.BOB.lower()[2:] in body) is sees


def test_empty_lists_say_so(support: Client) -> None:
    assert "Nothing here" in support.get("/console/list/all/").content.decode()
    assert "Nothing passes" in support.get("/console/list/all/?status=settled").content.decode()


def test_home_has_views_and_the_newest(support: Client) -> None:
    made = [rows.order(state=OrderState.NEEDS_ATTENTION).pk for _ in range(20)]
    page = support.get("/console/").content.decode()
    assert LINE.findall(page) == made[:4:-1]
    assert page.count('class="some"') == 1 and "/console/list/slow/" in page


@pytest.mark.parametrize(
    "path", ["/console/", "/console/list/all/", "/console/list/all/export.csv", "/console/search"]
)
def test_lists_and_search_are_for_staff_only(chains: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302 and "/login/" in answer.url  # type: ignore[attr-defined]
    person = Client()
    person.force_login(
        get_user_model().objects.create_user("somebody"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert person.get(path).status_code == 403


@pytest.mark.parametrize(("language", "words"), [("en", "Slower than promised"), ("zh-hans", "慢于承诺")])
def test_a_list_and_its_complaints_are_said_in_both_languages(
    support: Client, language: str, words: str
) -> None:
    rows.order(state=OrderState.NEEDS_ATTENTION)
    page = support.get(
        "/console/list/all/?status=lost", headers={"Accept-Language": language}
    ).content.decode()
    assert words in page and ("There is no such status" in page) == (language == "en")


def test_the_views_are_answered_by_indexes(chains: None) -> None:
    """What is rare is never looked for by reading every order."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
    try:
        for name in ("slow", "person", "refund", "high"):
            plan = VIEWS[name].narrow(Order.objects.all()).order_by().explain()
            assert "Seq Scan on intents_order" not in plan, plan
            assert not re.search(r"SCAN intents_order$", plan, re.MULTILINE), plan
    finally:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET enable_seqscan = on")
