"""Role × URL × act: whoever lacks a permission is refused everywhere it is asked for, and nothing is left out."""

import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from intents.chains.manifest_toml import to_toml
from intents.lifecycle import OrderState
from intents.models import AuditEntry, Order, StaffRequest, Ticket
from intents.services.staff import acts, roles
from intents.services.staff.acts import ACTS
from tests.console.actors import ROLES, staff_user
from tests.web import rows

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """A page: what its address needs, the permission to see it, and what a form of it may do besides."""

    permission: str
    kwargs: dict[str, str] = field(default_factory=dict)
    query: str = ""
    deeds: tuple[tuple[str, dict[str, str]], ...] = ()


VIEW = roles.VIEW_TRANSFERS
JOINING = to_toml(rows.newcomer())
# `ORDER`, `TICKET` and `REQUEST` stand for rows of the test.
ROWS = {
    "home": Row(VIEW),
    "search": Row(VIEW, query="q=0x123456"),
    "list": Row(VIEW, {"view": "all"}),
    "export": Row(VIEW, {"view": "all"}),
    "causes": Row(VIEW),
    "who_else": Row(VIEW, {"code": "depth"}),
    "transfer": Row(VIEW, {"order_id": "ORDER"}),
    "transfer_person": Row(VIEW, {"order_id": "ORDER"}),
    "transfer_chains": Row(VIEW, {"order_id": "ORDER"}),
    "network": Row(VIEW),
    "chain": Row(VIEW, {"slug": "birch"}),
    "pause": Row(
        roles.PAUSE,
        query="kind=chain&subject=birch",
        deeds=((roles.PAUSE, {"kind": "chain", "subject": "birch"}),),
    ),
    "requests": Row(roles.ASK_REQUESTS),
    "ask": Row(
        roles.ASK_REQUESTS,
        {"kind": "withdraw"},
        deeds=((roles.ASK_REQUESTS, {"token_name": "birch:USDC", "amount": "1"}),),
    ),
    "request": Row(
        roles.ASK_REQUESTS,
        {"request_id": "REQUEST"},
        deeds=(
            (roles.DECIDE_REQUESTS, {"decision": "approve"}),
            (roles.DECIDE_REQUESTS, {"decision": "decline"}),
            (roles.DECIDE_REQUESTS, {"decision": "name", "tx_hash": "0x"}),
        ),
    ),
    "joins": Row(
        roles.ASK_REQUESTS,
        deeds=((roles.DECIDE_REQUESTS, {"manifest": JOINING, "typed": "dogwood"}),),
    ),
    "people": Row(roles.MANAGE_STAFF),
    "help_in": Row(
        roles.MANAGE_STAFF,
        {"name": "COLLEAGUE", "what": "reset_factor"},
        deeds=((roles.MANAGE_STAFF, {"reason": "lost phone"}),),
    ),
    "record": Row(roles.VIEW_RECORD),
    "record_export": Row(roles.VIEW_RECORD),
    "tickets": Row(roles.ANSWER_TICKETS),
    "ticket": Row(
        roles.ANSWER_TICKETS,
        {"ticket_id": "TICKET"},
        deeds=((roles.ANSWER_TICKETS, {"act": "answer", "text": "hello"}),),
    ),
}
# Before anybody is logged in.
OPEN = {"login", "second_factor", "logout"}
# Each act is a page of its own; its rows follow from the table of acts.
BY_ACT = {"act"}


def console() -> URLResolver:
    found = [each for each in get_resolver().url_patterns if getattr(each, "app_name", "") == "console"]
    [resolver] = found
    return resolver


def names() -> set[str]:
    return {str(pattern.name) for pattern in console().url_patterns}


@pytest.fixture
def things(chains: None) -> dict[str, str]:
    order = rows.order(state=OrderState.OPENED)
    request = StaffRequest.objects.create(
        kind="unpause",
        params={"brake": "chain", "subject": "alder", "paused_because": "x"},
        reason="over",
        asked_by=staff_user("operator"),
        idempotency_key=secrets.token_hex(16),
    )
    ticket = Ticket.objects.create(order=order, code_word="blue heron", language="en")
    colleague = staff_user("support").get_username()
    return {
        "COLLEAGUE": colleague,
        "ORDER": order.order_id,
        "REQUEST": str(request.pk),
        "TICKET": str(ticket.pk),
    }


def browser(role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(staff_user(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def url_of(name: str, row: Row, things: dict[str, str]) -> str:
    kwargs = {key: things.get(value, value) for key, value in row.kwargs.items()}
    return reverse(f"console:{name}", kwargs=kwargs)


def holds(role: str, permission: str) -> bool:
    return role != "" and permission in roles.GROUPS[role]


def test_every_page_of_the_console_is_in_the_table() -> None:
    assert names() == set(ROWS) | OPEN | BY_ACT


def test_every_page_asks_for_the_permission_that_the_table_says() -> None:
    asked = {
        str(pattern.name): getattr(pattern.callback, "staff_permission", None)
        for pattern in console().url_patterns
        if pattern.name not in OPEN
    }
    assert asked == {name: row.permission for name, row in ROWS.items()} | dict.fromkeys(BY_ACT, VIEW)


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_may_see_a_page(role: str, name: str, things: dict[str, str]) -> None:
    row = ROWS[name]
    answer = browser(role).get(f"{url_of(name, row, things)}?{row.query}")
    if holds(role, row.permission):
        assert answer.status_code in (200, 503), answer.content[:500]
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if row.deeds))
def test_who_may_send_a_form(role: str, name: str, things: dict[str, str]) -> None:
    row = ROWS[name]
    for permission, data in row.deeds:
        before = AuditEntry.objects.count()
        answer = browser(role).post(url_of(name, row, things), data)
        if holds(role, row.permission) and holds(role, permission):
            assert answer.status_code in (200, 302, 400, 404, 409), answer.content[:500]
        else:
            assert answer.status_code == 403
            assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("name", sorted(ACTS))
def test_who_may_act_on_a_transfer(role: str, name: str, things: dict[str, str]) -> None:
    url = reverse("console:act", args=[things["ORDER"], name])
    client, is_allowed = browser(role), holds(role, ACTS[name].permission)
    assert (client.get(url).status_code == 200) == is_allowed
    data = {
        "reason": "they asked",
        "typed": things["ORDER"][-6:],
        "token": secrets.token_hex(16),
        "value": "a note" if name == acts.NOTE else "",
    }
    answer = client.post(url, data)
    if not is_allowed:
        assert answer.status_code == 403
        assert not AuditEntry.objects.exists()
        return
    order = Order.objects.get(pk=things["ORDER"])
    why_not = acts.why_not(order, answer.wsgi_request.user, ACTS[name])
    is_done = AuditEntry.objects.filter(action=name, subject_id=order.order_id).exists()
    assert is_done == (answer.status_code == 302)
    assert is_done or why_not


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_sees_the_login_page_only(name: str, things: dict[str, str]) -> None:
    for answer in (
        Client().get(url_of(name, ROWS[name], things)),
        Client().post(url_of(name, ROWS[name], things)),
    ):
        assert answer.status_code in (302, 405)
        assert answer.status_code == 405 or answer["Location"].startswith(reverse("console:login"))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_without_the_second_factor_a_password_opens_no_page(
    name: str, things: dict[str, str], settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = "always"
    answer = browser("admin").get(url_of(name, ROWS[name], things))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("console:second_factor"))


@pytest.mark.parametrize("name", [*sorted(ROWS), *sorted(f"act {each}" for each in ACTS)])
def test_a_viewer_is_never_sent_a_whole_address(name: str, things: dict[str, str]) -> None:
    page, _space, act = name.partition(" ")
    client = browser("viewer")
    url = reverse("console:act", args=[things["ORDER"], act]) if act else url_of(page, ROWS[page], things)
    answer = client.get(f"{url}?{ROWS[page].query}" if not act else url)
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert rows.ALICE.lower()[2:] not in text.decode().lower()


def test_an_act_that_does_not_exist_is_no_page(things: dict[str, str]) -> None:
    client = browser("admin")
    for name in ("change_recipient", "change_amount", "pay"):
        assert client.post(reverse("console:act", args=[things["ORDER"], name])).status_code == 404
    assert client.get(reverse("console:act", args=["0x" + "00" * 32, "note"])).status_code == 404
    assert client.get(reverse("console:request", args=[uuid.uuid4()])).status_code == 404


def test_a_dismissed_member_of_staff_is_out_at_once(things: dict[str, str]) -> None:
    user, client = staff_user("admin"), Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("console:home")).status_code == 200
    user.is_active = False
    user.save()
    assert client.get(reverse("console:home")).status_code == 302
