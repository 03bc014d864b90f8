"""Lists of orders for staff: saved views, filters, keyset pages and bounded counts."""

from .filters import BadFilter, Filters, choices, read_filters
from .paging import Page, page
from .views import MOST_COUNTED, VIEWS, Tally, orders_in, tallies, tally

__all__ = [
    "MOST_COUNTED", "VIEWS", "BadFilter", "Filters", "Page", "Tally", "choices", "orders_in", "page",
    "read_filters", "tallies", "tally",
]  # fmt: skip
