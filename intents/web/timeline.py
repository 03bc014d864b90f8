"""`/t/<order id>`: one transfer, live."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import looked_up
from intents.models import Order
from intents.selectors.access import may_see_addresses, order_for
from intents.selectors.network import destination_slug
from intents.selectors.tickets import help_mark
from intents.selectors.timeline import Timeline, masked, timeline
from intents.selectors.together import part_states

from . import breakit
from .browser import access_query, viewer_of
from .wallet import wallet_page


@require_safe
@never_cache
@looked_up
def page(request: HttpRequest, order_id: str) -> HttpResponse:
    """The whole page; reads without scripts, which reload it every few seconds."""
    order = _own_order(request, order_id)
    context = {
        "timeline": _view(request, order),
        **_parts(request, order),
        "site": request.build_absolute_uri("/").rstrip("/"),
        "help": help_mark(order, viewer_of(request)),
        "breakable": breakit.panel(chosen=destination_slug(order), order_id=order.order_id),
    }
    return wallet_page(request, "timeline.html", context)


@require_safe
@never_cache
@looked_up
def live(request: HttpRequest, order_id: str) -> HttpResponse:
    """The moving parts alone, for pages without a WebSocket."""
    view = _view(request, _own_order(request, order_id))
    context = {"timeline": view, "is_oob": True, "access_query": access_query(request)}
    return render(request, "parts/timeline_live.html", context)


@require_safe
@never_cache
@looked_up
def together(request: HttpRequest, order_id: str) -> HttpResponse:
    """Where both parts of a transfer from two chains stand."""
    return render(request, "parts/timeline_together.html", _parts(request, _own_order(request, order_id)))


def _view(request: HttpRequest, order: Order) -> Timeline:
    view = timeline(order)
    return view if may_see_addresses(order, viewer_of(request)) else masked(view)


def _parts(request: HttpRequest, order: Order) -> dict[str, Any]:
    parts = part_states(order, viewer_of(request))
    return {
        "parts": parts,
        "is_running": any(part.is_running for part in parts),
        "order_id": order.order_id,
        "access_query": access_query(request),
    }


def _own_order(request: HttpRequest, order_id: str) -> Order:
    order = order_for(order_id, viewer_of(request))
    if order is None:
        raise Http404
    return order
