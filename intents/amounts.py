"""Base units and rounding. Pure integers; every division names its direction."""

from decimal import Decimal, InvalidOperation

UINT256_MAX = 2**256 - 1
BPS = 10_000


class AmountError(ValueError):
    """A typed amount that cannot be an exact number of base units."""

    retry = False

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text[:80]!r}")
        self.code = code
        self.text = text


def divide_down(numerator: int, denominator: int) -> int:
    """Floor of a non-negative quotient: what we promise to pay out."""
    return numerator // denominator


def divide_up(numerator: int, denominator: int) -> int:
    """Ceiling of a non-negative quotient: what something costs."""
    return -(-numerator // denominator)


def split_evenly(total: int, parts: int) -> list[int]:
    """`total` in `parts` that add up to it: each the floor of the quotient, the first ones 1 more."""
    least, odd = divmod(total, parts)
    return [least + 1 if at < odd else least for at in range(parts)]


def bps_down(amount: int, bps: int) -> int:
    """`amount` × `bps` / 10 000, rounded down."""
    return divide_down(amount * bps, BPS)


def bps_up(amount: int, bps: int) -> int:
    """`amount` × `bps` / 10 000, rounded up."""
    return divide_up(amount * bps, BPS)


def parse_units(text: str, decimals: int) -> int:
    """Base units of a decimal text such as `"100.25"`.

    Raises AmountError with code `amount_not_a_number`, `amount_not_positive`, `amount_too_precise`
    or `amount_too_large`; nothing is ever rounded silently.
    """
    cleaned = text.strip().replace(" ", "").replace(",", "")
    if len(cleaned) > 100:
        raise AmountError("amount_too_large", text)
    try:
        value = Decimal(cleaned)
    except InvalidOperation as error:
        raise AmountError("amount_not_a_number", text) from error
    if not value.is_finite():
        raise AmountError("amount_not_a_number", text)
    if value <= 0:
        raise AmountError("amount_not_positive", text)
    if value.adjusted() > 77:
        raise AmountError("amount_too_large", text)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int) and sign == 0
    shift = exponent + decimals
    number = int("".join(map(str, digits)))
    if shift >= 0:
        units = number * int(10**shift)
    else:
        units, rest = divmod(number, 10 ** min(-shift, 200))
        if rest:
            raise AmountError("amount_too_precise", text)
    if units > UINT256_MAX:
        raise AmountError("amount_too_large", text)
    return units


def format_units(units: int, decimals: int) -> str:
    """Exact decimal text of base units, without trailing zeros: the inverse of `parse_units`."""
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    fraction = fraction.rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def rescale_down(units: int, *, from_decimals: int, to_decimals: int) -> int:
    """The same quantity in another token's base units, rounded down."""
    if to_decimals >= from_decimals:
        return units * int(10 ** (to_decimals - from_decimals))
    return divide_down(units, 10 ** (from_decimals - to_decimals))
