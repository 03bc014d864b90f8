"""What sockets of lists share: the page says which lines it shows and how each stands there."""

import re
from typing import Final

MOST_LINES: Final = 60
_LINE: Final = re.compile(r"(0x[0-9a-f]{64})(?:\.([0-9a-f]{8}))?")


def asked_lines(text: str) -> dict[str, str]:
    """Order ids with the version that the page has, "" for none, from `<order id>.<version>,…`."""
    lines = [_LINE.fullmatch(part) for part in text.split(",")[:MOST_LINES]]
    return {line.group(1): line.group(2) or "" for line in lines if line}
