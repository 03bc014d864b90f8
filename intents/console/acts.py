"""One page for each act on a transfer: what it does, why it may not be done, and its form. Works without scripts."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods

from intents.models import Order
from intents.selectors.staff_names import names_with
from intents.services.staff import acts
from intents.services.staff.errors import ActRefused
from intents.services.staff.once import to_type
from intents.services.staff.roles import ACT, VIEW_TRANSFERS

from .forms import actor, page, sent, tell
from .gate import staff


@require_http_methods(["GET", "POST"])
@staff(VIEW_TRANSFERS)
def act(request: HttpRequest, order_id: str, name: str) -> HttpResponse:
    """Show the form of an act, or do it."""
    if name == "pause":
        return HttpResponseRedirect(reverse("console:network"))
    known = acts.ACTS.get(name)
    if known is None:
        raise Http404
    if not actor(request).may(known.permission):
        raise PermissionDenied
    order = get_object_or_404(Order, pk=order_id)
    context = {
        "order": order,
        "act": known,
        "back": order_url(order),
        "expected": to_type(order.order_id),
        "why_not": acts.why_not(order, request.user, known),
        "names": names_with(ACT) if name == acts.ASSIGN else [],
    }
    if request.method == "GET":
        return page(request, "console/act.html", context)
    try:
        done = acts.act_on(order, name, actor(request), sent(request), value=request.POST.get("value", ""))
    except ActRefused as error:
        return page(request, "console/act.html", context, error=error)
    tell(request, is_repeat=done.is_repeat, is_busy=done.is_busy)
    return HttpResponseRedirect(order_url(order))


def order_url(order: Order) -> str:
    """The page of a transfer in the console."""
    try:
        return reverse("console:transfer", args=[order.order_id])
    except NoReverseMatch:
        return reverse("console:home")
