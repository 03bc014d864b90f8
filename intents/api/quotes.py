"""`POST /api/v1/quotes` and `GET /api/v1/quotes/<id>`."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from intents.models import Quote, QuoteState
from intents.selectors.anywhere import anywhere_json
from intents.selectors.network import token_name
from intents.selectors.together import second_of
from intents.services.quotes import Intent, quote_request, quote_wait

from .errors import QuoteNotFound, QuoteTimeout
from .http import read_object, stored_error

WAIT_SECONDS = 5.0
# The sweep has had a stuck quote solved anew many times by then: no worker runs.
GIVE_UP_SECONDS = 30.0
FIELDS: dict[str, tuple[type, bool]] = {
    "origin": (str, True),
    "destination": (str, True),
    "input_token": (str, True),
    "output_token": (str, True),
    "amount": (str, True),
    "exact": (str, False),
    "user": (str, False),
    "recipient": (str, False),
    "confirm": (str, False),
    "app": (str, False),
    "call": (dict, False),
    "gas_on_arrival": (str, False),
    "can_batch": (str, False),
    "parts": (str, False),
}


def create(request: HttpRequest) -> HttpResponse:
    """Solve an intent; 201 with the quote, 202 when it still takes time, 422 when it is refused."""
    intent = Intent.parse(read_object(request, FIELDS))
    quote = quote_wait(quote_request(intent=intent).id, timeout_seconds=WAIT_SECONDS)
    if quote.state == QuoteState.REFUSED:
        return JsonResponse({"error": _refusal(quote), "quote_id": str(quote.id)}, status=422)
    is_solving = quote.state == QuoteState.SOLVING
    response = JsonResponse(quote_json(quote), status=202 if is_solving else 201)
    response["Location"] = f"/api/v1/quotes/{quote.id}"
    return response


def show(request: HttpRequest, *, quote_id: str) -> HttpResponse:
    """The quote as it stands, 503 when nothing solved it in time; a page's quote is its browser's alone."""
    try:
        quote = Quote.objects.get(pk=uuid.UUID(quote_id), browser_key="")
    except (ValueError, Quote.DoesNotExist) as error:
        raise QuoteNotFound() from error
    age = (timezone.now() - quote.created_at).total_seconds()
    if quote.state == QuoteState.SOLVING and age > GIVE_UP_SECONDS:
        raise QuoteTimeout(quote_id=str(quote.id))
    return JsonResponse(quote_json(quote))


def quote_json(quote: Quote) -> dict[str, Any]:
    """A quote for clients; `order` is exactly what is signed, once there is a user and a route."""
    return {
        "quote_id": str(quote.id),
        "state": quote.state,
        "refusal": _refusal(quote) if quote.state == QuoteState.REFUSED else None,
        "confirmations": quote.confirmations,
        "approvals": 0,
        "claims": 0,
        "confirm_way": quote.confirm_way,
        "ways": quote.ways,
        "user": quote.user,
        "recipient": quote.recipient,
        "input": {**_given(quote), "amount": text(quote.input_amount)},
        "output": {
            **token_json(quote.destination_id, quote.output_token),
            "expected": text(quote.output_expected),
            "minimum": text(quote.output_minimum),
        },
        "eta_seconds": quote.eta_seconds,
        "expires_at": quote.expires_at.isoformat() if quote.expires_at else None,
        "fees": quote.fees,
        "routes": quote.routes,
        "rejected": quote.rejected,
        "anywhere": anywhere_json(quote),
        "second": _second_json(quote),
        "order_id": quote.order_id,
        "order": quote.order,
    }


def _second_json(quote: Quote) -> dict[str, Any] | None:
    second = second_of(quote)
    return quote_json(second) if second else None


def _given(quote: Quote) -> dict[str, Any]:
    """The input; all null from anywhere while no chain is chosen."""
    if quote.origin_id:
        return token_json(quote.origin_id, quote.input_token)
    return dict.fromkeys(("chain_id", "chain", "token", "symbol", "decimals"))


def token_json(chain_id: int, address: str) -> dict[str, Any]:
    """A token with the names people know it by; unknown ones keep their address alone."""
    name = token_name(chain_id, address)
    return {
        "chain_id": chain_id,
        "chain": name.chain_name,
        "token": address,
        "symbol": name.symbol,
        "decimals": name.decimals if name.is_known else None,
    }


def text(amount: int | None) -> str | None:
    """Amounts travel as decimal text: JSON numbers lose digits."""
    return None if amount is None else str(amount)


def _refusal(quote: Quote) -> dict[str, Any]:
    refusal = quote.refusal or {}
    return stored_error(refusal.get("code", "no_route"), refusal.get("params", {}))
