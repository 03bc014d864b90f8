"""A person's transfers: narrowed, searched, page by page, and as a table to keep."""

from .asked import Asked, Choices, choices, read_asked
from .paging import Page, page
from .rows import Row, row_of, rows_of
from .table import HEADER, table_rows

__all__ = [
    "HEADER", "Asked", "Choices", "Page", "Row", "choices", "page", "read_asked", "row_of", "rows_of", "table_rows",
]  # fmt: skip
