"""Tables as comma-separated text that a spreadsheet opens without running anything that strangers wrote."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

# Told by this mark, a spreadsheet reads 中文 as what it is.
BYTE_ORDER_MARK: Final = "\ufeff"
# A cell that begins with one of these is a formula to some spreadsheet; so are their full-width forms.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(header: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The table line by line, as RFC 4180 has it."""
    yield BYTE_ORDER_MARK + csv_line(header)
    for row in rows:
        yield csv_line(row)


def csv_line(cells: Iterable[object]) -> str:
    """One line with its end; None is an empty cell."""
    line = io.StringIO()
    csv.writer(line).writerow([cell(value) for value in cells])
    return line.getvalue()


def cell(value: object) -> str:
    """The value as text; what a spreadsheet would take for a formula is led by an apostrophe."""
    text = "" if value is None else str(value)
    return (
        f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) or text[:1].isspace() else text
    )
