"""What a node can do and a chain has: reads of one endpoint, each with the answer that is measured."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from eth_utils.crypto import keccak

from intents.chains.client import Head, parse_head
from intents.chains.node import Node
from intents.chains.node_errors import RpcError, RpcUnavailable

from .passport import ABSENT, DIFFERS, MULTICALL3, PRESENT, WELL_KNOWN, ContractFacts

LOG_SPANS: Final = (10_000, 5_000, 2_000, 1_000, 500, 100)
HEADERS: Final = 64
# Runtime code that answers 42 whatever is called, and an address where nothing is.
ANSWERS_42: Final = "0x602a60005260206000f3"
NOWHERE: Final = "0x" + "da7eface".zfill(40)
DELEGATED: Final = "0x" + "de1e6a7e".zfill(40)
DELEGATION: Final = "0xef0100"


class Pace(NamedTuple):
    """Seconds between blocks: the middle, and what nine of ten keep above and below."""

    middle: float
    low: float
    high: float


def log_blocks(node: Node, head: int) -> int | None:
    """The widest range of logs, of those tried, that the node serves; None when it serves none."""
    reads = [
        (
            "eth_getLogs",
            [
                {
                    "fromBlock": hex(max(0, head - span + 1)),
                    "toBlock": hex(head),
                    "address": MULTICALL3,
                    "topics": ["0x" + "00" * 32],
                }
            ],
        )
        for span in LOG_SPANS
    ]
    answers = node.batch(reads)
    served = (span for span, answer in zip(LOG_SPANS, answers, strict=True) if isinstance(answer, list))
    return next(served, None)


def headers(node: Node, head: int, *, count: int = HEADERS) -> list[Head]:
    """The newest headers that the node has, oldest first."""
    first = max(0, head - count + 1)
    answers = node.batch([("eth_getBlockByNumber", [hex(n), False]) for n in range(first, head + 1)])
    return [parse_head(answer) for answer in answers if isinstance(answer, dict)]


def pace(blocks: Sequence[Head]) -> Pace | None:
    """How fast these blocks came; None for fewer than three. The first block is nobody's pace."""
    times = [block.timestamp for block in blocks if block.number > 0]
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(times))
    if len(gaps) < 2:
        return None
    edge = len(gaps) // 10
    return Pace(float(statistics.median(gaps)), float(gaps[edge]), float(gaps[-1 - edge]))


def has_overrides(node: Node) -> bool:
    """Whether eth_call takes code that is put in place for the one call."""
    return _answers_42(node, NOWHERE, {NOWHERE: {"code": ANSWERS_42}})


def has_eip7702(node: Node) -> bool:
    """Whether an account runs the code that it delegated to; only where the node has overrides."""
    code = DELEGATION + NOWHERE[2:].lower()
    return _answers_42(node, DELEGATED, {NOWHERE: {"code": ANSWERS_42}, DELEGATED: {"code": code}})


def contracts(node: Node, wanted: Mapping[str, tuple[str, str]]) -> dict[str, ContractFacts]:
    """Code at each (address, hash that it should have or "") by name, and at the well-known addresses.

    Raises RpcUnavailable and RpcError.
    """
    places = {name: (address, "") for name, address in WELL_KNOWN.items()} | dict(wanted)
    answers = node.batch([("eth_getCode", [address, "latest"]) for address, _ in places.values()])
    found = {}
    for (name, (address, expected)), answer in zip(places.items(), answers, strict=True):
        if isinstance(answer, Exception):
            raise answer
        found[name] = _contract(address, expected, bytes.fromhex(str(answer)[2:]))
    return found


def _contract(address: str, expected: str, code: bytes) -> ContractFacts:
    if not code:
        return ContractFacts(address, ABSENT)
    actual = "0x" + keccak(code).hex()
    return ContractFacts(address, DIFFERS if expected not in ("", actual) else PRESENT, actual)


def _answers_42(node: Node, target: str, overrides: dict[str, Any]) -> bool:
    try:
        answer = node.request("eth_call", [{"to": target, "data": "0x"}, "latest", overrides])
    except (RpcError, RpcUnavailable):
        return False
    return isinstance(answer, str) and len(answer) == 66 and int(answer, 16) == 42
