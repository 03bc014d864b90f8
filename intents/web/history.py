"""`/history`: the transfers of this browser, and of the signed-in wallet."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors.access import orders_of
from intents.selectors.tickets import with_unread
from intents.selectors.timeline import timeline

from .browser import viewer_of
from .wallet import wallet_page

PAGE_SIZE = 20


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Newest first; a page number outside the range shows the nearest page."""
    seen_by = viewer_of(request)
    rows = Paginator(orders_of(seen_by).select_related("quote"), PAGE_SIZE).get_page(request.GET.get("page"))
    views = [timeline(order) for order in rows]
    context = {
        "page": rows,
        "timelines": views,
        "unread": with_unread(rows.object_list),
        "wallet": seen_by.wallet,
    }
    return wallet_page(request, "history.html", context)
