"""A ticket's socket: only who owns the transfer listens, and every message arrives once and in order."""

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.test import Client

from intents.lifecycle import OrderState
from intents.models import Order, Ticket
from intents.publish import ticket_group
from intents.services.login import new_browser_cookie
from intents.services.staff.audit import Actor
from intents.services.tickets import answer, ask, close_by_person
from tests.web import rows
from tests.web.test_login_and_history import WALLET, send, sign, text_for

from .sockets import KEY, Socket, socket
from .test_order_socket import is_denied

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@sync_to_async
def asked(text: str = "Where is it?", *, order: Order | None = None) -> Ticket:
    about = order or rows.order(state=OrderState.OPENED, seen_by=KEY)
    return ask(about, text=text, language="en", browser_key=KEY)


@sync_to_async
def answered(ticket: Ticket, text: str) -> None:
    user, _ = get_user_model().objects.get_or_create(username="carol", defaults={"is_staff": True})
    answer(ticket.pk, actor=Actor(user=user, name="carol"), text=text)


async def frame(connection: Socket) -> Any:
    return json.loads(await connection.text())


async def hint(ticket: Ticket, seq: int) -> None:
    layer = get_channel_layer()
    assert layer is not None
    message = {"type": "ticket.changed", "ticket_id": str(ticket.pk), "seq": seq}
    await layer.group_send(ticket_group(ticket.pk), message)


async def test_an_answer_comes_live(chains: None) -> None:
    ticket = await asked()
    connection = socket(f"/ws/tickets/{ticket.pk}/?format=json")
    assert await connection.connect()
    first = await frame(connection)
    assert (first["type"], first["state"], first["code_word"]) == ("state", "open", ticket.code_word)
    assert [(each["seq"], each["from"], each["text"]) for each in first["messages"]] == [
        (1, "you", "Where is it?")
    ]
    await answered(ticket, "On its way.")
    news = await frame(connection)
    assert (news["type"], news["state"]) == ("messages", "answered")
    assert [(each["seq"], each["from"], each["text"]) for each in news["messages"]] == [
        (2, "staff", "On its way.")
    ]
    assert "carol" not in json.dumps(news)
    await connection.disconnect()


async def test_lost_doubled_and_late_hints(chains: None) -> None:
    ticket = await asked()
    connection = socket(f"/ws/tickets/{ticket.pk}/?format=json")
    await connection.connect()
    seen = [each["seq"] for each in (await frame(connection))["messages"]]
    await answered(ticket, "Second")
    seen += [each["seq"] for each in (await frame(connection))["messages"]]
    for seq in (1, 2, 2):
        await hint(ticket, seq)
    assert await connection.receive_nothing(timeout=0.3)
    await asked("Third", order=ticket.order)
    seen += [each["seq"] for each in (await frame(connection))["messages"]]
    assert seen == [1, 2, 3]
    await connection.disconnect()


async def test_reconnecting_continues_where_one_was(chains: None) -> None:
    ticket = await asked()
    await answered(ticket, "Second")
    connection = socket(f"/ws/tickets/{ticket.pk}/?format=json&after=1")
    await connection.connect()
    assert [each["seq"] for each in (await frame(connection))["messages"]] == [2]
    await connection.disconnect()


async def test_pages_get_what_is_new(chains: None) -> None:
    ticket = await asked()
    connection = socket(f"/ws/tickets/{ticket.pk}/?after=1")
    await connection.connect()
    first = await connection.text()
    assert 'id="help-money"' in first and 'id="help-state"' in first
    assert "data-seq" not in first, "the page has shown it already"
    await answered(ticket, "<b>Bold</b>")
    news = await connection.text()
    assert "beforeend:#help-messages" in news
    assert news.count("data-seq=") == 1
    assert "&lt;b&gt;Bold" in news
    assert "Our staff have answered" in news
    await ticket.arefresh_from_db()
    assert ticket.person_seen == 2, "what was shown is read"
    await sync_to_async(close_by_person)(ticket)
    assert "This conversation has ended" in await connection.text()
    await connection.disconnect()


async def test_a_page_that_was_away_gets_all_of_it(chains: None) -> None:
    ticket = await asked()
    await answered(ticket, "Second")
    connection = socket(f"/ws/tickets/{ticket.pk}/?after=1")
    await connection.connect()
    first = await connection.text()
    assert "beforeend" not in first
    assert first.count("data-seq=") == 2
    await connection.disconnect()


async def test_where_the_money_is_moves_without_messages(chains: None) -> None:
    ticket = await asked()
    connection = socket(f"/ws/tickets/{ticket.pk}/?after=1")
    await connection.connect()
    assert "is back in" not in await connection.text()
    await sync_to_async(rows.log)(ticket.order, "Refunded")
    news = await connection.text()
    assert 'id="help-money"' in news and "is back in" in news
    assert 'id="help-state"' not in news
    await connection.disconnect()


async def test_the_mark_of_the_transfers_page(chains: None) -> None:
    ticket = await asked()
    mark = socket(f"/ws/tickets/{ticket.pk}/?part=mark")
    await mark.connect()
    assert "data-unread" not in await mark.text()
    await answered(ticket, "Second")
    news = await mark.text()
    assert 'data-unread="1"' in news
    assert "Second" not in news
    await ticket.arefresh_from_db()
    assert ticket.person_seen == 1, "the mark shows no message"
    page = socket(f"/ws/tickets/{ticket.pk}/")
    await page.connect()
    await page.text()
    assert "data-unread" not in await mark.text(), "read on the other page"
    for connection in (mark, page):
        await connection.disconnect()


@pytest.mark.parametrize(
    "cookie",
    ["", "forged", "forged:signature", new_browser_cookie()],
    ids=["none", "forged", "signed", "other"],
)
async def test_strangers_are_denied(chains: None, cookie: str) -> None:
    ticket = await asked()
    for query in ("", "?format=json", "?part=mark", f"?k={ticket.order.share_key}"):
        assert await is_denied(socket(f"/ws/tickets/{ticket.pk}/{query}", cookie=cookie)), query


async def test_tickets_that_are_none(chains: None) -> None:
    assert await is_denied(socket(f"/ws/tickets/{uuid.uuid4()}/"))


@sync_to_async
def _session() -> str:
    browser = Client()
    assert send(browser, sign(text_for(browser))).status_code == 200
    return browser.cookies["sessionid"].value


async def test_the_signed_in_wallet_listens(chains: None) -> None:
    order = await sync_to_async(rows.order)(user=WALLET.address)
    ticket = await asked(order=order)
    assert await is_denied(socket(f"/ws/tickets/{ticket.pk}/", cookie=""))
    connection = socket(
        f"/ws/tickets/{ticket.pk}/?format=json", cookie="", extra=f"sessionid={await _session()}"
    )
    assert await connection.connect()
    assert (await frame(connection))["ticket_id"] == str(ticket.pk)
    await connection.disconnect()


async def test_strangers_join_no_group(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await asked()
    layer = get_channel_layer()
    assert layer is not None
    joined: list[str] = []
    real = layer.group_add

    async def group_add(group: str, channel: str) -> None:
        joined.append(group)
        await real(group, channel)

    monkeypatch.setattr(layer, "group_add", group_add)
    assert await is_denied(socket(f"/ws/tickets/{ticket.pk}/", cookie=""))
    assert joined == []
    connection = socket(f"/ws/tickets/{ticket.pk}/?format=json")
    assert await connection.connect()
    await frame(connection)
    assert joined == [ticket_group(ticket.pk)]
    await connection.disconnect()


async def test_other_origins_are_denied(chains: None) -> None:
    ticket = await asked()
    assert not await socket(f"/ws/tickets/{ticket.pk}/", origin="https://evil.example").connect()


async def test_in_the_listeners_language(chains: None) -> None:
    ticket = await asked()
    await answered(ticket, "Second")
    connection = socket(f"/ws/tickets/{ticket.pk}/", extra="django_language=zh-hans")
    await connection.connect()
    assert "工作人员已答复" in await connection.text()
    await connection.disconnect()
