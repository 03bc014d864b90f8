"""A list as CSV, sent while it is read."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from intents.amounts import format_units
from intents.selectors.csv_text import BYTE_ORDER_MARK, csv_line
from intents.selectors.network import TokenName
from intents.selectors.order_lists import BadFilter, Filters, orders_in, read_filters
from intents.selectors.order_lists.paging import walk
from intents.selectors.order_lists.views import View
from intents.selectors.order_rows import OrderRow, rows_of
from intents.services.staff.audit import record

from .csv_answer import csv_answer
from .gate import staff
from .lists import view_named

CHUNK = 500


@require_safe
@staff("view_transfers")
def export(request: HttpRequest, view: str) -> Any:
    """The whole list as it is narrowed and sorted; that it was taken along is on record."""
    chosen = view_named(view)
    try:
        filters = read_filters(request.GET.dict(), me=request.user)
    except BadFilter as error:
        problems = {"problems": error.problems, "view": chosen}
        return render(request, "console/bad_filter.html", problems, status=400)
    actor = request.staff  # type: ignore[attr-defined]
    record(actor, "export", kind="list", subject=chosen.name, after=filters.params())
    lines = _lines(chosen, filters, may_see=actor.may("view_addresses"), language=get_language() or "en")
    return csv_answer(request, lines, name=f"waymeet-{chosen.name}-{datetime.now(UTC):%Y%m%d-%H%M}.csv")


def _lines(view: View, filters: Filters, *, may_see: bool, language: str) -> Iterator[bytes]:
    with override(language):
        head = _head()
    yield (BYTE_ORDER_MARK + csv_line(head)).encode()
    for orders in walk(filters.narrow(orders_in(view)), filters, size=CHUNK):
        with override(language):
            cells = [_cells(row) for row in rows_of(orders, may_see=may_see)]
        yield "".join(map(csv_line, cells)).encode()


def _head() -> list[str]:
    return [
        _("Transfer"), _("Status"), _("Reason"), _("Created"), _("From chain"), _("Amount paid"),
        _("Token paid"), _("To chain"), _("Amount received"), _("Token received"), _("Delivered"),
        _("Value in USD"), _("Who pays"), _("Who receives"), _("Route"), _("Deadline"),
        _("Seconds late"), _("Care"), _("Question open"),
    ]  # fmt: skip


def _cells(row: OrderRow) -> Iterable[Any]:
    return (
        row.order_id,
        row.state_words,
        row.reason,
        row.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        row.input_token.chain_name,
        _units(row.input_amount, row.input_token),
        row.input_token.symbol or row.input_token.address,
        row.output_token.chain_name,
        _units(row.output_amount, row.output_token),
        row.output_token.symbol or row.output_token.address,
        _("yes") if row.is_delivered else _("no"),
        f"{row.value_usd_e8 / 1e8:.2f}" if row.value_usd_e8 else "",
        row.user,
        row.recipient,
        row.route_words,
        datetime.fromtimestamp(row.fill_deadline, UTC).isoformat(timespec="seconds"),
        max(0, int(time.time() - row.late_since)) if row.late_since else "",
        row.assignee,
        _("yes") if row.has_question else _("no"),
    )


def _units(amount: int, token: TokenName) -> str:
    return format_units(amount, token.decimals)
