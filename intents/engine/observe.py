"""Write down what the chains do and wake the orders it concerns: one asyncio process for all chains.

Every block is one short transaction; a reorganisation deletes facts and the orders are looked at again.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, TypeVar, cast

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connections, transaction

from intents.chains import pauses, registry
from intents.chains.client import Log
from intents.chains.events import MESSAGE_KINDS, decode_log, watched_addresses, watched_topics
from intents.chains.follower import Cursor, Fact, HeadSeen, LogsSeen, ReorgSeen, follow_chain
from intents.chains.manifest import ChainManifest
from intents.chains.rounds import Watch
from intents.models import Attempt, Block, ChainHead, ChainLog, Order

from . import ledger, reservations, withheld
from .arrivals import name_calls
from .chain_world import chain_world_calls, chain_world_json, is_complete
from .deposits import DepositReader
from .depth import final_depth
from .intake import order_from_log
from .waiting_refunds import KIND as CLAIMED
from .waiting_refunds import orders_paid_by
from .waking import live_on, waiting_for_block, wake_orders

log = structlog.get_logger(__name__)

T = TypeVar("T")

REGISTRY_SECONDS = 2.0
RETRY_SECONDS = 0.5
KEPT_BLOCKS = 256
JUMP_SECONDS = 5


def kept_blocks(manifest: ChainManifest) -> int:
    """How many blocks are remembered: enough that the newest final one is always among them."""
    return max(KEPT_BLOCKS, 2 * final_depth(manifest))


class ChainObserver:
    """One chain's writer. Its methods are called one at a time, from the one thread that writes."""

    def __init__(self, manifest: ChainManifest) -> None:
        self.manifest = manifest
        self._world: dict[str, Any] = {}
        self._asked: dict[str, Any] = {}
        self._calls: list[tuple[str, bytes]] = []
        self._deposits = DepositReader(manifest)
        self._watch = Watch(watched_addresses(manifest), watched_topics())
        self._clock: tuple[int, float] | None = None
        self._has_baseline = False

    def prepare(self) -> Cursor | None:
        """Where we stopped: the last block written with the hashes of those before it."""
        head = ChainHead.objects.filter(chain_id=self.manifest.chain_id).first()
        self._world = dict(head.world or {}) if head is not None else {}
        self._ask()
        self._deposits.choose()
        if head is None:
            return None
        self._clock = (head.timestamp, head.seen_at)
        rows = Block.objects.filter(chain_id=self.manifest.chain_id, number__lte=head.number)
        kept = kept_blocks(self.manifest)
        hashes = dict(rows.order_by("-number").values_list("number", "block_hash")[:kept])
        return Cursor(number=head.number, hashes={**hashes, head.number: head.block_hash})

    def watch(self) -> Watch:
        """The logs we want."""
        return self._watch

    def calls(self) -> Sequence[tuple[str, bytes]]:
        """The reads that make the chain's part of the world, and those of deposit addresses."""
        return [*self._calls, *self._deposits.calls()]

    def write(self, logs: Sequence[Log], seen: HeadSeen) -> None:
        """One block, or a backfilled range: headers, logs, world, and who has to look."""
        at_addresses = None if seen.results is None else seen.results[len(self._calls) :]
        world = self._fresh_world(seen)
        with transaction.atomic():
            rows = self._write_logs(logs)
            woken = {row.order_id for row in rows if row.order_id} | _served_by(rows)
            woken |= self._deposits.write(at_addresses, block_number=seen.head.number, logs=rows)
            self._write_blocks(seen)
            self._write_head(seen, world)
            woken |= set(waiting_for_block(self.manifest.chain_id, seen.head.number))
            if self._has_jumped(seen):
                woken |= set(live_on([self.manifest.chain_id]))
            wake_orders(sorted(woken))
        # Apart, row by row: whoever spends or holds stock locks its order before it, never after. And
        # last: the orders that are woken need not wait for it.
        self._write_stocks(seen, world)
        self._deposits.choose()
        self._clock = (seen.head.timestamp, seen.seen_at)
        if world is not None:
            self._world = world
            self._ask()

    def undo(self, reorg: ReorgSeen) -> None:
        """Delete what the chain took back and have the orders concerned look again."""
        above = {"chain_id": self.manifest.chain_id, "block_number__gt": reorg.ancestor}
        with transaction.atomic():
            concerned = set(
                ChainLog.objects.filter(**above).exclude(order_id="").values_list("order_id", flat=True)
            )
            concerned |= _served_by(ChainLog.objects.filter(kind__in=list(MESSAGE_KINDS), **above))
            gone_claims = list(ChainLog.objects.filter(kind=CLAIMED, **above))
            concerned |= orders_paid_by(self.manifest.chain_id, gone_claims)
            ChainLog.objects.filter(**above).delete()
            withheld.undo_claims(self.manifest, gone_claims)
            gone = Block.objects.filter(chain_id=self.manifest.chain_id, number__gt=reorg.ancestor)
            gone.delete()
            self._step_back(reorg.ancestor)
            wake_orders(sorted(concerned))
        log.warning("observe.reorg", chain=self.manifest.slug, ancestor=reorg.ancestor, orders=len(concerned))
        newest = max((number for number, _ in reorg.removed), default=reorg.ancestor)
        pauses.note_reorg(self.manifest, ancestor=reorg.ancestor, depth=newest - reorg.ancestor)

    def _step_back(self, ancestor: int) -> None:
        block = Block.objects.filter(chain_id=self.manifest.chain_id, number=ancestor).first()
        if block is None:
            return
        ChainHead.objects.filter(chain_id=self.manifest.chain_id).update(
            number=block.number, block_hash=block.block_hash
        )

    def _ask(self) -> None:
        self._asked = self._world
        self._calls = chain_world_calls(self.manifest, self._world)

    def _fresh_world(self, seen: HeadSeen) -> dict[str, Any] | None:
        count = len(self._calls)
        if seen.results is None or len(seen.results) < count:
            return None
        answers = [result.data if result.is_success else None for result in seen.results[:count]]
        world = chain_world_json(self.manifest, answers, self._asked, asked=self._calls)
        if is_complete(self.manifest, world) or not is_complete(self.manifest, self._world):
            return world
        # A pool asks for more of itself: the last whole world stands until the next block brings it.
        self._asked = world
        self._calls = chain_world_calls(self.manifest, world)
        return None

    def _write_logs(self, logs: Sequence[Log]) -> list[ChainLog]:
        rows = [row for row in (self._row(entry) for entry in logs) if row is not None]
        name_calls(rows)
        self._name_by_transaction(rows)
        known = set(
            ChainLog.objects.filter(
                chain_id=self.manifest.chain_id, block_hash__in={row.block_hash for row in rows}
            ).values_list("block_hash", "log_index")
        )
        fresh = [row for row in rows if (row.block_hash, row.log_index) not in known]
        ChainLog.objects.bulk_create(fresh)
        concerned = {row.order_id for row in fresh if row.order_id}
        strangers = [row for row in fresh if row.kind == "Open"]
        if strangers:
            ours = set(Order.objects.filter(order_id__in=concerned).values_list("order_id", flat=True))
            for row in strangers:
                if row.order_id not in ours:
                    order_from_log(self.manifest, row)
        return fresh

    def _row(self, entry: Log) -> ChainLog | None:
        decoded = decode_log(self.manifest, entry)
        if decoded is None:
            return None
        return ChainLog(
            chain_id=self.manifest.chain_id,
            block_number=entry.block_number,
            block_hash=entry.block_hash,
            block_timestamp=entry.block_timestamp or 0,
            tx_hash=entry.tx_hash,
            log_index=entry.log_index,
            address=entry.address,
            kind=decoded.kind,
            order_id=decoded.order_id,
            data=decoded.data,
        )

    @staticmethod
    def _name_by_transaction(rows: Sequence[ChainLog]) -> None:
        """Messages name no order: those of our own transactions belong to the order they were sent for."""
        nameless = {row.tx_hash for row in rows if not row.order_id}
        if not nameless:
            return
        sent = Attempt.objects.filter(tx_hash__in=nameless, step__isnull=False)
        owners = dict(sent.values_list("tx_hash", "step__order_id"))
        for row in rows:
            if not row.order_id:
                row.order_id = owners.get(row.tx_hash, "")

    def _write_blocks(self, seen: HeadSeen) -> None:
        chain_id = self.manifest.chain_id
        Block.objects.filter(chain_id=chain_id, number__gte=seen.blocks[0].number).delete()
        Block.objects.bulk_create(
            Block(
                chain_id=chain_id,
                number=block.number,
                block_hash=block.hash,
                parent_hash=block.parent_hash,
                timestamp=block.timestamp,
            )
            for block in seen.blocks
        )
        if seen.head.number % 32 == 0:
            Block.objects.filter(
                chain_id=chain_id, number__lt=seen.head.number - kept_blocks(self.manifest)
            ).delete()

    def _write_head(self, seen: HeadSeen, world: dict[str, Any] | None) -> None:
        values: dict[str, Any] = {
            "number": seen.head.number,
            "block_hash": seen.head.hash,
            "timestamp": seen.head.timestamp,
            "seen_at": seen.seen_at,
            "base_fee_wei": seen.head.base_fee_wei,
        }
        if world is not None:
            values["world"] = world
        heads = ChainHead.objects.filter(chain_id=self.manifest.chain_id)
        if not heads.update(**values):
            ChainHead.objects.create(chain_id=self.manifest.chain_id, **values)

    def _write_stocks(self, seen: HeadSeen, world: dict[str, Any] | None) -> None:
        if world is None:
            return
        chain_id, number = self.manifest.chain_id, seen.head.number
        account = self.manifest.address("solver_account")
        readings = {(token, account): int(text) for token, text in world["stocks"].items()}
        readings |= {(reservations.NATIVE, holder): int(text) for holder, text in world["native"].items()}
        reservations.refresh_all(chain_id, readings, block_number=number)
        if not self._has_baseline and all(each.address in world["stocks"] for each in self.manifest.tokens):
            ledger.book_baseline(chain_id, {token: int(text) for token, text in world["stocks"].items()})
            self._has_baseline = True

    def _has_jumped(self, seen: HeadSeen) -> bool:
        """Chain time ran away from wall time: everything that waits for a deadline looks again."""
        if self._clock is None:
            return False
        timestamp, at = self._clock
        return seen.head.timestamp - timestamp > seen.seen_at - at + JUMP_SECONDS


def _served_by(rows: Iterable[ChainLog]) -> set[str]:
    """Orders that messages serve besides the one whose transaction it is."""
    hashes = {row.tx_hash for row in rows if row.kind in MESSAGE_KINDS}
    if not hashes:
        return set()
    joining = Attempt.also.through.objects.filter(attempt__tx_hash__in=hashes)
    return set(joining.values_list("step__order_id", flat=True))


async def observe(*, stop: asyncio.Event | None = None) -> None:
    """Follow every connected chain, for ever or until `stop`; chains may join, leave and move meanwhile."""
    writer = ThreadPoolExecutor(1, thread_name_prefix="observe-write")
    followed: dict[int, tuple[ChainManifest, asyncio.Task[None]]] = {}
    try:
        while stop is None or not stop.is_set():
            manifests = await _written(writer, _connected)
            for chain_id, (manifest, task) in list(followed.items()):
                if manifests.get(chain_id) != manifest or task.done():
                    task.cancel()
                    del followed[chain_id]
            for chain_id, manifest in manifests.items():
                if chain_id not in followed:
                    task = asyncio.create_task(_observe_chain(ChainObserver(manifest), writer))
                    followed[chain_id] = (manifest, task)
            await _pause(stop, REGISTRY_SECONDS)
    finally:
        for _, task in followed.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in followed.values()), return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(writer, _close_connections)
        writer.shutdown(wait=False, cancel_futures=True)


async def _observe_chain(observer: ChainObserver, writer: ThreadPoolExecutor) -> None:
    manifest = observer.manifest
    try:
        cursor = await _written(writer, observer.prepare)
        logs: list[Log] = []
        following = follow_chain(manifest, cursor, observer.watch, observer.calls)
        async with aclosing(cast(AsyncGenerator[Fact, None], following)) as facts:
            async for fact in facts:
                if isinstance(fact, LogsSeen):
                    logs.extend(fact.logs)
                elif isinstance(fact, ReorgSeen):
                    logs.clear()
                    await _written(writer, observer.undo, fact)
                else:
                    batch = tuple(logs)
                    logs.clear()
                    await _written(writer, observer.write, batch, fact)
    except asyncio.CancelledError:
        raise
    except Exception:
        # The supervisor loop starts this chain anew from what is written.
        log.exception("observe.chain_failed", chain=manifest.slug)
        await asyncio.sleep(RETRY_SECONDS)


async def _written(writer: ThreadPoolExecutor, work: Callable[..., T], *args: Any) -> T:
    """Run `work` on the one thread that writes, again and again while the database is away."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return await loop.run_in_executor(writer, work, *args)
        except (DatabaseError, InterfaceError) as error:
            log.warning("observe.database_away", error=str(error))
            await loop.run_in_executor(writer, close_old_connections)
            await asyncio.sleep(RETRY_SECONDS)


def _connected() -> dict[int, ChainManifest]:
    registry.forget()
    return dict(registry.all_chains())


def _close_connections() -> None:
    connections.close_all()


async def _pause(stop: asyncio.Event | None, seconds: float) -> None:
    if stop is None:
        await asyncio.sleep(seconds)
        return
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
