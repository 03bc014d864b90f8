"""What an offer said a transfer costs, and what it cost in the end."""

from typing import Any

from intents.models import Order


def fees_json(order: Order) -> dict[str, Any] | None:
    """The offer's fee lines and both sums in USD × 10^8, at the prices of the offer; None without an offer of ours.

    Fees are fixed by what was signed: whatever more arrived than was expected, the transfer cost less.
    """
    if order.quote is None:
        return None
    lines = [
        {
            "kind": str(fee.get("kind", "")),
            "chain_id": fee.get("chain_id"),
            "token": fee.get("token", ""),
            "amount": str(fee.get("amount") or 0),
            "usd_e8": None if fee.get("usd_e8") is None else str(fee["usd_e8"]),
            "is_gain": bool(fee.get("is_gain")),
        }
        for fee in order.quote.fees
    ]
    quoted = _sum(lines)
    return {"lines": lines, "quoted_usd_e8": _text(quoted), "actual_usd_e8": _text(_actual(order, quoted))}


def _sum(lines: list[dict[str, Any]]) -> int | None:
    if any(line["usd_e8"] is None for line in lines):
        return None
    return sum((-1 if line["is_gain"] else 1) * int(line["usd_e8"]) for line in lines)


def _actual(order: Order, quoted: int | None) -> int | None:
    if quoted is None or order.delivered_amount is None or not order.output_expected:
        return None
    worth = order.value_usd_e8 - quoted
    if worth <= 0:
        return None
    return quoted - (order.delivered_amount - order.output_expected) * worth // order.output_expected


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
