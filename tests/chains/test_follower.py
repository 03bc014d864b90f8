"""The follower tells every block's logs once and in order, and takes back what the chain takes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from intents.chains.follower import Cursor, Fact, HeadSeen, LogsSeen, ReorgSeen, Watch, follow_chain
from intents.chains.manifest import Contract

from .conftest import CHAIN_ID, manifest_for
from .node import ALICE, Node

pytestmark = pytest.mark.chain

# Emits LOG1 with topic 0x…2a and no data, whatever is called.
EMITTER = "0x6008600c60003960086000f3" + "602a5f5fa1000000"
TOPIC = "0x" + "2a".rjust(64, "0")


class Facts:
    """Collects facts in the background."""

    def __init__(self) -> None:
        self.all: list[Fact] = []

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.all if isinstance(fact, kind)]

    @property
    def log_blocks(self) -> list[int]:
        return [entry.block_number for fact in self.of(LogsSeen) for entry in fact.logs]

    @property
    def number(self) -> int:
        heads = self.of(HeadSeen)
        return heads[-1].head.number if heads else -1

    async def until(self, check: Any, problem: str, seconds: float = 15.0) -> None:
        for _ in range(int(seconds / 0.02)):
            if check():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{problem}: {self.all[-5:]}")


@asynccontextmanager
async def following(
    node: Node, cursor: Cursor | None = None, *, ws: bool = True, address: str = "", **options: Any
) -> AsyncIterator[Facts]:
    facts = Facts()
    calls = options.pop("calls", None)
    manifest = manifest_for(node.url, node.ws_url if ws else "", **{"block_seconds": 0.4, **options})

    async def collect() -> None:
        watch = Watch([address] if address else [])
        async for fact in follow_chain(manifest, cursor, lambda: watch, calls):
            facts.all.append(fact)

    task = asyncio.create_task(collect())
    try:
        yield facts
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def chain(node: Node, method: str, *params: Any) -> Any:
    return await asyncio.to_thread(node.rpc, method, *params)


async def emit(node: Node, address: str) -> None:
    await chain(node, "eth_sendTransaction", {"from": ALICE, "to": address, "gas": hex(60_000)})


@pytest.mark.parametrize("ws", [True, False], ids=["pushed", "polled"])
async def test_logs_come_before_their_head_with_their_time(node, ws):
    address = node.deploy(EMITTER)
    async with following(node, ws=ws, address=address) as facts:
        await facts.until(lambda: facts.number == 1, "no first head")
        await emit(node, address)
        await facts.until(lambda: facts.number == 2, "no second head")
    logs = facts.of(LogsSeen)[0]
    head = facts.of(HeadSeen)[-1]
    assert facts.all.index(logs) < facts.all.index(head)
    assert (logs.first, logs.last) == (2, 2)
    assert logs.logs[0].topics == (TOPIC,)
    assert logs.logs[0].block_timestamp == head.head.timestamp
    assert logs.logs[0].block_hash == head.head.hash


async def test_a_gap_is_backfilled_from_the_cursor(node):
    address = node.deploy(EMITTER)
    for _ in range(3):
        await emit(node, address)
    await chain(node, "anvil_mine", hex(700))
    await emit(node, address)
    async with following(node, Cursor(1), address=address) as facts:
        await facts.until(lambda: facts.number == node.number(), "did not catch up")
    assert facts.log_blocks == [2, 3, 4, 705]
    # One range more where the node showed its head in between.
    assert len(facts.of(HeadSeen)) <= 4, "ranges, not one round a block"


async def test_a_burst_is_read_in_ranges_without_missing_a_log(node):
    address = node.deploy(EMITTER)
    async with following(node, address=address) as facts:
        await facts.until(lambda: facts.number == 1, "no first head")
        for _ in range(150):
            await emit(node, address)
        # anvil puts what waits together into one block
        await facts.until(lambda: len(facts.log_blocks) == 150, "logs are missing")
        await facts.until(lambda: facts.number == node.number(), "did not catch up")
    assert facts.log_blocks == sorted(facts.log_blocks)
    told = [block.number for fact in facts.of(HeadSeen) for block in fact.blocks]
    assert told == list(range(1, facts.number + 1))


async def test_a_reorganisation_names_what_is_gone_and_tells_the_new_blocks(node):
    address = node.deploy(EMITTER)
    async with following(node, address=address) as facts:
        await facts.until(lambda: facts.number == 1, "no first head")
        for number in range(2, 6):
            await emit(node, address)
            await facts.until(lambda n=number: facts.number == n, "no head")
        gone = {fact.head.number: fact.head.hash for fact in facts.of(HeadSeen)}
        await chain(node, "anvil_reorg", 2, [])
        await facts.until(lambda: facts.of(ReorgSeen), "no reorg seen")
        await emit(node, address)
        await facts.until(lambda: facts.number == 6, "did not go on")
    (reorg,) = facts.of(ReorgSeen)
    assert reorg == ReorgSeen(CHAIN_ID, 3, ((4, gone[4]), (5, gone[5])))
    after = facts.all[facts.all.index(reorg) + 1 :]
    told = [block for fact in after if isinstance(fact, HeadSeen) for block in fact.blocks]
    assert [block.number for block in told] == [4, 5, 6]
    assert told[0].parent_hash == gone[3]
    assert [entry.block_number for fact in after if isinstance(fact, LogsSeen) for entry in fact.logs] == [6]


async def test_a_reorganisation_while_we_were_away_is_seen_from_the_stored_hashes(node):
    await chain(node, "anvil_mine", hex(5))
    hashes = {n: (await chain(node, "eth_getBlockByNumber", hex(n), False))["hash"] for n in range(6)}
    await chain(node, "anvil_reorg", 3, [])
    await chain(node, "anvil_mine", hex(100))
    async with following(node, Cursor(5, hashes)) as facts:
        await facts.until(lambda: facts.number == 105, "did not catch up")
    assert facts.all[0] == ReorgSeen(CHAIN_ID, 2, tuple((n, hashes[n]) for n in (3, 4, 5)))


async def test_blocks_taken_back_without_new_ones_are_noticed(node):
    await chain(node, "anvil_mine", hex(5))
    async with following(node, Cursor(0), ws=False) as facts:
        await facts.until(lambda: facts.number == 5, "no head")
        await chain(node, "anvil_rollback", 2)
        await facts.until(lambda: facts.of(ReorgSeen), "rollback not seen")
    assert facts.of(ReorgSeen)[0].ancestor == 3


async def test_a_restarted_node_is_followed_on(node, tmp_path):
    node.stop()
    node.options = ("--state", str(tmp_path / "state.json"))
    node.start()
    address = node.deploy(EMITTER)
    async with following(node, address=address) as facts:
        await facts.until(lambda: facts.number == 1, "no first head")
        await emit(node, address)
        await facts.until(lambda: facts.number == 2, "no head")
        await asyncio.to_thread(node.stop)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(node.start)
        await emit(node, address)
        await facts.until(lambda: facts.number == 3, "not followed after the restart")
    assert facts.log_blocks == [2, 3]
    assert facts.of(ReorgSeen) == []


async def test_the_callers_calls_are_answered_at_the_head(node, multicall3):
    balance = bytes.fromhex("4d2301cc") + bytes.fromhex(ALICE[2:]).rjust(32, b"\0")
    calls = [(multicall3, balance), (multicall3, b"\x12\x34\x56\x78")]
    contracts = {"multicall3": Contract(multicall3)}
    async with following(node, calls=lambda: calls, contracts=contracts) as facts:
        await facts.until(lambda: facts.number == node.number(), "no head")
        await chain(node, "anvil_mine", hex(1))
        await facts.until(lambda: facts.number == node.number(), "no next head")
    first, second = facts.of(HeadSeen)[-1].results
    assert first.is_success
    assert int.from_bytes(first.data) == int(node.rpc("eth_getBalance", ALICE, "latest"), 16)
    assert not second.is_success


async def test_a_silent_node_is_waited_for(node):
    async with following(node, ws=False) as facts:
        await facts.until(lambda: facts.number == 0, "no head")
        await asyncio.to_thread(node.stop)
        await asyncio.sleep(0.5)
        assert facts.number == 0
        await asyncio.to_thread(node.start)
        await chain(node, "anvil_mine", hex(2))
        await facts.until(lambda: facts.number == 2, "not followed again")
