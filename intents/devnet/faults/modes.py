"""What can be wrong with a node, and what that makes of its answers."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """One way of being ill."""

    DROP_REPLY = "drop_reply"
    DELAY = "delay"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    STALE_HEAD = "stale_head"
    WRONG_CHAIN = "wrong_chain"
    NULL_RECEIPTS = "null_receipts"
    DISAGREE = "disagree"
    CUT = "cut"


# These end or refuse a connection; the others change what is said over it.
REFUSING = (Mode.CUT, Mode.TOO_MANY, Mode.SERVER_ERROR)
MISLEADING = frozenset({Mode.STALE_HEAD, Mode.WRONG_CHAIN, Mode.CUT, Mode.SERVER_ERROR})


@dataclass(frozen=True, slots=True)
class Fault:
    """One mode on some methods, none named meaning all.

    `share` of the requests are hit, at most `times` of them. `seconds` belongs to DELAY, `blocks` to
    STALE_HEAD.
    """

    mode: Mode
    methods: tuple[str, ...] = ()
    share: float = 1.0
    times: int | None = None
    seconds: float = 1.0
    blocks: int = 10

    @staticmethod
    def parse(value: dict[str, Any]) -> "Fault":
        """Read what `to_json` wrote; raises ValueError for an unknown mode or field."""
        unknown = set(value) - {item.name for item in fields(Fault)}
        if unknown:
            raise ValueError(f"a fault has no {sorted(unknown)[0]}")
        known = {**value, "mode": Mode(value.get("mode", "")), "methods": tuple(value.get("methods", ()))}
        return Fault(**known)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "methods": list(self.methods)}


class Illness:
    """The faults in force, and whom they hit: with the same seed and requests the same ones."""

    def __init__(self, *, seed: int = 0) -> None:
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._faults: list[list[Any]] = []
        self.hits: Counter[str] = Counter()

    def set(self, faults: Sequence[Fault]) -> None:
        """These are in force now, and no others."""
        with self._lock:
            self._faults = [[fault, fault.times] for fault in faults]

    @property
    def faults(self) -> list[Fault]:
        """What is in force."""
        with self._lock:
            return [fault for fault, left in self._faults if left != 0]

    def of(self, methods: Sequence[str]) -> dict[Mode, Fault]:
        """The faults that hit a request with these methods, each counted."""
        found: dict[Mode, Fault] = {}
        with self._lock:
            for entry in self._faults:
                fault, left = entry
                if left == 0 or (fault.methods and not set(fault.methods) & set(methods)):
                    continue
                if fault.share < 1.0 and self._dice.random() >= fault.share:
                    continue
                if left is not None:
                    entry[1] = left - 1
                self.hits[fault.mode.value] += 1
                found.setdefault(fault.mode, fault)
        return found

    def is_misleading(self) -> bool:
        """Whether a stream of heads would tell what the answers hide."""
        return any(fault.mode in MISLEADING and not fault.methods for fault in self.faults)


def asked_differently(message: dict[str, Any], stale_head: int | None) -> dict[str, Any]:
    """The message to forward: a node that lags takes an older block for the newest."""
    if stale_head is None or not isinstance(message.get("params"), list):
        return message
    params = [hex(stale_head) if item in ("latest", "pending") else item for item in message["params"]]
    return {**message, "params": params}


def answered_differently(method: str, result: Any, hit: dict[Mode, Fault], *, stale_head: int | None) -> Any:
    """The result as the ill node tells it."""
    if stale_head is not None:
        result = _lagging(method, result, stale_head)
    if Mode.WRONG_CHAIN in hit and method in ("eth_chainId", "net_version"):
        return hex(int(result, 16) + 7_000_000) if method == "eth_chainId" else "7000000"
    if Mode.NULL_RECEIPTS in hit and method == "eth_getTransactionReceipt":
        return None
    if Mode.DISAGREE in hit:
        return _other_hashes(result)
    return result


def _lagging(method: str, result: Any, head: int) -> Any:
    if method == "eth_blockNumber":
        return hex(head)
    if method == "eth_getLogs" and isinstance(result, list):
        return [entry for entry in result if int(entry["blockNumber"], 16) <= head]
    if not isinstance(result, dict):
        return result
    number = result.get("blockNumber") or result.get("number")
    if number is None or int(number, 16) <= head:
        return result
    if method == "eth_getTransactionByHash":
        return {**result, "blockNumber": None, "blockHash": None, "transactionIndex": None}
    return None


def _other_hashes(value: Any) -> Any:
    """Block hashes changed in their last byte, wherever they stand."""
    if isinstance(value, list):
        return [_other_hashes(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _other_hashes(item) if name == "logs" else item for name, item in value.items()}
    names = ("blockHash", "hash") if "parentHash" in value else ("blockHash",)
    for name in names:
        if isinstance(changed.get(name), str):
            text = changed[name]
            changed[name] = text[:-2] + format(int(text[-2:], 16) ^ 0xFF, "02x")
    return changed


def pause(fault: Fault | None) -> None:
    """Wait as long as the fault says."""
    if fault is not None:
        time.sleep(fault.seconds)
