"""The console's first page: the saved views with their counts, and the newest transfers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from intents.selectors.order_lists import VIEWS, Filters, orders_in, page, tallies
from intents.selectors.order_rows import rows_of

from .gate import staff
from .lists import live_address

NEWEST = 15


@require_safe
@staff("view_transfers")
def home(request: HttpRequest) -> HttpResponse:
    """Where everybody begins."""
    view, filters = VIEWS["all"], Filters()
    shown = page(orders_in(view), filters, size=NEWEST)
    may_see = request.staff.may("view_addresses")  # type: ignore[attr-defined]
    rows = rows_of(shown.orders, may_see=may_see)
    context = {
        "views": VIEWS.values(),
        "tallies": tallies(),
        "rows": rows,
        "view": view,
        "filters": filters,
        "live": live_address(view, filters, rows, is_first=True),
    }
    return render(request, "console/home.html", context)
