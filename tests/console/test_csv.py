"""Lists as CSV: whole, streamed, and safe to open in a spreadsheet."""

import csv
import io
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from intents.console import export
from intents.lifecycle import OrderState
from intents.models import AuditEntry, Handling
from intents.selectors.csv_text import cell
from tests.web import rows

from .people import browser_of, member


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_what_a_spreadsheet_would_run_is_led_by_an_apostrophe(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "1", "0x12", "a=b", "99.97", "中文"])
def test_what_no_spreadsheet_runs_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_an_export_holds_each_order_exactly_and_runs_nothing(chains: None) -> None:
    order = rows.order(
        state=OrderState.NEEDS_ATTENTION,
        delivered_amount=31 * 10**15,
        value_usd_e8=10_012 * 10**6,
        route_kind="swap_fill",
    )
    Handling.objects.create(order=order, assignee=member("operator", name='=HYPERLINK("http://x")'))
    answer = browser_of("support").get("/console/list/all/export.csv")
    assert (
        answer["Content-Type"] == "text/csv; charset=utf-8" and "attachment" in answer["Content-Disposition"]
    )
    body = answer.getvalue().decode()
    assert body.startswith("\ufeff")
    (line,) = csv.DictReader(io.StringIO(body[1:]))
    assert (line["Transfer"], line["Status"], line["Care"]) == (
        order.pk,
        "Needs a person",
        '\'=HYPERLINK("http://x")',
    )
    assert (line["Amount paid"], line["Token paid"], line["From chain"]) == ("100", "USDC", "Alder")
    assert (line["Amount received"], line["Delivered"], line["Value in USD"]) == ("0.031", "yes", "100.12")
    assert line["Who pays"] == order.user


def test_all_pages_narrowed_and_sorted(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 7)
    for number in range(30):
        rows.order(state=(OrderState.SETTLED, OrderState.REFUNDED)[number % 2], value_usd_e8=number * 10**8)
    lines = table(browser_of("support").get("/console/list/all/export.csv?status=settled&sort=value&dir=asc"))
    assert [line["Value in USD"] for line in lines] == ["", *(f"{number}.00" for number in range(2, 30, 2))]


def test_in_the_readers_language(chains: None) -> None:
    rows.order()
    headers = {"Accept-Language": "zh-hans"}
    (line,) = table(browser_of("support").get("/console/list/all/export.csv", headers=headers))
    assert line["状态"] == "已签名"


def test_taking_a_list_along_is_on_record(chains: None) -> None:
    browser_of("viewer").get("/console/list/refund/export.csv?origin=alder")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.actor_name, entry.subject_id, entry.after) == ("viewer", "refund", {"origin": "alder"})


@pytest.mark.django_db(transaction=True)
async def test_the_server_sends_it_piece_by_piece(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from asgiref.sync import sync_to_async

    monkeypatch.setattr(export, "CHUNK", 2)
    for _ in range(5):
        await sync_to_async(rows.order)()
    browser = AsyncClient()
    await browser.aforce_login(
        await sync_to_async(member)("support"), backend="django.contrib.auth.backends.ModelBackend"
    )
    answer = await browser.get("/console/list/all/export.csv")
    assert isinstance(answer, StreamingHttpResponse) and answer.is_async
    pieces = [piece async for piece in answer]
    assert [piece.count(b"\r\n") for piece in pieces] == [1, 2, 2, 1]


def test_strangers_take_no_list_along(chains: None) -> None:
    rows.order()
    assert Client().get("/console/list/all/export.csv").status_code == 302
