"""Addresses for staff who may not read them: the two ends, by which one is told from another."""

SHOWN_FIRST = 6
SHOWN_LAST = 4


def shown_address(address: str, may_see: bool) -> str:
    """The address itself, or its two ends (0x12ab…89ef) for those without `view_addresses`."""
    if may_see or len(address) <= SHOWN_FIRST + SHOWN_LAST:
        return address
    return f"{address[:SHOWN_FIRST]}…{address[-SHOWN_LAST:]}"
