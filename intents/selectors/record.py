"""The record of what staff did, newest first, narrowed and paged by the entry's number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from intents.models import AuditEntry

PAGE: Final = 100
CHUNK: Final = 500
FIELDS: Final = ("actor", "action", "kind", "subject", "since", "until")


@dataclass(frozen=True, slots=True)
class Page:
    """Entries with the number to go on before, 0 when there are no more."""

    entries: list[AuditEntry]
    older: int


def filters_of(given: Mapping[str, str]) -> dict[str, str]:
    """What of a query narrows the record; days that are none are left out."""
    found = {name: str(given.get(name, "")).strip()[:150] for name in FIELDS}
    for name in ("since", "until"):
        if _day(found[name]) is None:
            found[name] = ""
    return {name: value for name, value in found.items() if value}


def page_of(filters: Mapping[str, str], *, before: int = 0) -> Page:
    """The next entries, those numbered below `before` when it is given."""
    rows = _narrowed(filters)
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0)


def walk(filters: Mapping[str, str]) -> Iterator[list[AuditEntry]]:
    """Every entry, in chunks."""
    before = 0
    while True:
        rows = _narrowed(filters)
        chunk = list((rows.filter(pk__lt=before) if before else rows)[:CHUNK])
        if not chunk:
            return
        yield chunk
        before = chunk[-1].pk


def actions() -> list[str]:
    """Every kind of act that is on record."""
    return sorted(AuditEntry.objects.order_by().values_list("action", flat=True).distinct())


def _narrowed(filters: Mapping[str, str]) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.order_by("-pk")
    exact: dict[str, Any] = {}
    for name, field in (("actor", "actor_name"), ("action", "action"), ("kind", "subject_kind")):
        if filters.get(name):
            exact[field] = filters[name]
    if filters.get("subject"):
        exact["subject_id__startswith"] = filters["subject"]
    since, until = _day(filters.get("since", "")), _day(filters.get("until", ""))
    if since:
        exact["at__gte"] = since
    if until:
        exact["at__lt"] = until + timedelta(days=1)
    return rows.filter(**exact)


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
