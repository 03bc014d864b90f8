"""Questions at the staff's side: who waits longest first, answers that arrive live, all of it recorded."""

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from intents.lifecycle import OrderState
from intents.live.frames import DENIED
from intents.models import AuditEntry, Order, Ticket
from intents.selectors.diagnosis import diagnose, reply
from intents.selectors.tickets import of_order, queue
from intents.selectors.timeline import timeline
from intents.services.tickets import ask
from tests.live.sockets import KEY, Socket, socket
from tests.web import rows
from tests.web.conftest import Browser, alice_browser, chains, nothing_from_before

from .people import browser_of

__all__ = ["alice_browser", "chains", "nothing_from_before"]


def ticket_of(text: str = "Where is my money?", *, language: str = "en", waits: int = 0) -> Ticket:
    """A question about an order of this browser's; `waits` are minutes that it has waited already."""
    made = rows.order(state=OrderState.OPENED, seen_by=KEY)
    ticket = ask(made, text=text, language=language, browser_key=KEY)
    if waits:
        Ticket.objects.filter(pk=ticket.pk).update(waiting_since=timezone.now() - timedelta(minutes=waits))
    return ticket


def url(ticket: Ticket) -> str:
    return reverse("console:ticket", args=[ticket.pk])


def act(browser: Client, ticket: Ticket, name: str, text: str = "") -> Any:
    return browser.post(url(ticket), {"act": name, "text": text})


@pytest.fixture
def support(db: None) -> Client:
    return browser_of("support")


def test_who_waits_longest_comes_first(chains: None, support: Client) -> None:
    short, long, answered, closed = (ticket_of(waits=minutes) for minutes in (1, 60, 30, 90))
    act(support, answered, "answer", "Here it is.")
    act(support, closed, "close")
    assert [row.ticket for row in queue()] == [long, short, answered]
    assert [row.ticket for row in queue(is_closed=True)] == [closed]
    page = support.get(reverse("console:tickets")).content.decode()
    assert re.findall(r'data-ticket="([^"]+)"', page) == [str(each.pk) for each in (long, short, answered)]
    ended = support.get(reverse("console:tickets"), {"closed": "1"}).content.decode()
    assert re.findall(r'data-ticket="([^"]+)"', ended) == [str(closed.pk)]


def test_the_page_of_a_question(chains: None, support: Client) -> None:
    ticket = ticket_of("<b>Where</b>\nis it?", language="zh-hans")
    page = support.get(url(ticket)).content.decode()
    assert "&lt;b&gt;Where&lt;/b&gt;<br>is it?" in page
    assert ticket.code_word in page
    assert str(timeline(ticket.order).money.html) in page
    assert "仍在您的钱包里" in page or "您的 100 USDC" in page, "what the person reads, in their language"
    assert "简体中文" in page
    best = diagnose(ticket.order)[0]
    assert f'data-cause="{best.code}"' in page
    assert [entry.action for entry in AuditEntry.objects.filter(subject_id=str(ticket.pk))] == ["view"]


def test_the_ready_reply_is_in_the_box_only_when_asked_for(chains: None, support: Client) -> None:
    ticket = ticket_of(language="zh-hans")
    ready = reply(diagnose(ticket.order)[0], ticket.order)
    assert "您" in ready
    first = ready.split("\n")[0]
    page = support.get(url(ticket)).content.decode()
    box = page[page.index("<textarea") : page.index("</textarea>")]
    assert first not in box, "nothing is said by accident"
    page = support.get(url(ticket), {"ready": "1"}).content.decode()
    box = page[page.index("<textarea") : page.index("</textarea>")]
    assert first in box


def test_an_answer_is_kept_recorded_and_read(chains: None, support: Client, alice_browser: Browser) -> None:
    made = rows.order(state=OrderState.OPENED, seen_by=alice_browser.key)
    alice_browser.post(f"/t/{made.order_id}/help", {"text": "Hello?"})
    ticket = Ticket.objects.get()
    sent = act(support, ticket, "answer", "One more block.")
    assert sent.status_code == 302
    assert "One more block." in alice_browser.get(f"/t/{made.order_id}/help").content.decode()
    entry = AuditEntry.objects.get(action="answer_ticket")
    assert (entry.subject_kind, entry.subject_id, entry.actor_name) == ("ticket", str(ticket.pk), "support")
    assert entry.before == {"state": "open"}
    assert entry.after == {"state": "answered", "order": made.order_id, "message": 2}


def test_ending_and_going_on(chains: None, support: Client) -> None:
    ticket = ticket_of()
    act(support, ticket, "close")
    refused = act(support, ticket, "answer", "Please write to us")
    assert refused.status_code == 409
    assert "This conversation has ended" in refused.content.decode()
    assert "Please write to us" in refused.content.decode(), "what was written is not lost"
    act(support, ticket, "reopen")
    assert act(support, ticket, "answer", "Sorry, here it is.").status_code == 302
    actions = AuditEntry.objects.filter(subject_id=str(ticket.pk)).order_by("id")
    assert [each.action for each in actions] == ["close_ticket", "reopen_ticket", "answer_ticket"]


def test_staff_send_no_secrets_either(chains: None, support: Client) -> None:
    ticket = ticket_of()
    refused = act(support, ticket, "answer", "ab" * 32)
    assert refused.status_code == 400
    assert "ab" * 32 not in refused.content.decode()
    assert ticket.messages.count() == 1


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001], ids=["empty", "blank", "long"])
def test_answers_that_are_none(chains: None, support: Client, text: str) -> None:
    ticket = ticket_of()
    assert act(support, ticket, "answer", text).status_code == 400
    assert ticket.messages.count() == 1


def test_a_double_click_answers_once(chains: None, support: Client) -> None:
    ticket = ticket_of()
    for _ in range(2):
        act(support, ticket, "answer", "Here.")
    assert ticket.messages.count() == 2


@pytest.mark.parametrize("act_name", ["", "delete", "answer "])
def test_acts_that_are_none(chains: None, support: Client, act_name: str) -> None:
    ticket = ticket_of()
    assert act(support, ticket, act_name, "Text").status_code == 404
    assert ticket.messages.count() == 1


def test_questions_that_are_none(chains: None, support: Client) -> None:
    path = reverse("console:ticket", args=[uuid.uuid4()])
    assert support.get(path).status_code == 404
    assert support.post(path, {"act": "answer", "text": "x"}).status_code == 404


def test_staff_cannot_begin_a_conversation(chains: None, support: Client) -> None:
    """There is no address at which a ticket could be made by staff, and none without a question."""
    rows.order()
    assert support.post(reverse("console:tickets"), {"text": "Hello"}).status_code == 405
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "support", "operator", "admin"])
def test_every_role_but_viewers_answers(chains: None, role: str) -> None:
    ticket = ticket_of()
    browser = browser_of(role)
    may = role != "viewer"
    for answered in (browser.get(reverse("console:tickets")), browser.get(url(ticket))):
        assert answered.status_code == (200 if may else 403)
        assert may or "Where is my money?" not in answered.content.decode()
    assert act(browser, ticket, "answer", "Here.").status_code == (302 if may else 403)


def test_people_are_no_staff(chains: None, alice_browser: Browser) -> None:
    ticket = ticket_of()
    for path in (reverse("console:tickets"), url(ticket)):
        answered = alice_browser.get(path)
        assert answered.status_code == 302
        assert answered["Location"].startswith(reverse("console:login"))
    assert act(alice_browser, ticket, "answer", "It is me").status_code == 302
    assert ticket.messages.count() == 1


def test_forms_of_other_sites_answer_nothing(chains: None, support: Client) -> None:
    ticket = ticket_of()
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies = support.cookies
    assert act(strict, ticket, "answer", "Forged").status_code == 403
    assert ticket.messages.count() == 1


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_on_the_transfers_page(chains: None, role: str) -> None:
    ticket = ticket_of()
    page = browser_of(role).get(reverse("console:transfer", args=[ticket.order_id])).content.decode()
    assert (url(ticket) in page) == (role == "support")
    assert len(of_order(ticket.order)) == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pages_of_questions_are_said_in_both_languages(
    chains: None, support: Client, language: str
) -> None:
    ticket = ticket_of()
    said = {"Accept-Language": language}
    for path in (reverse("console:tickets"), url(ticket)):
        page = support.get(path, headers=said).content.decode()
        assert ("答复" in page) == (language == "zh-hans")


class TestLive:
    """The sockets of the list and of one question."""

    pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

    @pytest.fixture
    def made(self, transactional_db: None, chains: None) -> Ticket:
        return ticket_of()

    async def test_a_new_question_comes_into_the_list(self, made: Ticket) -> None:
        connection = await open_socket("/ws/console/tickets/", "support")
        assert str(made.pk) in await connection.text()
        other = await sync_to_async(ticket_of)()
        assert str(other.pk) in await connection.text()
        await connection.disconnect()

    async def test_what_the_person_writes_comes_live(self, made: Ticket) -> None:
        connection = await open_socket(f"/ws/console/tickets/{made.pk}/?after=1", "support")
        first = await connection.text()
        assert 'id="help-money"' in first and "data-seq" not in first
        await sync_to_async(ask)(made.order, text="<i>Hello?</i>", language="en", browser_key=KEY)
        news = await connection.text()
        assert "beforeend:#ticket-messages" in news
        assert "&lt;i&gt;Hello?" in news
        await connection.disconnect()

    async def test_an_answer_in_the_console_reaches_the_persons_page(self, made: Ticket) -> None:
        person = socket(f"/ws/tickets/{made.pk}/?format=json")
        await person.connect()
        await person.text()
        browser = await sync_to_async(browser_of)("support")
        await sync_to_async(act)(browser, made, "answer", "Live answer")
        news = json.loads(await person.text())
        assert [each["text"] for each in news["messages"]] == ["Live answer"]
        await person.disconnect()

    @pytest.mark.parametrize("role", ["", "viewer"])
    async def test_nobody_without_the_permission_listens(self, made: Ticket, role: str) -> None:
        for path in ("/ws/console/tickets/", f"/ws/console/tickets/{made.pk}/"):
            cookie = await session_of(role) if role else ""
            connection = socket(path, extra=cookie)
            assert await connection.connect()
            message = await connection.receive_output(timeout=5)
            assert (message["type"], message["code"]) == ("websocket.close", DENIED)
            await sync_to_async(forget)(role)

    async def test_who_is_logged_out_hears_no_more(self, made: Ticket) -> None:
        connection = await open_socket(f"/ws/console/tickets/{made.pk}/", "support")
        await connection.text()
        await sync_to_async(forget)("support")
        await sync_to_async(ask)(made.order, text="Still there?", language="en", browser_key=KEY)
        message = await connection.receive_output(timeout=5)
        assert (message["type"], message["code"]) == ("websocket.close", DENIED)


@sync_to_async
def session_of(role: str) -> str:
    return f"sessionid={browser_of(role).cookies['sessionid'].value}"


def forget(role: str) -> None:
    """The member of staff is gone."""
    from django.contrib.auth import get_user_model

    get_user_model().objects.filter(username=role).delete()


async def open_socket(path: str, role: str) -> Socket:
    connection = socket(path, cookie="", extra=await session_of(role))
    assert await connection.connect()
    return connection


def test_an_order_without_questions(chains: None, support: Client) -> None:
    made = rows.order()
    assert of_order(Order.objects.get(pk=made.pk)) == []
