"""A person's transfers: narrowed, searched, page by page, and as a table to keep."""

from .asked import Asked, Choices, choices, read_asked
from .lines import Line, lines_of
from .paging import Page, page
from .rows import Row, row_of, rows_of
from .table import HEADER, table_rows

__all__ = [
    "HEADER", "Asked", "Choices", "Line", "Page", "Row", "choices", "lines_of", "page", "read_asked", "row_of",
    "rows_of", "table_rows",
]  # fmt: skip
