"""What a person can do about a transfer with one transaction of their own: cancel it, or collect what waits."""

import json
from typing import Any

from intents.lifecycle import OrderState
from intents.models import Order
from intents.settlement.cancelling import WAYS

from .network import chain_name
from .place import Place
from .steps import amount_words

CANCEL = "cancel"
CLAIM = "claim"
# Codes of orders whose signature was made worthless before it was used.
TAKEN_BACK = frozenset({"cancelled", "permit_void"})
_UNOPENED = (OrderState.SIGNED, OrderState.OPENING, OrderState.REJECTED)


def relief_of(order: Order, *, place: Place, origin_time: float) -> str:
    """`cancel`, `claim`, or "" when there is nothing to do; `origin_time` is chain time, seconds."""
    if place is Place.CLAIMABLE:
        return CLAIM
    if place is not Place.WALLET or order.state not in _UNOPENED or not order.signature:
        return ""
    if order.confirm_way not in WAYS or order.reason.get("code") in TAKEN_BACK:
        return ""
    return CANCEL if origin_time < order.fill_deadline else ""


def relief_facts(order: Order) -> str:
    """What the page's script needs to build those transactions, as JSON text."""
    facts: dict[str, Any] = {
        "way": order.confirm_way,
        "chainId": str(order.origin_id),
        "token": order.input_token,
        "user": order.user,
        "nonce": order.terms.get("nonce", ""),
        "orderId": order.order_id,
        "deadline": str(order.fill_deadline),
    }
    return json.dumps(facts, separators=(",", ":"))


def relief_words(order: Order) -> dict[str, str]:
    """The places of the panel's texts."""
    return {
        "input": amount_words(order.origin_id, order.input_token, order.input_amount),
        "origin": chain_name(order.origin_id),
    }
