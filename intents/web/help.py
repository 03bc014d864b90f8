"""`/help`, and `/t/<order id>/help`: where the money is, and a conversation with our staff about this one transfer."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from intents.api.limits import client_address, looked_up
from intents.models import Order
from intents.selectors.access import own_order_for
from intents.selectors.tickets import newest_ticket, talk_of
from intents.selectors.timeline import timeline
from intents.services.limits import MESSAGES, spend
from intents.services.tickets import (
    MOST_LETTERS,
    MessageRefused,
    MessageSecret,
    ask,
    close_by_person,
    known_hashes,
    mark_seen,
)

from .browser import viewer_of
from .failures import said


@gzip_page
@require_safe
@never_cache
def general(request: HttpRequest) -> HttpResponse:
    """`/help`: what people ask most, and where the answers are."""
    return render(request, "help_page.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@looked_up
def page(request: HttpRequest, order_id: str) -> HttpResponse:
    """The page, and what is written on it. Only for who owns the transfer: a secret link shows neither."""
    order = _own_order(request, order_id)
    if request.method != "POST":
        return _page(request, order)
    spend(MESSAGES, client_address(request))
    text = request.POST.get("text", "")
    try:
        ask(
            order,
            text=text,
            language=get_language() or "",
            browser_key=viewer_of(request).browser_key,
        )
    except MessageRefused as error:
        # What looks like a secret is not even sent back.
        draft = "" if isinstance(error, MessageSecret) else text[: 2 * MOST_LETTERS]
        return _page(request, order, problem=said(error), draft=draft, status=error.status)
    return redirect("web:help", order_id=order.order_id)


@require_POST
@never_cache
@looked_up
def close(request: HttpRequest, order_id: str) -> HttpResponse:
    """The question is answered; writing again goes on with it."""
    order = _own_order(request, order_id)
    ticket = newest_ticket(order)
    if ticket is not None:
        close_by_person(ticket)
    return redirect("web:help", order_id=order.order_id)


@require_safe
@never_cache
@looked_up
def live(request: HttpRequest, order_id: str) -> HttpResponse:
    """The moving parts alone, for pages without a WebSocket."""
    return render(request, "parts/help_live.html", {**_talk(_own_order(request, order_id)), "is_oob": True})


def _page(
    request: HttpRequest, order: Order, *, problem: str = "", draft: str = "", status: int = 200
) -> HttpResponse:
    context = {
        **_talk(order),
        "problem": problem,
        "draft": draft,
        "most": MOST_LETTERS,
        "known": " ".join(sorted(known_hashes(order))),
    }
    return render(request, "help.html", context, status=status)


def _talk(order: Order) -> dict[str, Any]:
    ticket = newest_ticket(order)
    if ticket is None:
        return {"timeline": timeline(order), "talk": None}
    talk = talk_of(ticket)
    mark_seen(ticket, talk.last_seq)
    return {"timeline": timeline(order), "talk": talk}


def _own_order(request: HttpRequest, order_id: str) -> Order:
    order = own_order_for(order_id, viewer_of(request))
    if order is None:
        raise Http404
    return order
