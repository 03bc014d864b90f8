"""The record: who looked or acted, when, from where, and what it was before and after."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.shortcuts import render
from django.views.decorators.http import require_safe

from intents.models import AuditEntry
from intents.selectors import record as selector
from intents.selectors.csv_text import BYTE_ORDER_MARK, csv_line
from intents.services.staff import audit
from intents.services.staff.roles import VIEW_RECORD

from .csv_answer import csv_answer
from .forms import actor
from .gate import staff

MOST_DIGITS = 18


@require_safe
@staff(VIEW_RECORD)
def record(request: HttpRequest) -> Any:
    """Entries, newest first."""
    filters = selector.filters_of(request.GET.dict())
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS else 0
    found = selector.page_of(filters, before=before)
    context = {
        "entries": [(entry, _text(entry.before), _text(entry.after)) for entry in found.entries],
        "filters": filters,
        "actions": selector.actions(),
        "older": urlencode({**filters, "before": found.older}) if found.older else "",
        "query": urlencode(filters),
    }
    return render(request, "console/record.html", context)


@require_safe
@staff(VIEW_RECORD)
def export(request: HttpRequest) -> Any:
    """The record as it is narrowed, as CSV; that it was taken along is on record."""
    filters = selector.filters_of(request.GET.dict())
    audit.record(actor(request), "export", kind="list", subject="record", after=dict(filters))
    return csv_answer(request, _lines(filters), name="waymeet-record.csv")


def _lines(filters: dict[str, str]) -> Iterator[bytes]:
    head = ["id", "at", "who", "from", "action", "kind", "subject", "reason", "before", "after"]
    yield (BYTE_ORDER_MARK + csv_line(head)).encode()
    for entries in selector.walk(filters):
        yield "".join(csv_line(_cells(entry)) for entry in entries).encode()


def _cells(entry: AuditEntry) -> list[Any]:
    return [
        entry.pk,
        entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        entry.actor_name,
        entry.client_address,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.reason,
        _text(entry.before),
        _text(entry.after),
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
