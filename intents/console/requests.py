"""What takes two people: the list, one request with all about it, and the forms to ask and to decide."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from intents.errors import WaymeetError
from intents.models import Order, StaffRequest
from intents.selectors import staff_requests
from intents.selectors.network import connected_chains
from intents.services.staff import requests
from intents.services.staff.roles import ASK_REQUESTS, DECIDE_REQUESTS, VIEW_ADDRESSES

from .forms import actor, page, sent, tell
from .gate import staff

Kind = StaffRequest.Kind


@require_safe
@staff(ASK_REQUESTS)
def listed(request: HttpRequest) -> HttpResponse:
    """Those that wait for a second person, then the others."""
    state = request.GET.get("state", "")
    known = state if state in StaffRequest.State.values else ""
    context = {"requests": staff_requests.listed(known), "state": known}
    return render(request, "console/requests.html", context)


@require_http_methods(["GET", "POST"])
@staff(ASK_REQUESTS)
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of one kind of request, or the asking itself."""
    # Whoever has a chain join hands in its manifest, on a page of its own.
    if kind not in Kind.values or kind == Kind.JOIN:
        raise Http404
    context = _asking(request, Kind(kind))
    if request.method == "GET":
        return page(request, "console/ask.html", context)
    try:
        made = requests.ask(_wanted(request, Kind(kind), context), actor(request), sent(request))
    except WaymeetError as error:
        return page(request, "console/ask.html", context, error=error)
    tell(request)
    return HttpResponseRedirect(reverse("console:request", args=[made.pk]))


@require_http_methods(["GET", "POST"])
@staff(ASK_REQUESTS)
def show(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request with everything the second person must know; they decide here."""
    asked = get_object_or_404(
        StaffRequest.objects.select_related("order", "asked_by", "decided_by"), pk=request_id
    )
    who = actor(request)
    context = {
        "view": staff_requests.shown(asked, may_see=who.may(VIEW_ADDRESSES)),
        "expected": requests.to_type(asked),
        "may_decide": who.may(DECIDE_REQUESTS) and asked.asked_by_id != who.user.pk,
        "is_own": asked.asked_by_id == who.user.pk,
        "is_asker_gone": not requests.asker_may(asked),
    }
    if request.method == "GET":
        return page(request, "console/request.html", context)
    if not who.may(DECIDE_REQUESTS):
        raise PermissionDenied
    try:
        is_new = _decide(request, asked.pk)
    except WaymeetError as error:
        return page(request, "console/request.html", context, error=error)
    tell(request, is_repeat=not is_new)
    return HttpResponseRedirect(reverse("console:request", args=[asked.pk]))


def _decide(request: HttpRequest, request_id: UUID) -> bool:
    what, who, form = request.POST.get("decision", ""), actor(request), sent(request)
    if what == "name":
        return requests.name_transaction(request_id, who, form, tx_hash=request.POST.get("tx_hash", ""))
    if what not in ("approve", "decline"):
        raise Http404
    return requests.decide(request_id, who, form, is_approved=what == "approve")


def _asking(request: HttpRequest, kind: Kind) -> dict[str, Any]:
    given = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {
        "kind": kind.value,
        "expected": _("chain and token as they stand above, such as birch:USDC"),
        "tokens": [
            f"{chain.slug}:{token.symbol}" for chain in connected_chains().values() for token in chain.assets
        ],
    }
    if kind == Kind.WITHDRAW:
        context["places"] = requests.treasury_addresses()
    if kind == Kind.GOODWILL:
        order = get_object_or_404(Order, pk=given.get("order", ""))
        context |= {"order": order, "expected": order.order_id[-6:]}
    if kind == Kind.LEAVE:
        context |= {"subject": given.get("subject", ""), "stock": given.get("stock", "")}
        context["expected"] = context["subject"]
    if kind == Kind.GONE:
        context |= {"subject": given.get("subject", ""), "expected": given.get("subject", "")}
        context["lines"] = staff_requests.silence_lines(context["subject"])
    if kind == Kind.UNPAUSE:
        context |= {"brake": given.get("brake", ""), "subject": given.get("subject", "")}
        context["expected"] = context["subject"]
    return context


def _wanted(request: HttpRequest, kind: Kind, context: dict[str, Any]) -> requests.Wanted:
    post = request.POST
    chain, _separator, token = post.get("token_name", "").partition(":")
    amount = post.get("amount", "")
    if kind == Kind.WITHDRAW:
        return requests.withdrawal(chain=chain, token=token, amount=amount, to=post.get("to", ""))
    if kind == Kind.GOODWILL:
        return requests.goodwill(order=context["order"], side=post.get("side", ""), amount=amount)
    if kind == Kind.RAISE_LIMIT:
        return requests.raise_of_limit(chain=chain, token=token, amount=amount)
    if kind == Kind.GONE:
        return requests.declare_gone(chain=context["subject"])
    if kind == Kind.LEAVE:
        return requests.leave(chain=context["subject"], stock=context["stock"])
    return requests.unpause(kind=context["brake"], subject=context["subject"])
