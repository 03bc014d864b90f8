"""Decodes the logs of our contracts and of the Mailbox; nobody else's log of the same name counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import structlog
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from .client import Log
from .manifest import ChainManifest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Field:
    """One argument or struct member; `parts` are the members of a struct, `type` ends in [] for lists."""

    name: str
    type: str
    is_indexed: bool = False
    parts: tuple["Field", ...] = ()

    @property
    def abi_type(self) -> str:
        if not self.parts:
            return self.type
        return f"({','.join(part.abi_type for part in self.parts)}){self.type.removeprefix('tuple')}"


@dataclass(frozen=True, slots=True)
class EventKind:
    """An event that one contract of the manifest emits."""

    name: str
    contract: str
    fields: tuple[Field, ...]

    @property
    def topic(self) -> str:
        types = ",".join(field.abi_type for field in self.fields)
        return "0x" + keccak(text=f"{self.name}({types})").hex()


class DecodedLog(NamedTuple):
    """`order_id` is empty where the event names none; integers in `data` are decimal text."""

    kind: str
    order_id: str
    data: dict[str, Any]


OUTPUT = (
    Field("oracle", "bytes32"),
    Field("settler", "bytes32"),
    Field("chainId", "uint256"),
    Field("token", "bytes32"),
    Field("amount", "uint256"),
    Field("recipient", "bytes32"),
    Field("callbackData", "bytes"),
    Field("context", "bytes"),
)
ORDER = (
    Field("user", "address"),
    Field("nonce", "uint256"),
    Field("originChainId", "uint256"),
    Field("expires", "uint32"),
    Field("fillDeadline", "uint32"),
    Field("inputOracle", "address"),
    Field("inputs", "uint256[2][]"),
    Field("outputs", "tuple[]", parts=OUTPUT),
)
ORDER_ID = Field("orderId", "bytes32", is_indexed=True)
# The executor knows no orders: its log stands just before the OutputFilled of its transaction.
DESTINATION_CALL = (
    Field("recipient", "address", is_indexed=True),
    Field("target", "address", is_indexed=True),
    Field("token", "address"),
    Field("amount", "uint256"),
)

KINDS = (
    EventKind("Open", "input_settler", (ORDER_ID, Field("order", "tuple", parts=ORDER))),
    EventKind(
        "Finalised", "input_settler", (ORDER_ID, Field("solver", "bytes32"), Field("destination", "bytes32"))
    ),
    EventKind("Refunded", "input_settler", (ORDER_ID,)),
    EventKind(
        "PayoutHeld",
        "input_settler",
        (
            ORDER_ID,
            Field("user", "address", is_indexed=True),
            Field("token", "address"),
            Field("amount", "uint256"),
        ),
    ),
    EventKind(
        "Claimed",
        "input_settler",
        (
            Field("user", "address", is_indexed=True),
            Field("token", "address", is_indexed=True),
            Field("to", "address"),
            Field("amount", "uint256"),
        ),
    ),
    EventKind(
        "Recovered",
        "input_settler",
        (ORDER_ID, Field("token", "address", is_indexed=True), Field("amount", "uint256")),
    ),
    EventKind("Called", "call_executor", DESTINATION_CALL),
    EventKind("CallFailed", "call_executor", (*DESTINATION_CALL, Field("reason", "bytes"))),
    EventKind(
        "OutputFilled",
        "output_settler",
        (
            ORDER_ID,
            Field("solver", "bytes32"),
            Field("timestamp", "uint32"),
            Field("output", "tuple", parts=OUTPUT),
            Field("finalAmount", "uint256"),
        ),
    ),
    EventKind(
        "Unfilled",
        "output_settler",
        (
            ORDER_ID,
            Field("outputHash", "bytes32"),
            Field("fillDeadline", "uint32"),
            Field("oracle", "address"),
        ),
    ),
    EventKind(
        "OutputProven",
        "hyperlane_oracle",
        (
            Field("chainid", "uint256"),
            Field("remoteIdentifier", "bytes32"),
            Field("application", "bytes32"),
            Field("payloadHash", "bytes32"),
        ),
    ),
    EventKind(
        "Dispatch",
        "mailbox",
        (
            Field("sender", "address", is_indexed=True),
            Field("destination", "uint32", is_indexed=True),
            Field("recipient", "bytes32", is_indexed=True),
            Field("message", "bytes"),
        ),
    ),
    EventKind("DispatchId", "mailbox", (Field("messageId", "bytes32", is_indexed=True),)),
    EventKind(
        "Process",
        "mailbox",
        (
            Field("origin", "uint32", is_indexed=True),
            Field("sender", "bytes32", is_indexed=True),
            Field("recipient", "address", is_indexed=True),
        ),
    ),
    EventKind("ProcessId", "mailbox", (Field("messageId", "bytes32", is_indexed=True),)),
    EventKind(
        "InsertedIntoTree", "merkle_tree_hook", (Field("messageId", "bytes32"), Field("index", "uint32"))
    ),
)

# What a message leaves behind names no order: it may serve several.
MESSAGE_KINDS = frozenset(
    kind.name for kind in KINDS if kind.contract in ("hyperlane_oracle", "mailbox", "merkle_tree_hook")
)


def watched_addresses(manifest: ChainManifest) -> list[str]:
    """The contracts of this chain whose logs are facts for us."""
    names = dict.fromkeys(kind.contract for kind in KINDS)
    return [manifest.address(name) for name in names if name in manifest.contracts]


def watched_topics() -> list[list[str]]:
    """The topic filter for `eth_getLogs`: any of our events."""
    return [list(_by_topic())]


def decode_log(manifest: ChainManifest, raw: Log) -> DecodedLog | None:
    """The event in a log; None for another event, another contract's, or one that does not decode."""
    kind = _by_topic().get(raw.topics[0]) if raw.topics else None
    if kind is None or kind.contract not in manifest.contracts:
        return None
    if manifest.address(kind.contract) != raw.address:
        return None
    try:
        data = _values(kind, raw)
    except (DecodingError, ValueError, OverflowError) as error:
        log.warning("log.malformed", kind=kind.name, tx_hash=raw.tx_hash, error=str(error))
        return None
    return DecodedLog(kind.name, data.get(ORDER_ID.name, ""), data)


def _values(kind: EventKind, raw: Log) -> dict[str, Any]:
    indexed = [field for field in kind.fields if field.is_indexed]
    plain = [field for field in kind.fields if not field.is_indexed]
    if len(raw.topics) != len(indexed) + 1:
        raise ValueError(f"{len(raw.topics)} topics")
    topics = {
        field.name: _json(field, abi_decode((field.abi_type,), bytes.fromhex(topic[2:]))[0])
        for field, topic in zip(indexed, raw.topics[1:], strict=True)
    }
    values = abi_decode([field.abi_type for field in plain], raw.data)
    named = {field.name: _json(field, value) for field, value in zip(plain, values, strict=True)}
    return {field.name: {**topics, **named}[field.name] for field in kind.fields}


def _json(field: Field, value: Any) -> Any:
    if field.parts and field.type == "tuple":
        return {part.name: _json(part, item) for part, item in zip(field.parts, value, strict=True)}
    if field.parts:
        member = Field(field.name, "tuple", parts=field.parts)
        return [_json(member, item) for item in value]
    return _plain(field.type, value)


def _plain(abi_type: str, value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(abi_type, item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if abi_type == "address":
        return to_checksum_address(value)
    return str(value)


@cache
def _by_topic() -> dict[str, EventKind]:
    return {kind.topic: kind for kind in KINDS}
