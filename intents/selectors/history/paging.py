"""Pages by position: each goes on after the last line of the one before, however many came meanwhile."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from intents.models import Order

PAGE_SIZE: Final = 20
_PLACE: Final = re.compile(r"(\d{1,16})-(0x[0-9a-f]{64})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first; `newer` and `older` are places to go on from, "" at either end."""

    orders: tuple[Order, ...]
    newer: str
    older: str


def page(orders: QuerySet[Order], *, before: str = "", after: str = "", size: int = PAGE_SIZE) -> Page:
    """The orders older than the place `before`, or newer than `after`; a place that is none begins anew."""
    start = _read(after)
    if start is not None:
        rows = list(_beyond(orders, start, is_newer=True).order_by("created_at", "order_id")[: size + 1])
        kept = rows[:size][::-1]
        if kept:
            return Page(
                tuple(kept), newer=_place(kept[0]) if len(rows) > size else "", older=_place(kept[-1])
            )
    start = _read(before) if start is None else None
    older = orders if start is None else _beyond(orders, start, is_newer=False)
    rows = list(older.order_by("-created_at", "-order_id")[: size + 1])
    kept = rows[:size]
    return Page(
        tuple(kept),
        newer=_place(kept[0]) if start is not None and kept else "",
        older=_place(kept[-1]) if len(rows) > size else "",
    )


def _beyond(orders: QuerySet[Order], start: tuple[datetime, str], *, is_newer: bool) -> QuerySet[Order]:
    moment, order_id = start
    word = "gt" if is_newer else "lt"
    same = Q(created_at=moment, **{f"order_id__{word}": order_id})
    return orders.filter(Q(**{f"created_at__{word}": moment}) | same)


def _place(order: Order) -> str:
    micros = (order.created_at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}-{order.order_id}"


def _read(place: str) -> tuple[datetime, str] | None:
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2]
