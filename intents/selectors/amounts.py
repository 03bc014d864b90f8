"""Amounts as people read them. Never rounds up: nobody is shown more than there is."""

from intents.amounts import format_units

SHOWN_FRACTION_DIGITS = 6
SMALL_FRACTION_DIGITS = 4


def shown_amount(units: int, decimals: int) -> str:
    """Grouped decimal text, rounded down to six places; a smaller amount keeps four significant digits."""
    whole, _, fraction = format_units(units, decimals).partition(".")
    leading = len(fraction) - len(fraction.lstrip("0"))
    keep = SHOWN_FRACTION_DIGITS
    if whole == "0" and leading >= SHOWN_FRACTION_DIGITS - 1:
        keep = leading + SMALL_FRACTION_DIGITS
    fraction = fraction[:keep].rstrip("0")
    return grouped(f"{whole}.{fraction}" if fraction else whole)


def grouped(text: str) -> str:
    """Thousands separators in the whole part; both languages write them alike."""
    whole, point, fraction = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{fraction}"
