"""Why transfers are where they are: the panel of one, all causes of now, and who else is hit by one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_info
from django.views.decorators.http import require_safe

from intents.models import Order
from intents.selectors.diagnosis import (
    BY_CODE,
    LANGUAGES,
    Counted,
    Finding,
    affected,
    census,
    diagnose,
    language_of,
    reply,
)
from intents.selectors.evidence.eyes import Eyes
from intents.selectors.order_rows import OrderRow, readable, rows_of

from .gate import staff

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to copy; `is_theirs` is the one in the person's own language."""

    language: str
    name: str
    text: str
    is_theirs: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as this staff member may read it."""

    code: str
    severity: str
    title: str
    words: str
    then: str
    action_name: str
    action_words: str
    others_url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What a transfer's page shows of its diagnosis; no replies for those who may not see addresses."""

    order_id: str
    findings: tuple[Shown, ...]
    replies: tuple[Reply, ...]

    @property
    def best(self) -> Shown:
        """What explains it best."""
        return self.findings[0]

    @property
    def others(self) -> tuple[Shown, ...]:
        """What was found besides."""
        return self.findings[1:]


@dataclass(frozen=True, slots=True)
class Hit:
    """An order that a cause explains, with the words for it."""

    row: OrderRow
    words: str


def panel(order: Order, *, may_see: bool) -> Panel:
    """The diagnosis of a transfer for a staff member; `may_see` is the permission to read addresses."""
    eyes = Eyes(may_see=may_see)
    found = diagnose(order)
    return Panel(
        order_id=order.order_id,
        findings=tuple(_shown(each, eyes) for each in found),
        replies=tuple(_replies(found[0], order)) if may_see else (),
    )


@require_safe
@staff("view_transfers")
def causes(request: HttpRequest) -> HttpResponse:
    """Every cause of now, with how many unfinished transfers it explains."""
    counted = census()
    shown = [(each, who_else_url(each.cause.code), _parts(each)) for each in counted]
    total = sum(each.orders for each in counted)
    return render(request, "console/causes.html", {"causes": shown, "total": total})


@require_safe
@staff("view_transfers")
def who_else(request: HttpRequest, code: str) -> HttpResponse:
    """The transfers that a cause explains now."""
    if code not in BY_CODE:
        raise Http404
    key = request.GET.get("key", "")[:200]
    may_see = request.staff.may("view_addresses")  # type: ignore[attr-defined]
    hit = affected(code, key, most=MOST_SHOWN)
    eyes = Eyes(may_see=may_see)
    words = {order.pk: eyes.text(finding.words) for order, finding in hit.found}
    rows = rows_of(
        readable(Order.objects.filter(pk__in=list(words))).order_by("-created_at"), may_see=may_see
    )
    first = hit.found[0][1] if hit.found else None
    context: dict[str, Any] = {
        "title": eyes.text(first.title) if first and key else Counted(BY_CODE[code], 0).title,
        "finding": _shown(first, eyes) if first else None,
        "hits": [Hit(row, words[row.order_id]) for row in rows],
        "is_cut": hit.is_cut,
        "key": key,
        "all_url": who_else_url(code),
    }
    return render(request, "console/who_else.html", context)


def who_else_url(code: str, key: str = "") -> str:
    """The page with everybody whom a cause hits, or those who share this very trouble."""
    url = reverse("console:who_else", args=[code])
    return f"{url}?{urlencode({'key': key})}" if key else url


def _shown(finding: Finding, eyes: Eyes) -> Shown:
    return Shown(
        code=finding.code,
        severity=finding.severity,
        title=eyes.text(finding.title),
        words=eyes.text(finding.words),
        then=finding.then,
        action_name=finding.action_name or "",
        action_words=finding.action_words,
        others_url=who_else_url(finding.code, finding.key),
    )


def _replies(finding: Finding, order: Order) -> list[Reply]:
    theirs = language_of(order)
    made = [
        Reply(
            language=language,
            name=str(get_language_info(language)["name_local"]),
            text=reply(finding, order, language=language),
            is_theirs=language == theirs,
        )
        for language in LANGUAGES
    ]
    return sorted(made, key=lambda each: not each.is_theirs)


def _parts(counted: Counted) -> list[tuple[str, int, str]]:
    """Each trouble among the orders of a cause, when there is more than one."""
    if len(counted.keys) < 2:
        return []
    return [
        (str(n), count, who_else_url(counted.cause.code, key))
        for n, (key, count) in enumerate(counted.keys, 1)
    ]
