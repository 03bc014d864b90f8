"""Amounts as people write them: 1,000 · 2.5k · 3万 · 一百五十. Exact, and never a guess."""

import re
from decimal import Decimal, localcontext
from typing import Final

from .vocabulary import DIGITS, MULTIPLES, PLACES, SECTIONS

# A sign, a point or a comma belongs to the number: left out, another number would be read.
RUN: Final = re.compile(r"[-−+]?[0-9][0-9.,]*")
CHINESE: Final = re.compile(f"[{''.join((*DIGITS, *PLACES, *SECTIONS))}]+")
_MULTIPLE: Final = re.compile(rf"\s?({'|'.join(sorted(MULTIPLES, key=len, reverse=True))})", re.IGNORECASE)
_PLAIN: Final = re.compile(r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?")
_MOST_DIGITS: Final = 80


def plain(run: str) -> str:
    """A run of digits, points and commas as decimal text, "" when it is no plain number."""
    run = run.rstrip(".,")
    return run.replace(",", "") if _PLAIN.fullmatch(run) and len(run) <= _MOST_DIGITS else ""


def multiple(text: str, at: int) -> tuple[int, int]:
    """(zeros, end) of a word such as k or 万 at this place; (0, at) for none."""
    found = _MULTIPLE.match(text, at)
    if found is None or (found[1].isascii() and text[found.end() : found.end() + 1].isalnum()):
        return 0, at
    return MULTIPLES[found[1].lower()], found.end()


def shifted(number: str, zeros: int) -> str:
    """The number times ten to the `zeros`, as decimal text."""
    if not zeros:
        return number
    with localcontext() as context:
        context.prec = 2 * _MOST_DIGITS
        return f"{Decimal(number).scaleb(zeros).normalize():f}"


def chinese(text: str) -> int | None:
    """The number that Chinese numerals write, None when they write none."""
    total = section = 0
    digit: int | None = None
    last_place, last_section = 10**4, 10**12
    for letter in text:
        if letter in DIGITS:
            if digit:
                return None
            digit = DIGITS[letter]
        elif letter in PLACES:
            place = PLACES[letter]
            if place >= last_place or (digit is None and place != PLACES["十"]):
                return None
            section += (1 if digit is None else digit) * place
            digit, last_place = None, place
        else:
            size = SECTIONS[letter]
            section += digit or 0
            if not section or size >= last_section:
                return None
            total += section * size
            section, digit, last_place, last_section = 0, None, 10**4, size
    return (total + section + (digit or 0)) or None
