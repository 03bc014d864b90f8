"""What was pasted into the search box, without the noise: nothing here asks the database."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

SHORTEST = 6
LONGEST = 2000
MOST_WANTED = 6

_HASH = 64
_ADDRESS = 40
_EDGES = "\"'`“”‘’«»‹›「」『』《》()[]{}<>,;:!?。，；：、|.…"
_HEX = re.compile(r"0x[0-9a-f]+")
_SHORT_FORM = re.compile(r"(0x[0-9a-f]{2,})(?:…|\.{2,}|\*+)([0-9a-f]+)")
_BARE_HEX = re.compile(r"[0-9a-f]+")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_UUID_PART = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{0,4}){1,3}(-[0-9a-f]{0,12})?|[0-9a-f]{6,31}")
_LINK_KEY = re.compile(r"[A-Za-z0-9_-]{6,43}")
_LINK_KEY_LENGTHS = (32, 43)
_AMOUNT = re.compile(
    r"(?P<before>[$€]|[A-Za-z][A-Za-z0-9.]{0,11}\s+)?"
    r"(?P<number>\d[\d,' ]*(?:\.\d*)?|\.\d+)\s*"
    r"(?P<after>[A-Za-z][A-Za-z0-9.]{0,11})?"
)


class Kind(StrEnum):
    """What a piece of text can be."""

    HASH = "hash"
    ADDRESS = "address"
    PART = "part"
    QUOTE = "quote"
    LINK = "link"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to look for. `text` is lower case, but for links; `end` are the last digits of a short form.

    Of an amount `text` is the decimal number as typed and `symbol` the token in upper case, or "".
    """

    kind: Kind
    text: str
    end: str = ""
    symbol: str = ""
    is_whole: bool = True


def read(pasted: str) -> list[Wanted]:
    """Everything the text may name, surest first; empty when it names nothing or is too short."""
    text = _cleaned(pasted)
    found: list[Wanted] = []
    tokens = list(_tokens(text))
    for token in tokens:
        found += [wanted for wanted in _sure(token) if wanted not in found]
    if found:
        return found[:MOST_WANTED]
    amount = _amount(text)
    if amount is not None:
        found.append(amount)
    if len(tokens) == 1:
        found += _guesses(tokens[0])
    return found[:MOST_WANTED]


def masked_echo(pasted: str) -> str:
    """The text as it may be repeated to those who see no addresses: whole ones become their short form."""
    return re.sub(
        r"(?i)(?<![0-9a-f])(?:0x)?[0-9a-f]{40}(?![0-9a-f])",
        lambda found: f"{found.group()[:6]}…{found.group()[-4:]}",
        pasted,
    )


def _cleaned(pasted: str) -> str:
    text = unicodedata.normalize("NFKC", pasted[:LONGEST].replace("…", "\u2063"))
    # Zero-width and control characters that mail programs and chats put between digits.
    kept = (
        "…" if char == "\u2063" else char
        for char in text
        if char in "\n\t\r\u2063" or unicodedata.category(char) not in ("Cf", "Cc")
    )
    return "".join(kept).strip()


def _tokens(text: str) -> Iterator[str]:
    """Words without quotes and full stops around them; a number broken over two lines is whole again."""
    words = [word.strip(_EDGES) for word in text.split()]
    words = [word for word in words if word]
    index = 0
    while index < len(words):
        word = words[index]
        while index + 1 < len(words) and _continues(word, words[index + 1]):
            index += 1
            word += words[index]
        yield word
        index += 1


def _continues(word: str, following: str) -> bool:
    tail = re.search(r"0x([0-9a-f]*)$", word.lower())
    if tail is None or not _BARE_HEX.fullmatch(following.lower()):
        return False
    return len(tail.group(1)) != _ADDRESS and len(tail.group(1)) + len(following) <= _HASH


def _sure(token: str) -> Iterator[Wanted]:
    """What a token can only be: whole or shortened hex numbers, quotes' numbers, our links."""
    lower = token.lower()
    key = _link_key(token)
    if key:
        yield Wanted(Kind.LINK, key)
        return
    short = _SHORT_FORM.search(lower)
    if short is not None:
        yield Wanted(Kind.PART, short.group(1), end=short.group(2), is_whole=False)
        return
    for quote in _UUID.findall(lower) if "0x" not in lower else ():
        bare = quote.replace("-", "")
        if len(re.sub(r"[^0-9a-f]", "", lower)) < _ADDRESS or "/" in lower:
            yield Wanted(Kind.QUOTE, bare)
            return
    for number in _HEX.findall(lower):
        yield from _hex(number)
    if _BARE_HEX.fullmatch(lower) and len(lower) in (_ADDRESS, _HASH):
        yield from _hex("0x" + lower)


def _hex(number: str) -> Iterator[Wanted]:
    digits = len(number) - 2
    if digits == _HASH:
        yield Wanted(Kind.HASH, number)
        if number.startswith("0x" + "0" * 24) and number[26:].strip("0"):
            yield Wanted(Kind.ADDRESS, "0x" + number[26:])
    elif digits == _ADDRESS:
        yield Wanted(Kind.ADDRESS, number)
    elif SHORTEST <= len(number) < _HASH + 2:
        yield Wanted(Kind.PART, number, is_whole=False)


def _link_key(token: str) -> str:
    """The secret of one of our links, wherever it was pasted from."""
    if "?" not in token:
        return ""
    try:
        keys = parse_qs(urlsplit(token).query).get("k", [])
    except ValueError:
        return ""
    key = keys[0].strip(_EDGES) if keys else ""
    return key if _LINK_KEY.fullmatch(key) else ""


def _guesses(token: str) -> Iterator[Wanted]:
    """Beginnings of numbers that are not marked as such."""
    lower = token.lower()
    if len(token) < SHORTEST:
        return
    if _BARE_HEX.fullmatch(lower) and len(lower) < _HASH:
        yield Wanted(Kind.PART, "0x" + lower, is_whole=False)
    if _UUID_PART.fullmatch(lower):
        yield Wanted(Kind.QUOTE, lower.replace("-", ""), is_whole=False)
    if _LINK_KEY.fullmatch(token):
        yield Wanted(Kind.LINK, token, is_whole=len(token) in _LINK_KEY_LENGTHS)


def _amount(text: str) -> Wanted | None:
    found = _AMOUNT.fullmatch(text.strip(_EDGES.replace(".", "") + " "))
    if found is None:
        return None
    number = found["number"].replace(" ", "").replace("'", "")
    whole, comma, rest = number.partition(",")
    # 99,97 has a decimal comma; 1,000 and 1,000,000.5 have thousands.
    is_decimal_comma = comma and "." not in number and "," not in rest and len(rest) != 3
    number = f"{whole}.{rest}" if is_decimal_comma else number.replace(",", "")
    number = number.rstrip(".") if number.endswith(".") else number
    if not number.strip("0."):
        return None
    symbol = (found["after"] or found["before"] or "").strip().strip("$€")
    return Wanted(Kind.AMOUNT, number, symbol=symbol.upper().rstrip("."))
