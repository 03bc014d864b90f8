"""`/history`: the transfers of this browser, and of the signed-in wallet on whatever device."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import counted
from intents.models import Order
from intents.selectors import history
from intents.selectors.access import orders_of
from intents.selectors.csv_text import BYTE_ORDER_MARK, csv_line
from intents.services.limits import TABLES

from .browser import viewer_of
from .wallet import wallet_page

MOST_COUNTED: Final = 1000
LINES_AT_ONCE: Final = 200


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Newest first, narrowed by what the address asks for; a place outside the list shows its beginning."""
    seen_by = viewer_of(request)
    asked = history.read_asked(request.GET)
    everything = orders_of(seen_by).select_related("quote", "deposit")
    wanted = asked.narrow(everything)
    found = history.page(wanted, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    lines = history.lines_of(found.orders)
    counted_most = wanted.order_by()[: MOST_COUNTED + 1].count()
    context = {
        "lines": lines,
        "live": _live_address(lines),
        "newer": urlencode({**asked.params, "after": found.newer}) if found.newer else "",
        "older": urlencode({**asked.params, "before": found.older}) if found.older else "",
        "count": min(counted_most, MOST_COUNTED),
        "is_more": counted_most > MOST_COUNTED,
        "asked": asked,
        "choices": history.choices(),
        "query": urlencode(asked.params),
        "has_any": bool(found.orders) or (not asked.is_any and everything.exists()),
        "wallet": seen_by.wallet,
    }
    return wallet_page(request, "history.html", context)


def _live_address(lines: Sequence[history.Line]) -> str:
    """Where changes of these lines come from."""
    shown = ",".join(f"{line.order_id}.{line.version}" for line in lines)
    return f"/ws/history/?lines={shown}" if lines else ""


@require_safe
@never_cache
@counted(TABLES)
def table(request: HttpRequest) -> StreamingHttpResponse:
    """`/history.csv`: everything that the same filters leave, as a file."""
    orders = history.read_asked(request.GET).narrow(
        orders_of(viewer_of(request)).select_related("quote", "deposit")
    )
    answer = StreamingHttpResponse(
        _lines(orders, language=translation.get_language() or "en"), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="waymeet-{timezone.now():%Y-%m-%d}.csv"'
    return answer


async def _lines(orders: QuerySet[Order], *, language: str) -> AsyncIterator[str]:
    """A few hundred lines at a time: however long the history is, it is never held whole."""
    yield BYTE_ORDER_MARK + await sync_to_async(_header)(language)
    place = ""
    while True:
        text, place = await sync_to_async(_some)(orders, place, language)
        yield text
        if not place:
            return


def _header(language: str) -> str:
    with translation.override(language):
        return csv_line(history.HEADER)


def _some(orders: QuerySet[Order], place: str, language: str) -> tuple[str, str]:
    with translation.override(language):
        found = history.page(orders, before=place, size=LINES_AT_ONCE)
        return "".join(csv_line(row) for row in history.table_rows(found.orders)), found.older
