"""A history as a table for a spreadsheet: exact amounts, whole addresses, moments as ISO 8601 in UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from intents.amounts import format_units
from intents.models import ChainLog, Order
from intents.selectors.network import TokenName

from .rows import Row, rows_of

HEADER: Final = (
    _("Confirmed (UTC)"),
    _("Status"),
    _("You sent"),
    _("Token sent"),
    _("From chain"),
    _("At least"),
    _("Received"),
    _("Token received"),
    _("To chain"),
    _("Delivered (UTC)"),
    _("Value in USD when confirmed"),
    _("From address"),
    _("To address"),
    _("Transaction that locked it"),
    _("Transaction that delivered it"),
    _("Transfer number"),
)


def table_rows(orders: Sequence[Order]) -> list[list[object]]:
    """Cells under HEADER, one list an order."""
    found: dict[tuple[str, str], str] = {}
    for log in ChainLog.objects.filter(
        order_id__in=[order.order_id for order in orders], kind__in=("Open", "OutputFilled")
    ).only("order_id", "kind", "tx_hash"):
        found[log.order_id, log.kind] = log.tx_hash
    return [_cells(row, found) for row in rows_of(orders)]


def _cells(row: Row, found: dict[tuple[str, str], str]) -> list[object]:
    order = row.order
    is_delivered = order.delivered_amount is not None
    return [
        _moment(order.created_at),
        row.headline,
        _amount(order.input_amount, row.input_token),
        _symbol(row.input_token),
        row.origin,
        _amount(order.output_amount, row.output_token),
        _amount(order.delivered_amount, row.output_token) if is_delivered else "",
        _symbol(row.output_token),
        row.destination,
        _moment(order.delivered_at) if order.delivered_at else "",
        f"{order.value_usd_e8 / 1e8:.2f}" if order.value_usd_e8 else "",
        order.user,
        order.recipient,
        found.get((order.order_id, "Open"), ""),
        # Anybody can have a settler log a worthless payment: only a delivery that was checked has one.
        found.get((order.order_id, "OutputFilled"), "") if is_delivered else "",
        order.order_id,
    ]


def _amount(units: int | None, token: TokenName) -> str:
    return format_units(units or 0, token.decimals)


def _symbol(token: TokenName) -> str:
    return token.symbol or token.address


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
