"""The record tells who looked or acted, when and from where; it is narrowed, paged and taken along as a table."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from intents.models import AuditEntry
from intents.services.staff.audit import record
from intents.services.staff.roles import GROUPS, PERMISSIONS
from tests.console.actors import actor, staff_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(staff_user("operator", "olga"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_entries_say_who_from_where_why_and_what_it_was_before_and_after(reader: Client) -> None:
    record(
        actor("support", "sam"),
        "pause",
        kind="chain",
        subject="birch",
        reason="nodes lag",
        before={"paused": ""},
        after={"paused": "nodes lag"},
    )
    page = reader.get(reverse("console:record")).content.decode()
    for said in ("sam", "192.0.2.7", "pause", "birch", "nodes lag", "&quot;paused&quot;: &quot;&quot;"):
        assert said in page


def test_pages_go_on_where_the_last_one_ended_also_when_entries_are_added(reader: Client) -> None:
    sam = actor("support", "sam")
    for number in range(250):
        record(sam, "view", kind="order", subject=f"0x{number:064x}")
    seen: list[int] = []
    query = "action=view"
    while query:
        answer = reader.get(f"{reverse('console:record')}?{query}")
        seen += [entry.pk for entry, _, _ in answer.context["entries"]]
        query = answer.context["older"]
        record(sam, "view", kind="order", subject="new")
    assert len(seen) == len(set(seen)) == 250
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("actor=sam", 2),
        ("action=note", 1),
        ("subject=0xab", 1),
        ("since=2000-01-01&until=2000-01-02", 0),
        ("since=nonsense&before=9999999999999999999999", 3),
    ],
)
def test_the_record_is_narrowed(reader: Client, query: str, count: int) -> None:
    sam = actor("support", "sam")
    record(sam, "note", kind="order", subject="0xabcd")
    record(sam, "view", kind="order", subject="0xffff")
    record(actor("support", "tom"), "view", kind="order", subject="0xffff")
    assert len(reader.get(f"{reverse('console:record')}?{query}").context["entries"]) == count


def test_the_table_holds_no_formula_and_taking_it_is_on_record(reader: Client) -> None:
    record(actor("support", "=cmd"), "note", kind="order", subject="@x", reason="+1")
    answer = reader.get(reverse("console:record_export"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    made = next(row for row in rows if row["action"] == "note")
    assert (made["who"], made["subject"], made["reason"]) == ("'=cmd", "'@x", "'+1")
    assert AuditEntry.objects.filter(action="export", subject_id="record", actor_name="olga").exists()


def test_groups_hold_what_their_roles_may_and_roles_only_grow() -> None:
    held = {
        name: set(staff_user(name).get_group_permissions())
        for name in ("viewer", "support", "operator", "admin")
    }
    for name, codenames in GROUPS.items():
        assert held[name] == {f"intents.{each}" for each in codenames}
    assert held["viewer"] < held["support"] < held["operator"] < held["admin"]
    assert held["admin"] == {f"intents.{each}" for each in PERMISSIONS}
