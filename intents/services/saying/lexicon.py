"""What each part of a sentence is: a chain, a token, an amount, an address, or a word that joins them."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from intents.chains import registry

from .numbers import CHINESE, RUN, chinese, multiple, plain, shifted
from .vocabulary import ALIASES, MARKS, SIMPLIFIED, Mark

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]*")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.'’:-]*")
_SHARE: Final = re.compile(r"\s?%")
_ADDRESS_LETTERS: Final = 42


class Kind(StrEnum):
    """What a part is. `GAP` is blanks and punctuation, `NAME` such as bob.eth, `UNKNOWN` none of the others."""

    GAP = "gap"
    MARK = "mark"
    CHAIN = "chain"
    TOKEN = "token"
    AMOUNT = "amount"
    ADDRESS = "address"
    NAME = "name"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text: `value` is the word in lower case, an amount's decimal text, or why it is unknown.

    A name that a chain and a token share is a CHAIN whose `is_token_too`.
    """

    kind: Kind
    start: int
    end: int
    value: str
    is_token_too: bool = False


def tidy(text: str, *, most: int) -> str:
    """One line of at most `most` letters, full-width signs as their plain ones."""
    narrow = unicodedata.normalize("NFKC", text[:most])
    return " ".join("".join(letter if letter.isprintable() else " " for letter in narrow).split())[:most]


def parts(text: str) -> Iterator[Part]:
    """Every part of a tidy text, in order and without holes."""
    words = _Words()
    folded = "".join(_low(letter) for letter in text).translate(SIMPLIFIED)
    at = 0
    while at < len(text):
        part = _at(text, folded, at, words)
        yield part
        at = part.end


class _Words:
    """The names of chains and tokens of the connected chains."""

    def __init__(self) -> None:
        self.chains: set[str] = set()
        self.tokens: set[str] = set(ALIASES)
        self.exact: set[str] = set()
        for chain in registry.all_chains().values():
            self.chains |= {chain.slug, chain.name.lower()}
            self.exact |= {chain.slug, chain.name}
            for token in chain.assets:
                self.tokens |= {token.symbol.lower(), token.name.lower()}
                self.exact |= {token.symbol, token.name}
        names = self.chains | self.tokens | set(MARKS)
        by_first: dict[str, list[str]] = {}
        for name in sorted(names, key=len, reverse=True):
            if name:
                by_first.setdefault(name[0], []).append(name)
        self._by_first = by_first

    def at(self, folded: str, at: int) -> str:
        """The longest known word that stands here, "" for none."""
        for name in self._by_first.get(folded[at], ()):
            if folded.startswith(name, at) and _ends(folded, at + len(name)):
                return name
        return ""


def _at(text: str, folded: str, at: int, words: _Words) -> Part:
    word = words.at(folded, at)
    address = _ADDRESS.match(text, at)
    if address and len(address[0]) > 2:
        return _address(text, at)
    name = _NAME.match(text, at)
    if name and len(name[0]) > len(word):
        return Part(Kind.NAME, at, name.end(), name[0])
    run = RUN.match(folded, at) if not word else None
    if run:
        return _amount(folded, run, words)
    numeral = CHINESE.match(folded, at)
    if numeral and len(numeral[0]) >= len(word):
        value = chinese(numeral[0])
        if value is not None:
            return Part(Kind.AMOUNT, at, numeral.end(), str(value))
    if word:
        return _known(text, at, word, words)
    return _rest(text, at)


def _address(text: str, at: int) -> Part:
    word = _WORD.match(text, at)
    end = at + len(word[0].rstrip(".'’:-")) if word else at + 2
    is_whole = end - at == _ADDRESS_LETTERS
    return Part(Kind.ADDRESS if is_whole else Kind.UNKNOWN, at, end, text[at:end] if is_whole else "address")


def _amount(folded: str, run: re.Match[str], words: _Words) -> Part:
    start, written = run.start(), run[0].rstrip(".,")
    end = start + len(written)
    number = plain(written)
    zeros, after = multiple(folded, end)
    glued = folded[after : after + 1]
    is_followed = bool(glued) and glued.isascii() and (glued.isalpha() or glued == "_")
    if not number or _SHARE.match(folded, after) or (is_followed and not words.at(folded, after)):
        return _unreadable(folded, start, after)
    return Part(Kind.AMOUNT, start, after, shifted(number, zeros))


def _unreadable(folded: str, start: int, end: int) -> Part:
    word = _WORD.match(folded, start)
    end = max(end, word.end() if word else end)
    share = _SHARE.match(folded, end)
    return Part(Kind.UNKNOWN, start, share.end() if share else end, "number")


def _known(text: str, at: int, word: str, words: _Words) -> Part:
    end = at + len(word)
    is_chain, is_token = word in words.chains, word in words.tokens
    # A token may be called like a word of the sentence: then its very letters are needed.
    if word in MARKS and not ((is_chain or is_token) and text[at:end] in words.exact):
        return Part(Kind.MARK, at, end, MARKS[word])
    if is_chain:
        return Part(Kind.CHAIN, at, end, word, is_token_too=is_token)
    return Part(Kind.TOKEN, at, end, word)


def _rest(text: str, at: int) -> Part:
    if not text[at].isalnum() and text[at] not in "$€£¥_":
        return Part(Kind.GAP, at, at + 1, "")
    word = _WORD.match(text, at)
    end = at + len(word[0].rstrip(".'’:-")) if word else at + 1
    return Part(Kind.UNKNOWN, at, max(end, at + 1), "unknown")


def _ends(folded: str, end: int) -> bool:
    """Whether a word may end here: letters of our alphabet do not run on, Chinese ones do."""
    last, follows = folded[end - 1], folded[end : end + 1]
    if not (last.isascii() and last.isalnum()):
        return True
    return not (follows.isascii() and (follows.isalnum() or follows == "_"))


def _low(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 else letter


def mark_of(part: Part) -> Mark:
    """The mark of a MARK part."""
    return Mark(part.value)
