"""`POST /api/v1/orders`, `GET /api/v1/orders/<id>`, its events and its receipt: read with the order's secret key."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language

from intents.lifecycle import OrderState
from intents.models import Event, Order, Step
from intents.selectors.access import Viewer, order_for
from intents.selectors.deposit import deposit_json
from intents.selectors.receipt import receipt_json
from intents.services.orders import order_submit

from .errors import OrderNotFound, QuoteNotFound
from .http import read_count, read_object, stored_error
from .limits import client_address
from .quotes import text, token_json

FIELDS: dict[str, tuple[type, bool]] = {
    "quote_id": (str, True),
    "order": (dict, True),
    "signature": (str, True),
}
MOST_EVENTS = 500
# Ended for the person: settlement after delivery is our own business.
ENDED_FOR_USER = frozenset(
    {
        OrderState.FILLED,
        OrderState.PROVING,
        OrderState.SETTLED,
        OrderState.REFUNDED,
        OrderState.REJECTED,
        OrderState.EXPIRED,
    }
)


def create(request: HttpRequest) -> HttpResponse:
    """Accept a signed order once; 201 with its secret link, which is told nobody else."""
    body = read_object(request, FIELDS)
    try:
        quote_id = uuid.UUID(body["quote_id"])
    except ValueError as error:
        raise QuoteNotFound() from error
    order = order_submit(
        quote_id=quote_id,
        terms=body["order"],
        signature=body["signature"],
        browser_key="",
        client_address=client_address(request),
        language=get_language() or "",
    )
    answer = {
        "order_id": order.order_id,
        "state": order.state,
        "url": f"/t/{order.order_id}?k={order.share_key}",
        "share_key": order.share_key,
    }
    return JsonResponse(answer, status=201)


def show(request: HttpRequest, *, order_id: str) -> HttpResponse:
    """The order as it stands; `k` is its share key."""
    return JsonResponse(order_json(_order(request, order_id)))


def events(request: HttpRequest, *, order_id: str) -> HttpResponse:
    """Events numbered above `after`, oldest first, with the state they lead to."""
    order = _order(request, order_id)
    after = read_count(request, "after")
    rows = list(Event.objects.filter(order=order, seq__gt=after).order_by("seq")[:MOST_EVENTS])
    is_ended = order.state in ENDED_FOR_USER and len(rows) < MOST_EVENTS
    return JsonResponse(
        {
            "order_id": order.order_id,
            "state": order.state,
            "reason": reason_json(order),
            "is_ended": is_ended,
            "events": [event_json(event) for event in rows],
        }
    )


def receipt(request: HttpRequest, *, order_id: str) -> HttpResponse:
    """What was agreed and what happened, line by line, as `manage.py verify-receipt` checks it."""
    return JsonResponse(receipt_json(_order(request, order_id)))


def order_json(order: Order) -> dict[str, Any]:
    """An order for whoever holds its key."""
    return {
        "order_id": order.order_id,
        "state": order.state,
        "reason": reason_json(order),
        "is_ended": order.state in ENDED_FOR_USER,
        "is_delivered": order.delivered_amount is not None,
        "user": order.user,
        "recipient": order.recipient,
        "confirm_way": order.confirm_way,
        "input": {
            **token_json(order.origin_id, order.input_token),
            "amount": text(order.input_amount),
        },
        "output": {
            **token_json(order.destination_id, order.output_token),
            "minimum": text(order.output_amount),
            "expected": text(order.output_expected),
            "delivered": text(order.delivered_amount),
        },
        "fill_deadline": order.fill_deadline,
        "expires": order.expires,
        "payout": order.payout,
        "created_at": order.created_at.isoformat(),
        "received_at": order.received_at,
        "delivered_at": order.delivered_at.isoformat() if order.delivered_at else None,
        "order": order.terms,
        "deposit": deposit_json(order),
        "steps": [_step_json(step) for step in _steps(order)],
    }


def _steps(order: Order) -> list[Step]:
    return list(order.steps.prefetch_related("attempts", "shared_attempts").order_by("index"))


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "index": step.index,
        "kind": step.kind,
        "chain_id": step.chain_id,
        "state": step.state,
        "depends_on": step.depends_on,
        "attempts": [
            {
                "purpose": attempt.purpose,
                "state": attempt.state,
                "tx_hash": attempt.tx_hash,
                "block": attempt.block_number,
                "broadcast_at": attempt.broadcast_at,
            }
            for attempt in step.all_attempts()
        ],
    }


def event_json(event: Event) -> dict[str, Any]:
    """One entry of an order's timeline."""
    return {"seq": event.seq, "kind": event.kind, "at": event.at.isoformat(), "data": event.data}


def reason_json(order: Order) -> dict[str, Any] | None:
    """Why the order waits, was rejected or stopped."""
    if not order.reason:
        return None
    return stored_error(order.reason.get("code", ""), order.reason.get("params", {}))


def _order(request: HttpRequest, order_id: str) -> Order:
    order = order_for(order_id, Viewer(share_key=request.GET.get("k", "")))
    if order is None:
        raise OrderNotFound()
    return order
