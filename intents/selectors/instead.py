"""The amount to ask for instead of one that was refused, when the refusal names its bound."""

from typing import Final

from intents.amounts import format_units
from intents.models import Quote

from .amounts import grouped
from .network import NATIVE

# A bound moves while it is read: what is offered keeps away from it by rounding to so many digits.
ROUND_DIGITS: Final = 3


def amount_instead(quote: Quote) -> str:
    """Decimal text of the token that is sent, grouped; "" when the refusal names no bound, or none that is of use."""
    params = (quote.refusal or {}).get("params") or {}
    if quote.intent.get("exact") == "output" or "decimals" not in params:
        return ""
    units = _inside(params, is_coin=quote.input_token == NATIVE)
    return grouped(format_units(units, int(params["decimals"]))) if units > 0 else ""


def _inside(params: dict[str, str], *, is_coin: bool) -> int:
    if "maximum" in params:
        return _rounded(int(params["maximum"]))
    if "minimum" in params:
        return -_rounded(-int(params["minimum"]))
    # Of a coin its gas has to stay.
    return 0 if is_coin else int(params.get("have") or 0)


def _rounded(units: int) -> int:
    step = 10 ** max(0, len(str(abs(units))) - ROUND_DIGITS)
    return units // step * step
