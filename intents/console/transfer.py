"""One transfer: the person's own page, and beside it all the evidence."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from intents.models import Order
from intents.selectors.evidence.care import care
from intents.selectors.evidence.chains_now import look
from intents.selectors.evidence.eyes import Eyes
from intents.selectors.evidence.page import everything, moment, person
from intents.selectors.tickets import of_order
from intents.services.staff import acts
from intents.services.staff.audit import record
from intents.services.staff.roles import VIEW_ADDRESSES, VIEW_TRANSFERS

from .causes import panel
from .gate import staff

LONGEST_MOMENT = 20


@require_safe
@staff(VIEW_TRANSFERS)
def page(request: HttpRequest, order_id: str) -> HttpResponse:
    """The whole page. `?at=` is the second that the slider stands at; its part alone is what htmx asks for.

    No node is asked. That somebody read the page is recorded; moving the slider is not reading it anew.
    """
    order, may_see, at = _order(order_id), _may_see(request), _moment(request)
    if getattr(request, "htmx", False) and "at" in request.GET:
        replay = moment(order, may_see=may_see, at=at)
        return render(request, "console/transfer_then.html", {"replay": replay, "order": order})
    record(request.staff, "view", kind="order", subject=order.order_id)  # type: ignore[attr-defined]
    view = everything(order, may_see=may_see, at=at, has_all_events=request.GET.get("events") == "all")
    context = {
        "view": view,
        "order": order,
        "replay": view.replay,
        "timeline": view.person,
        "diagnosis": panel(order, may_see=may_see),
        "care": care(order, Eyes(may_see)),
        "tickets": of_order(order),
        **acts.panel(order, request.user),
    }
    return render(request, "console/transfer.html", context)


@require_safe
@staff(VIEW_TRANSFERS, is_use=False)
def person_now(request: HttpRequest, order_id: str) -> HttpResponse:
    """What the person sees now, alone, for a page that stays open; `?seq=` is the newest event it shows."""
    order = _order(order_id)
    view = person(order, may_see=_may_see(request))
    shown = request.GET.get("seq", "")
    context = {
        "timeline": view,
        "order": order,
        "seq": shown,
        "is_news": shown.isascii() and shown.isdigit() and int(shown[:9]) < view.last_seq,
    }
    return render(request, "console/transfer_person.html", context)


@require_safe
@staff(VIEW_TRANSFERS)
def chains_now(request: HttpRequest, order_id: str) -> HttpResponse:
    """What the chains say now: the one part for which nodes are asked, because somebody wants it."""
    order = _order(order_id)
    record(request.staff, "look_at_chains", kind="order", subject=order.order_id)  # type: ignore[attr-defined]
    context = {"look": look(order, Eyes(_may_see(request))), "order": order}
    part = bool(getattr(request, "htmx", False))
    return render(request, "console/transfer_look.html" if part else "console/transfer_chains.html", context)


def _order(order_id: str) -> Order:
    order = Order.objects.select_related("quote").filter(order_id=order_id.lower()[:66]).first()
    if order is None:
        raise Http404
    return order


def _may_see(request: HttpRequest) -> bool:
    return bool(request.staff.may(VIEW_ADDRESSES))  # type: ignore[attr-defined]


def _moment(request: HttpRequest) -> float | None:
    """Seconds of wall time; None for anything that is no moment."""
    text = request.GET.get("at", "")
    if not text or len(text) > LONGEST_MOMENT or not text.isascii():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 10**11 else None
