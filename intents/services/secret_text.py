"""What looks like the secret of a wallet in a text. Such a text is refused and never kept.

Rather once too often: whoever is asked to say it in other words loses nothing.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from typing import Final

from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language

# Seed phrases have 12, 15, 18, 21 or 24 words of one list of 2048.
PHRASE_WORDS: Final = 12
# One word of twelve may be mistyped.
KNOWN_WORDS: Final = 11

# Spaces and dashes between the digits do not hide a key.
_HEX_RUN = re.compile(r"[0-9a-f](?:[\s:_.\-]{0,3}[0-9a-f]){63}")
_HASH = re.compile(r"0x[0-9a-f]{64}(?![0-9a-f])")
_EXTENDED_KEY = re.compile(r"(?<![0-9A-Za-z])[xyzt]prv[1-9A-HJ-NP-Za-km-z]{40,}")
# Letters of any script with their accents: numbers and punctuation between words do not hide a phrase.
_WORD = re.compile(r"[^\W\d_]+")


def looks_secret(text: str, *, known: Collection[str] = ()) -> bool:
    """Whether the text seems to hold a seed phrase or a private key.

    `known` are hashes (0x and 64 lower-case digits) that are no secrets, such as those of a transfer.
    """
    plain = _plain(text)
    return _has_key(plain, known) or _has_phrase(plain)


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    return "".join(each for each in composed if unicodedata.category(each) != "Cf")


def _has_key(text: str, known: Collection[str]) -> bool:
    without_known = _HASH.sub(lambda found: "|" if found[0] in known else found[0], text.lower())
    return bool(_EXTENDED_KEY.search(text) or _HEX_RUN.search(without_known))


def _has_phrase(text: str) -> bool:
    words = [unicodedata.normalize("NFKD", word) for word in _WORD.findall(text.lower())]
    if len(words) < PHRASE_WORDS:
        return False
    return any(_has_run(words, _words_of(language)) for language in Language)


def _has_run(words: list[str], listed: frozenset[str]) -> bool:
    hits = [word in listed for word in words]
    return any(
        sum(hits[start : start + PHRASE_WORDS]) >= KNOWN_WORDS
        for start in range(len(hits) - PHRASE_WORDS + 1)
    )


@cache
def _words_of(language: Language) -> frozenset[str]:
    listed = Mnemonic(language).wordlist
    return frozenset(unicodedata.normalize("NFKD", word) for word in listed)
