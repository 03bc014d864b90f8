"""`POST /orders`: a signed order from this page."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from intents.api.errors import QuoteNotFound
from intents.api.http import read_object
from intents.api.limits import client_address, counted
from intents.errors import WaymeetError
from intents.services.limits import ORDERS
from intents.services.orders import order_submit

from .browser import known_or_new, remember
from .failures import refusal

FIELDS: dict[str, tuple[type, bool]] = {
    "quote_id": (str, True),
    "order": (dict, True),
    "signature": (str, True),
}


@require_POST
@counted(ORDERS)
def submit(request: HttpRequest) -> HttpResponse:
    """Accept it once; 201 with its page. Only an accepted order makes this browser known."""
    key, cookie = known_or_new(request)
    try:
        body = read_object(request, FIELDS)
        order = order_submit(
            quote_id=_quote_id(body["quote_id"]),
            terms=body["order"],
            signature=body["signature"],
            browser_key=key,
            client_address=client_address(request),
            language=get_language() or "",
        )
    except WaymeetError as error:
        return refusal(request, error)
    answer = {"order_id": order.order_id, "url": reverse("web:timeline", args=[order.order_id])}
    return remember(request, JsonResponse(answer, status=201), cookie)


def _quote_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise QuoteNotFound() from error
