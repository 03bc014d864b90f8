"""Brakes: what is paused and why, and the forms that pause a chain, a token or a route."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from intents.models import Departure
from intents.selectors.chain_page import chain_page
from intents.selectors.network import chain_views
from intents.services.staff import pauses
from intents.services.staff.errors import ActRefused, Unknown
from intents.services.staff.roles import PAUSE, VIEW_TRANSFERS

from .forms import actor, page, sent, tell
from .gate import staff


@require_safe
@staff(VIEW_TRANSFERS)
def network(request: HttpRequest) -> HttpResponse:
    """Chains as they are now, and every brake that a person holds."""
    chains = chain_views()
    routes = [(a.manifest, b.manifest) for a in chains for b in chains if a is not b]
    context = {"chains": chains, "pulled": pauses.pulled(), "routes": routes}
    return render(request, "console/network.html", context)


@require_safe
@staff(VIEW_TRANSFERS)
def chain(request: HttpRequest, slug: str) -> HttpResponse:
    """One chain as its operator has to know it: its nodes, too, and the figures of what was found."""
    page = chain_page(slug)
    if page is None:
        raise Http404
    return render(request, "console/chain.html", {"page": page})


@require_http_methods(["GET", "POST"])
@staff(PAUSE)
def pause(request: HttpRequest) -> HttpResponse:
    """Pull a brake, named by `kind` and `subject`."""
    named = request.POST if request.method == "POST" else request.GET
    kind, subject = named.get("kind", ""), named.get("subject", "")
    try:
        brake = pauses.brake_named(kind, subject)
    except Unknown as error:
        return page(request, "console/pause.html", {"brake": None}, error=error)
    context = {
        "brake": brake,
        "expected": brake.subject,
        "why_paused": pauses.why_paused(brake),
        "reason_hint": _("People read this reason, with their quote and on the network page."),
    }
    if request.method == "GET":
        return page(request, "console/pause.html", context)
    try:
        stock = Departure.Stock.HOME if named.get("stock") == Departure.Stock.HOME else Departure.Stock.LEFT
        is_new = pauses.pause(kind, subject, actor(request), sent(request), stock=stock)
    except ActRefused as error:
        return page(request, "console/pause.html", context, error=error)
    tell(request, is_repeat=not is_new)
    return HttpResponseRedirect(reverse("console:network"))
