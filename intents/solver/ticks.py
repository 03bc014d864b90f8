"""Ticks of a concentrated-liquidity pool: tick t is the price 1.0001^t, kept as a Q64.96 square root.

The factors are derived rather than listed: factor i is 2^128 / 1.0001^(2^i / 2), rounded to the nearest
integer. Products of them, truncated after each multiplication, are exactly what the pools compute.
"""

from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Final

MIN_TICK: Final = -887_272
MAX_TICK: Final = 887_272
WORD_BITS: Final = 256


def _factors() -> tuple[int, ...]:
    with localcontext() as context:
        context.prec = 120
        base = Decimal("1.0001")
        return tuple(
            int((Decimal(2**128) / (base ** (2**bit)).sqrt()).to_integral_value()) for bit in range(20)
        )


_FACTORS: Final = _factors()


@lru_cache(maxsize=20_000)
def sqrt_price_at(tick: int) -> int:
    """The Q64.96 square root of the price at `tick`, rounded up; raises ValueError for an illegal tick."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ValueError(f"tick {tick} is out of range")
    ratio = 1 << 128
    for bit, factor in enumerate(_FACTORS):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return -(-ratio >> 32)


MIN_SQRT_PRICE: Final = sqrt_price_at(MIN_TICK)
MAX_SQRT_PRICE: Final = sqrt_price_at(MAX_TICK)


def word_of(tick: int, spacing: int) -> int:
    """The index of the bitmap word that holds `tick`."""
    return (tick // spacing) >> 8


def ticks_of_word(word: int, bitmap: int, spacing: int) -> list[int]:
    """The initialised ticks that one bitmap word names, ascending."""
    return [((word << 8) + bit) * spacing for bit in range(WORD_BITS) if bitmap >> bit & 1]
