"""Every way our contracts revert on purpose, read from ``reverts.toml``."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak

VOCABULARY: Final = Path(__file__).with_name("reverts.toml")
_SIGNATURE = re.compile(r"(\w+)\(([\w,]*)\)")


@dataclass(frozen=True, slots=True)
class Revert:
    """One custom error. ``retry`` tells whether the same call may succeed later without being changed."""

    name: str
    types: tuple[str, ...]
    meaning: str
    retry: bool

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.types)})"

    @property
    def selector(self) -> bytes:
        return keccak(text=self.signature)[:4]


@cache
def vocabulary() -> dict[str, Revert]:
    """All reverts by name, in the order of the file."""
    with VOCABULARY.open("rb") as file:
        entries = tomllib.load(file)["revert"]
    return {revert.name: revert for revert in map(_revert, entries)}


def decode_revert(data: bytes) -> tuple[Revert, tuple[Any, ...]] | None:
    """The revert and its arguments that ``data`` carries; ``None`` when it is not one of ours."""
    revert = _by_selector().get(data[:4])
    if revert is None:
        return None
    try:
        return revert, tuple(abi_decode(list(revert.types), data[4:]))
    except DecodingError:
        return None


@cache
def error_abi() -> tuple[dict[str, Any], ...]:
    """The vocabulary as ABI error entries, which Vyper does not emit."""
    return tuple(
        {
            "type": "error",
            "name": revert.name,
            "inputs": [{"name": f"arg{i}", "type": kind} for i, kind in enumerate(revert.types)],
        }
        for revert in vocabulary().values()
    )


@cache
def _by_selector() -> dict[bytes, Revert]:
    return {revert.selector: revert for revert in vocabulary().values()}


def _revert(entry: dict[str, Any]) -> Revert:
    match = _SIGNATURE.fullmatch(entry["signature"])
    if match is None:
        raise ValueError(f"malformed signature {entry['signature']!r}")
    types = tuple(match[2].split(",")) if match[2] else ()
    return Revert(match[1], types, entry["meaning"], entry.get("retry", False))
