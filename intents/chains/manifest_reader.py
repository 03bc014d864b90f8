"""Reads typed values out of a parsed manifest and names the key of whatever is wrong."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from eth_utils.address import is_checksum_formatted_address, to_checksum_address

from intents.errors import WaymeetError

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
HASH = re.compile(r"0x[0-9a-fA-F]{64}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
MOST_NUMBER = 2**256 - 1
MOST_SECONDS = 86_400
LEAST_SECONDS = 0.001
MOST_TEXT = 500
MOST_SLUG = 50
MOST_SYMBOL = 32
MOST_DECIMALS = 36
# Letters that change what stands around them, or end a line: a name with one is not what it seems.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_MISSING = object()


class ManifestError(WaymeetError):
    """A manifest is wrong; `key` is the dotted path of the value at fault."""

    code = "manifest_invalid"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}", key=key, problem=problem)
        self.key = key


class Reader:
    """One table of a manifest. Every getter consumes its key; `end` refuses keys nobody asked for."""

    def __init__(self, values: Any, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise ManifestError(path or "manifest", "must be a table")
        self._values: dict[str, Any] = dict(values)
        self._path = path

    def key(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def fail(self, name: str, problem: str) -> ManifestError:
        return ManifestError(self.key(name), problem)

    def integer(
        self, name: str, *, minimum: int = 0, maximum: int = MOST_NUMBER, default: Any = _MISSING
    ) -> int:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(name, "must be a whole number")
        if value < minimum:
            raise self.fail(name, f"must be at least {minimum}")
        if value > maximum:
            raise self.fail(name, f"must be at most {maximum}")
        return value

    def decimals(self, name: str, *, default: Any = _MISSING) -> int:
        return self.integer(name, maximum=MOST_DECIMALS, default=default)

    def optional_integer(self, name: str) -> int | None:
        return None if self._values.get(name) is None and self._drop(name) else self.integer(name)

    def seconds(self, name: str) -> float:
        value = self._take(name, _MISSING)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self.fail(name, "must be a number of seconds above 0")
        if not LEAST_SECONDS <= value <= MOST_SECONDS:
            raise self.fail(name, f"must be from {LEAST_SECONDS:g} to {MOST_SECONDS} seconds")
        return float(value)

    def text(self, name: str, *, default: Any = _MISSING, most: int = MOST_TEXT) -> str:
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self.fail(name, "must be text")
        if len(value) > most:
            raise self.fail(name, f"must have at most {most} letters")
        if any(unicodedata.category(letter) in _UNSEEN for letter in value):
            raise self.fail(name, "must not hold letters that cannot be seen")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._take(name, _MISSING)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.fail(name, "must be a list of texts")
        return list(value)

    def filled(self, name: str, *, most: int = MOST_TEXT) -> str:
        value = self.text(name, most=most)
        if not value.strip():
            raise self.fail(name, "must not be empty")
        return value

    def symbol(self, name: str) -> str:
        value = self.filled(name, most=MOST_SYMBOL)
        if any(letter.isspace() for letter in value):
            raise self.fail(name, "must not hold blanks")
        return value

    def slug(self, name: str) -> str:
        value = self.text(name, most=MOST_SLUG)
        if not SLUG.fullmatch(value):
            raise self.fail(name, "must be lower-case letters, digits and dashes")
        return value

    def flag(self, name: str, *, default: Any = _MISSING) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self.fail(name, "must be true or false")
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, default: Any = _MISSING) -> str:
        value = self._take(name, default)
        if value not in choices:
            raise self.fail(name, f"must be one of {', '.join(choices)}")
        return str(value)

    def address(self, name: str) -> str:
        value = self.text(name)
        if not ADDRESS.fullmatch(value):
            raise self.fail(name, "must be an address: 0x and 40 hex digits")
        checksummed = to_checksum_address(value)
        if is_checksum_formatted_address(value) and value != checksummed:
            raise self.fail(name, "has a wrong checksum: a digit was mistyped")
        return str(checksummed)

    def code_hash(self, name: str) -> str:
        value = self.text(name, default="")
        if value and not HASH.fullmatch(value):
            raise self.fail(name, "must be a 32-byte hash or empty")
        return value.lower()

    def url(self, name: str, schemes: tuple[str, ...], *, default: Any = _MISSING) -> str:
        value = self.text(name, default=default)
        if value == "" and default == "":
            return value
        if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise self.fail(name, f"must start with {' or '.join(f'{s}://' for s in schemes)}")
        if not _has_host(value):
            raise self.fail(name, "must name a host, and a port if it is not the usual one")
        return value

    def table(self, name: str, *, default: Any = _MISSING) -> "Reader":
        return Reader(self._take(name, default), self.key(name))

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise self.fail(name, "must be a table")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self.fail(name, "must hold texts, numbers and tables of them") from error
        return dict(value)

    def tables(self, name: str) -> list["Reader"]:
        value = self._take(name, [])
        if not isinstance(value, list):
            raise self.fail(name, "must be a list of tables")
        return [Reader(item, f"{self.key(name)}.{index}") for index, item in enumerate(value)]

    def named_tables(self, name: str) -> dict[str, "Reader"]:
        return {key: Reader(value, f"{self.key(name)}.{key}") for key, value in self.mapping(name).items()}

    def end(self) -> None:
        """Raise for a key that nothing read: most often a typing error."""
        for name in self._values:
            raise self.fail(name, "is not a key of a manifest")

    def _take(self, name: str, default: Any) -> Any:
        value = self._values.pop(name, default)
        if value is _MISSING:
            raise self.fail(name, "is missing")
        return value

    def _drop(self, name: str) -> bool:
        self._values.pop(name, None)
        return True


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def unique(reader: Reader, name: str, values: list[Any], what: Callable[[Any], str] = str) -> None:
    """Raise when a value occurs twice."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise reader.fail(name, f"has {what(value)} twice")
        seen.add(value)
