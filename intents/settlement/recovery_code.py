"""The recovery code: a whole order as one line of text that a person keeps before money is sent anywhere.

`wm1.` and the order's JSON as URL-safe base64 without padding. Whoever has it can have the money sent
back to `order.user`, and nothing else. Pure.
"""

import base64
import binascii
import json
from typing import Final

from .order import OrderFieldError, StandardOrder, order_from_json, order_to_json

PREFIX: Final = "wm1."
MOST_CHARACTERS: Final = 16_384


class RecoveryCodeMalformed(ValueError):
    """The text is no recovery code, or was cut off."""

    code = "recovery_code_malformed"
    retry = False


def recovery_code(order: StandardOrder) -> str:
    """The order as a recovery code."""
    text = json.dumps(order_to_json(order), separators=(",", ":"))
    return PREFIX + base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def order_of(code: str) -> StandardOrder:
    """The order in a recovery code; raises RecoveryCodeMalformed."""
    text = "".join(code.split())
    if not text.startswith(PREFIX) or len(text) > MOST_CHARACTERS:
        raise RecoveryCodeMalformed("it does not begin with " + PREFIX)
    encoded = text.removeprefix(PREFIX)
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return order_from_json(json.loads(raw))
    except (binascii.Error, OrderFieldError, ValueError, RecursionError) as error:
        raise RecoveryCodeMalformed(str(error)) from error
