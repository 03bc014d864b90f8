"""A call on a chain, before anybody signs it, and ABI encoding without contract objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

ZERO_ADDRESS = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True, slots=True)
class Call:
    """What one transaction does. `gas_limit` None means: estimate it when submitting."""

    target: str
    data: bytes = b""
    value_wei: int = 0
    gas_limit: int | None = None


@lru_cache(maxsize=1024)
def selector(signature: str) -> bytes:
    """First four bytes of the hash of a canonical signature such as `transfer(address,uint256)`."""
    return keccak(text=signature)[:4]


@lru_cache(maxsize=1024)
def argument_types(signature: str) -> tuple[str, ...]:
    """The argument types of a canonical signature, tuples kept whole."""
    inner = signature[signature.index("(") + 1 : -1]
    types: list[str] = []
    depth = 0
    start = 0
    for position, character in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            types.append(inner[start:position])
            start = position + 1
    if inner:
        types.append(inner[start:])
    return tuple(types)


def encode_call(signature: str, arguments: Sequence[Any] = ()) -> bytes:
    """Calldata for a canonical signature; selector and types are cached."""
    return selector(signature) + abi_encode(argument_types(signature), arguments)
