"""Tables as comma-separated text that a spreadsheet opens without running anything that strangers wrote."""

import csv
import io
from collections.abc import Iterable
from typing import Final

# Told by this mark, a spreadsheet reads 中文 as what it is.
BYTE_ORDER_MARK: Final = "\ufeff"
# A cell that begins with one of these is a formula to some spreadsheet; so are their full-width forms.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[object]) -> str:
    """One line with its end, as RFC 4180 has it; None is an empty cell."""
    line = io.StringIO()
    csv.writer(line).writerow([cell(value) for value in cells])
    return line.getvalue()


def cell(value: object) -> str:
    """The value as text; what a spreadsheet would take for a formula is led by an apostrophe."""
    text = "" if value is None else str(value)
    return (
        f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) or text[:1].isspace() else text
    )
