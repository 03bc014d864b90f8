"""What happens on a chain, as facts in order: logs, heads, reorganisations.

No database: the caller keeps the cursor and the block hashes, and gives them back after a restart.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from .client import CallResult, ChainClient, Head, Log
from .endpoints import RpcDisagreement, RpcError, RpcUnavailable
from .heads import PushedHeads
from .manifest import ChainManifest
from .rounds import CallsOf, ChainMoved, Round, Rounds, Watch, WatchOf

__all__ = ["Cursor", "Fact", "HeadSeen", "LogsSeen", "ReorgSeen", "Watch", "follow_chain"]

log = structlog.get_logger(__name__)
T = TypeVar("T")

MINIMUM_POLL_SECONDS = 0.05
IDLE_LOOK_SECONDS = 1.0
RANGE_BLOCKS = 500
KNOWN_BLOCKS = 512
LOOKS_BEFORE_ROLLBACK = 3
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LogsSeen:
    """All watched logs of blocks `first`..`last`, in order; each has its block's timestamp."""

    chain_id: int
    first: int
    last: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class HeadSeen:
    """Everything up to `head` has been told; `seen_at` is wall time in seconds.

    `blocks` are the new headers that end with the head, at most the last 64. `results` answer the
    caller's calls at this block; None when they failed or the head is only the end of a backfilled
    range.
    """

    chain_id: int
    head: Head
    blocks: tuple[Head, ...]
    results: tuple[CallResult, ...] | None
    seen_at: float


@dataclass(frozen=True, slots=True)
class ReorgSeen:
    """Blocks after `ancestor` are gone: `removed` holds the numbers and hashes that had been told."""

    chain_id: int
    ancestor: int
    removed: tuple[tuple[int, str], ...]


Fact = LogsSeen | HeadSeen | ReorgSeen


@dataclass(slots=True)
class Cursor:
    """The last block that was told, and the hashes of recent ones by number."""

    number: int
    hashes: dict[int, str] = field(default_factory=dict)


async def follow_chain(
    manifest: ChainManifest,
    cursor: Cursor | None,
    watch: WatchOf,
    calls: CallsOf | None = None,
) -> AsyncIterator[Fact]:
    """Facts of a chain, for ever: LogsSeen before the HeadSeen that covers them.

    `watch` and `calls` are asked again for every round, in a thread, so they may read the database.
    Without a cursor the newest block is the first. Nodes that are away or contradict each other are
    waited for; when behind, whole ranges are read at once.
    """
    # A thread of its own: a node that hangs must not hold up the other chains.
    thread = ThreadPoolExecutor(1, thread_name_prefix=f"follow-{manifest.chain_id}")
    follower = _Follower(manifest, cursor, Rounds(ChainClient(manifest), watch, calls), thread)
    heads = PushedHeads(manifest)
    listening = asyncio.create_task(heads.run())
    pause = FIRST_PAUSE_SECONDS
    must_look = True
    try:
        while True:
            pushed = None if must_look else await heads.next(_patience(manifest, is_live=heads.is_live))
            if manifest.quorum > 1:
                # What one node pushes is a hint to look, no evidence.
                pushed = None
            must_look = False
            try:
                async for fact in follower.advance(pushed):
                    yield fact
                pause = FIRST_PAUSE_SECONDS
            except (RpcUnavailable, RpcDisagreement, RpcError, ChainMoved) as error:
                log.info("follow.retry", chain=manifest.chain_id, error=str(error), in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                must_look = True
    finally:
        listening.cancel()
        thread.shutdown(wait=False, cancel_futures=True)


class _Follower:
    """Where we are on one chain."""

    def __init__(
        self, manifest: ChainManifest, cursor: Cursor | None, rounds: Rounds, thread: ThreadPoolExecutor
    ) -> None:
        self._chain_id = manifest.chain_id
        self._number = None if cursor is None else cursor.number
        self._hashes = {} if cursor is None else dict(cursor.hashes)
        self._rounds = rounds
        self._thread = thread
        self._looks_below = 0

    async def advance(self, pushed: Head | None) -> AsyncIterator[Fact]:
        """Facts up to `pushed`, or up to the newest block where nothing was pushed."""
        seen_at = time.time()
        head = pushed if pushed is not None else await self._read(self._rounds.head)
        if self._number is None:
            self._number = head.number - 1
        if self._is_told(head):
            reorg = await self._rolled_back(head) if pushed is None else None
        else:
            self._looks_below = 0
            reorg = await self._reorganised(head)
        if reorg is not None:
            yield reorg
        async for fact in self._tell(head, seen_at):
            yield fact

    def _is_told(self, head: Head) -> bool:
        """Nothing new in this head: our newest, an older one, or one from before all that we know."""
        if head.number > self._at:
            return False
        return self._hashes.get(head.number, head.hash) == head.hash

    async def _rolled_back(self, head: Head) -> ReorgSeen | None:
        """Blocks were taken back without new ones; a node that merely lags catches up in between."""
        self._looks_below = self._looks_below + 1 if head.number < self._at else 0
        if self._looks_below < LOOKS_BEFORE_ROLLBACK:
            return None
        self._looks_below = 0
        # As long as one node has all of what was told, the others only lag.
        return None if await self._read(self._rounds.highest) >= self._at else self._cut(head.number)

    async def _reorganised(self, head: Head) -> ReorgSeen | None:
        at = self._at
        if not self._hashes or (head.number == at + 1 and self._hashes.get(at) == head.parent_hash):
            return None
        top = min(at, head.number)
        ancestor = await self._read(lambda: self._rounds.common_ancestor(top, self._hashes))
        return None if ancestor == top else self._cut(ancestor)

    async def _tell(self, head: Head, seen_at: float) -> AsyncIterator[Fact]:
        while self._at < head.number:
            first = self._at + 1
            last = min(head.number, first + RANGE_BLOCKS - 1)
            if first == head.number:
                read = await self._read(lambda: self._rounds.block(head))
            else:
                read = await self._read_span(first, last, with_calls=last == head.number)
            self._remember(read.blocks)
            self._number = last
            if read.logs:
                yield LogsSeen(self._chain_id, first, last, read.logs)
            yield HeadSeen(self._chain_id, read.blocks[-1], read.blocks, read.results, seen_at)

    async def _read_span(self, first: int, last: int, *, with_calls: bool) -> Round:
        return await self._read(lambda: self._rounds.span(first, last, self._hashes, with_calls=with_calls))

    def _cut(self, ancestor: int) -> ReorgSeen:
        removed = tuple((n, h) for n, h in sorted(self._hashes.items()) if n > ancestor)
        for number, _ in removed:
            del self._hashes[number]
        self._number = ancestor
        log.info("follow.reorg", chain=self._chain_id, ancestor=ancestor, removed=len(removed))
        return ReorgSeen(self._chain_id, ancestor, removed)

    def _remember(self, blocks: Sequence[Head]) -> None:
        self._hashes.update({block.number: block.hash for block in blocks})
        for number in sorted(self._hashes)[: max(0, len(self._hashes) - KNOWN_BLOCKS)]:
            del self._hashes[number]

    @property
    def _at(self) -> int:
        return -1 if self._number is None else self._number

    async def _read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read)


def _patience(manifest: ChainManifest, *, is_live: bool) -> float:
    if is_live:
        return max(IDLE_LOOK_SECONDS, 2 * manifest.block_seconds)
    return max(MINIMUM_POLL_SECONDS, manifest.block_seconds / 4)
