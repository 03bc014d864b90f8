"""Rows without chains, for rules that live in the database alone."""

import secrets
from typing import Any

from intents.lifecycle import OrderState
from intents.models import Order

USER = "0x1111111111111111111111111111111111111111"
TOKEN = "0x2222222222222222222222222222222222222222"


def order_row(**changes: Any) -> Order:
    """An order of 100 units of one token for 99 of another."""
    values: dict[str, Any] = {
        "order_id": "0x" + secrets.token_hex(32),
        "state": OrderState.SIGNED,
        "terms": {},
        "confirm_way": "eip3009",
        "user": USER,
        "recipient": USER,
        "origin_id": 901,
        "destination_id": 902,
        "input_token": TOKEN,
        "input_amount": 100,
        "output_token": TOKEN,
        "output_amount": 99,
        "output_expected": 99,
        "fill_deadline": 2_000_000_000,
        "expires": 2_000_000_100,
        "share_key": secrets.token_urlsafe(32),
        **changes,
    }
    return Order.objects.create(**values)
