"""Pages by position: each begins after the last line of the one before, however many came or went meanwhile."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.utils.translation import gettext as _

from intents.models import Order

from .filters import SORTS, BadFilter, Filters

PAGE_SIZE = 50
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in the order they are shown; `before` and `after` are positions to go on from, or ""."""

    orders: tuple[Order, ...]
    before: str
    after: str


class _Beyond(Func):
    """(columns) < (values) or >, compared from left to right as the index is sorted."""

    output_field = BooleanField()

    def __init__(self, *expressions: Any, is_above: bool = False, **extra: Any) -> None:
        super().__init__(*expressions, **extra)
        self.is_above = is_above

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        half = len(parts) // 2
        columns, values = (", ".join(sql for sql, _params in side) for side in (parts[:half], parts[half:]))
        params = tuple(value for _sql, given in parts for value in given)
        return f"(({columns}) {'>' if self.is_above else '<'} ({values}))", params


def page(
    orders: QuerySet[Order], filters: Filters, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of narrowed orders. Raises BadFilter for a position that was not given out for this sorting."""
    is_back = bool(before)
    position = before or after
    rows = list(_from(orders, filters, position, is_back=is_back)[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if is_back:
        rows.reverse()
    if not rows:
        return Page((), "", "")
    return Page(
        orders=tuple(rows),
        before=_position(rows[0], filters) if (has_more if is_back else bool(after)) else "",
        after=_position(rows[-1], filters) if (has_more or is_back) else "",
    )


def walk(orders: QuerySet[Order], filters: Filters, *, size: int) -> Iterator[list[Order]]:
    """All narrowed orders, `size` at a time, without holding the database between."""
    position = ""
    while True:
        rows = list(_from(orders, filters, position, is_back=False)[:size])
        if rows:
            yield rows
        if len(rows) < size:
            return
        position = _position(rows[-1], filters)


def _keys(filters: Filters) -> list[str]:
    return list(dict.fromkeys((SORTS[filters.sort], "created_at", "order_id")))


def _from(orders: QuerySet[Order], filters: Filters, position: str, *, is_back: bool) -> QuerySet[Order]:
    keys = _keys(filters)
    is_rising = (filters.dir == "asc") != is_back
    if position:
        values = [
            Value(value, output_field=Order._meta.get_field(key))  # type: ignore[arg-type]
            for key, value in zip(keys, _read(position, filters), strict=True)
        ]
        orders = orders.filter(_Beyond(*map(F, keys), *values, is_above=is_rising))
    return orders.order_by(*(key if is_rising else f"-{key}" for key in keys))


def _position(order: Order, filters: Filters) -> str:
    values = [getattr(order, key) for key in _keys(filters)]
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    text = json.dumps([filters.sort, *plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(position: str, filters: Filters) -> list[Any]:
    try:
        if len(position) > LONGEST:
            raise ValueError
        padded = position + "=" * (-len(position) % 4)
        sort, *plain = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if sort != filters.sort or not all(isinstance(value, str) and "\x00" not in value for value in plain):
            raise ValueError
        return [_value(key, text) for key, text in zip(_keys(filters), plain, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise BadFilter({"page": _("This page does not exist; begin again at the first.")}) from error


def _value(key: str, text: str) -> Any:
    if key == "created_at":
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if key in ("value_usd_e8", "fill_deadline"):
        number = int(text)
        if not 0 <= number < 2**63:
            raise ValueError
        return number
    return text[:66]
