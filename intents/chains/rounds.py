"""One batched JSON-RPC round of the follower: headers, watched logs and the caller's calls together."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

from .client import (
    CallResult,
    ChainClient,
    Head,
    Log,
    call_request,
    logs_request,
    multicall_request,
    parse_head,
    parse_log,
    parse_multicall,
)
from .endpoints import Request

log = structlog.get_logger(__name__)

HEADERS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Watch:
    """Which logs are wanted. No addresses means none; empty topics mean all."""

    addresses: Sequence[str]
    topics: Sequence[Any] = ()


WatchOf = Callable[[], Watch]
CallsOf = Callable[[], Sequence[tuple[str, bytes]]]


class Round(NamedTuple):
    """`blocks` are new headers, oldest first, at most HEADERS_AT_ONCE, ending with the newest read."""

    blocks: tuple[Head, ...]
    logs: tuple[Log, ...]
    results: tuple[CallResult, ...] | None


class ChainMoved(Exception):
    """The chain changed while it was read: read again."""


class Rounds:
    """Reads of one chain; `watch` and `calls` are asked again for every round."""

    def __init__(self, client: ChainClient, watch: WatchOf, calls: CallsOf | None) -> None:
        self._client = client
        self._watch = watch
        self._calls = calls

    def head(self) -> Head:
        return self._client.head()

    def highest(self) -> int:
        """The newest block's number at whichever node is farthest."""
        return self._client.highest()

    def block(self, head: Head) -> Round:
        """Logs of the block with this very header, and the calls at it."""
        watch = self._watch()
        requests: list[Request] = []
        if watch.addresses:
            requests.append(logs_request({"blockHash": head.hash}, watch.addresses, watch.topics))
        answers = self._client.batch_outcomes([*requests, *self._call_requests(head.number)])
        logs = self._logs(answers[0], {head.number: head}) if requests else ()
        return Round((head,), logs, _results(answers[len(requests) :]))

    def span(self, first: int, last: int, known: Mapping[int, str], *, with_calls: bool) -> Round:
        """Logs of a range and its newest headers; raises ChainMoved when they do not join `known`."""
        watch = self._watch()
        start = max(first - 1, last - HEADERS_AT_ONCE + 1, 0)
        requests: list[Request] = [_header_request(number) for number in range(start, last + 1)]
        if watch.addresses:
            blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
            requests.append(logs_request(blocks, watch.addresses, watch.topics))
        calls = self._call_requests(last) if with_calls else []
        answers = self._client.batch_outcomes([*requests, *calls])
        headers = _headers(answers[: last + 1 - start])
        _check_joined(headers, known)
        by_number = {header.number: header for header in headers}
        logs = self._logs(answers[last + 1 - start], by_number) if watch.addresses else ()
        fresh = tuple(header for header in headers if header.number >= first)
        return Round(fresh, logs, _results(answers[len(requests) :]))

    def common_ancestor(self, top: int, known: Mapping[int, str]) -> int:
        """The highest block up to `top` that still has its known hash; below all known ones if none has."""
        lowest = min(known)
        number = top
        while number >= lowest:
            bottom = max(lowest, number - HEADERS_AT_ONCE + 1)
            answers = self._client.batch([_header_request(n) for n in range(number, bottom - 1, -1)])
            for header in (parse_head(answer) for answer in answers if answer is not None):
                if known.get(header.number) == header.hash:
                    return header.number
            number = bottom - 1
        return lowest - 1

    def _call_requests(self, number: int) -> list[Request]:
        calls = list(self._calls()) if self._calls is not None else []
        if not calls:
            return []
        to, data = multicall_request(self._client.manifest, calls)
        return [call_request(to, data, number)]

    def _logs(self, answer: Any, headers: Mapping[int, Head]) -> tuple[Log, ...]:
        if isinstance(answer, Exception):
            raise answer
        logs = [parse_log(value) for value in answer]
        untimed = sorted(
            {entry.block_number for entry in logs if entry.block_timestamp is None} - set(headers)
        )
        extra = _headers(self._client.batch_outcomes([_header_request(number) for number in untimed]))
        by_number = {**headers, **{header.number: header for header in extra}}
        return tuple(_stamped(entry, by_number.get(entry.block_number)) for entry in logs)


def _header_request(number: int) -> Request:
    return "eth_getBlockByNumber", [hex(number), False]


def _headers(answers: Sequence[Any]) -> list[Head]:
    for answer in answers:
        if answer is None:
            raise ChainMoved("a block went away while it was read")
        if isinstance(answer, Exception):
            raise answer
    return [parse_head(answer) for answer in answers]


def _check_joined(headers: Sequence[Head], known: Mapping[int, str]) -> None:
    for earlier, later in itertools.pairwise(headers):
        if later.parent_hash != earlier.hash:
            raise ChainMoved(f"block {later.number} does not follow {earlier.number}")
    told = known.get(headers[0].number)
    if told is not None and told != headers[0].hash:
        raise ChainMoved(f"block {headers[0].number} changed")


def _results(answers: Sequence[Any]) -> tuple[CallResult, ...] | None:
    if not answers:
        return None
    if isinstance(answers[0], Exception):
        log.warning("follow.calls_failed", error=str(answers[0]))
        return None
    return tuple(parse_multicall(bytes.fromhex(answers[0][2:])))


def _stamped(entry: Log, header: Head | None) -> Log:
    if header is None:
        return entry
    if header.hash != entry.block_hash:
        raise ChainMoved(f"block {entry.block_number} changed")
    return entry._replace(block_timestamp=header.timestamp)
