"""Takes other people's API keys out of addresses of nodes and explorers, before anything is kept or shown."""

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_HEX: Final = re.compile(r"(?=[0-9a-f-]*[0-9])(?=[0-9a-f-]*[a-f])[0-9a-f-]{8,}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_KEY_NAME: Final = re.compile(r"key|token|secret|auth|pass|access|project|app", re.IGNORECASE)
_LONG: Final = 16
_VERY_LONG: Final = 28


class Address(NamedTuple):
    """An address without a key in it; `needs_key` when one was there, so that it is of use with one's own only."""

    url: str
    needs_key: bool


def without_key(url: str) -> Address | None:
    """The address without anything that looks like somebody's key; None when nothing of use is left.

    Keys are user names, values of a query whose name says so, and whatever looks drawn by chance rather than
    written by a person. A doubtful part counts as a key.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("https", "http", "wss", "ws") or not parts.hostname:
        return None
    if any(_longest_run(label) >= _LONG for label in parts.hostname.split(".")):
        return None
    path, has_path_key = _plain_path(parts)
    query, has_query_key = _plain_query(parts)
    port = f":{parts.port}" if parts.port else ""
    kept = f"{parts.scheme}://{parts.hostname}{port}{path}{'?' + query if query else ''}"
    return Address(kept, has_path_key or has_query_key or bool(parts.username or parts.password))


def _plain_path(parts: SplitResult) -> tuple[str, bool]:
    """The path up to its first key: what follows one belongs to it."""
    kept: list[str] = []
    for segment in parts.path.split("/"):
        if _is_key(segment):
            return "/".join([*kept, ""]), True
        kept.append(segment)
    return "/".join(kept), False


def _plain_query(parts: SplitResult) -> tuple[str, bool]:
    asked = parse_qsl(parts.query, keep_blank_values=True)
    plain = [(name, value) for name, value in asked if _is_harmless(name, value)]
    return urlencode(plain), len(plain) < len(asked)


def _is_harmless(name: str, value: str) -> bool:
    if _NUMBER.fullmatch(value):
        return True
    return len(value) < _LONG and not _KEY_NAME.search(name) and not _is_key(value)


def _is_key(text: str) -> bool:
    if not _WORD.fullmatch(text):
        return len(text) >= _LONG and "%" in text
    if _SHORT_HEX.fullmatch(text):
        return True
    if len(text) < _LONG or not any(letter.isdigit() for letter in text):
        return False
    has_both_cases = any(c.islower() for c in text) and any(c.isupper() for c in text)
    return has_both_cases or len(text) >= _VERY_LONG or _longest_run(text) >= _LONG


def _longest_run(text: str) -> int:
    """The length of the longest stretch of letters and digits with both in it: words are written apart."""
    runs = re.split(r"[_-]", text)
    mixed = [run for run in runs if re.search(r"[0-9]", run) and re.search(r"[a-zA-Z]", run)]
    return max((len(run) for run in mixed), default=0)
