"""Lists: a saved view, narrowed, sorted, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from intents.selectors.order_lists import (
    VIEWS,
    BadFilter,
    Filters,
    choices,
    orders_in,
    page,
    read_filters,
    tallies,
    tally,
)
from intents.selectors.order_lists.views import View
from intents.selectors.order_rows import OrderRow, rows_of

from .gate import staff

COLUMNS = (
    ("", _("Transfer")),
    ("status", _("Status")),
    ("", _("Sends")),
    ("", _("Receives")),
    ("value", _("Value")),
    ("", _("Who")),
    ("", _("Route")),
    ("deadline", _("Deadline")),
    ("when", _("When")),
    ("", _("Care")),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A table's head; `url` sorts by it, `sorted` is what aria-sort says, "" when it cannot be sorted by."""

    title: Any
    url: str
    sorted: str


@require_safe
@staff("view_transfers")
def show(request: HttpRequest, view: str) -> HttpResponse:
    """One page of a view; with a bad filter nothing but what is wrong with it (400)."""
    chosen = view_named(view)
    context: dict[str, Any] = {
        "view": chosen,
        "views": VIEWS.values(),
        "tallies": tallies(),
        "choices": choices(me=request.user),
        "given": request.GET,
        "filters": Filters(),
    }
    try:
        context |= _page(request, chosen)
    except BadFilter as error:
        return render(request, "console/list.html", {**context, "problems": error.problems}, status=400)
    return render(request, "console/list.html", context)


def view_named(name: str) -> View:
    """The view; raises Http404."""
    if name not in VIEWS:
        raise Http404
    return VIEWS[name]


def live_address(view: View, filters: Filters, rows: Sequence[OrderRow], *, is_first: bool) -> str:
    """Where changes of these lines come from, and word of orders that come in above the first."""
    lines = ",".join(f"{row.order_id}.{row.version}" for row in rows)
    is_growing = is_first and (filters.sort, filters.dir) == ("when", "desc")
    newest = rows[0].created_at.isoformat() if rows and is_growing else ""
    query = {**filters.params(), "view": view.name, "lines": lines, "newest": newest}
    return f"/ws/console/rows/?{urlencode(query, safe=',')}" if rows else ""


def _page(request: HttpRequest, view: View) -> dict[str, Any]:
    filters = read_filters(request.GET.dict(), me=request.user)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    narrowed = filters.narrow(orders_in(view))
    shown = page(narrowed, filters, after=after, before=before)
    may_see = request.staff.may("view_addresses")  # type: ignore[attr-defined]
    rows = rows_of(shown.orders, may_see=may_see)
    return {
        "filters": filters,
        "rows": rows,
        "total": tally(narrowed),
        "columns": [_column(view, filters, sort, title) for sort, title in COLUMNS],
        "next_url": _url(view, filters, after=shown.after) if shown.after else "",
        "previous_url": _url(view, filters, before=shown.before) if shown.before else "",
        "export_url": _url(view, filters, name="console:export"),
        "first_url": _url(view, filters),
        "plain_url": reverse("console:list", args=[view.name]),
        "live": live_address(view, filters, rows, is_first=not (after or before)),
    }


def _column(view: View, filters: Filters, sort: str, title: Any) -> Column:
    if not sort:
        return Column(title, "", "")
    if sort != filters.sort:
        return Column(title, _url(view, filters, sort=sort, dir="desc"), "none")
    turned = "asc" if filters.dir == "desc" else "desc"
    return Column(
        title, _url(view, filters, dir=turned), "descending" if filters.dir == "desc" else "ascending"
    )


def _url(view: View, filters: Filters, *, name: str = "console:list", **changes: str) -> str:
    query = urlencode(filters.params(**changes))
    return reverse(name, args=[view.name]) + (f"?{query}" if query else "")
