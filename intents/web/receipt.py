"""`/t/<order id>/receipt`: what was agreed and what happened, to print or to check."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import looked_up
from intents.models import Order
from intents.selectors.access import may_see_addresses, order_for
from intents.selectors.receipt import receipt_json, receipt_view

from .browser import access_query, viewer_of


@require_safe
@never_cache
@looked_up
def page(request: HttpRequest, order_id: str) -> HttpResponse:
    """As people read it; behind a shared link addresses are masked."""
    order = _order(request, order_id)
    may_see = may_see_addresses(order, viewer_of(request))
    context = {
        "receipt": receipt_view(order, may_see=may_see),
        "may_see": may_see,
        "access_query": access_query(request),
    }
    return render(request, "receipt.html", context)


@require_safe
@never_cache
@looked_up
def document(request: HttpRequest, order_id: str) -> HttpResponse:
    """As `manage.py verify-receipt` checks it: whole, so not for those who see masked addresses."""
    order = _order(request, order_id)
    if not may_see_addresses(order, viewer_of(request)):
        raise Http404
    answer = JsonResponse(receipt_json(order), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="receipt-{order.order_id[:10]}.json"'
    return answer


def _order(request: HttpRequest, order_id: str) -> Order:
    order = order_for(order_id, viewer_of(request))
    if order is None:
        raise Http404
    return order
