"""A history's lines as the page shows them, and keeps them up to date."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from intents.models import Order
from intents.selectors.tickets import with_unread

from .rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what only its owner sees; `version` differs when what is shown differs."""

    row: Row
    has_answer: bool

    @property
    def order_id(self) -> str:
        return self.row.order_id

    @property
    def version(self) -> str:
        row = self.row
        seconds = None if row.seconds is None else round(row.seconds)
        shown = (row.shown, row.received, seconds, self.has_answer)
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:8]


def lines_of(orders: Sequence[Order]) -> list[Line]:
    """Lines for the orders, in their order."""
    unread = with_unread(orders)
    return [Line(row, row.order_id in unread) for row in rows_of(orders)]
