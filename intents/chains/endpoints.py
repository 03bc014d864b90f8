"""JSON-RPC to a chain's nodes: failover, quarantine, quorum, and a broadcast that never retries.

Requests go to web3's provider itself, not through a Web3 object: no middleware costs time on the way to
a block, and no contract can have us fetch foreign URLs (EIP-3668).
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from .ballot import is_evidence, vote
from .hashes import Compared, contradicting
from .manifest import ChainManifest
from .node import AWAY, DISAGREES, LAGGING, SILENT, WRONG_CHAIN, Node
from .node_errors import (
    Request,
    RpcDisagreement,
    RpcError,
    RpcUnavailable,
    SendRejected,
    SendUnknown,
    WrongChain,
)
from .reverts import NOT_SENT, Refusal

__all__ = [
    "Node",
    "NodeHealth",
    "Nodes",
    "Request",
    "RpcDisagreement",
    "RpcError",
    "RpcUnavailable",
    "SendRejected",
    "SendUnknown",
    "WrongChain",
]

T = TypeVar("T")
Doubt = RpcError | RpcUnavailable

READ_ROUNDS = 2
PROBE_EVERY_SECONDS = 2.0
# So often every node is also asked for the hashes of final blocks.
COMPARE_EVERY_SECONDS = 10.0
# A node this far behind the others is not asked.
LAG_SECONDS = 6.0
LEAST_LAG_BLOCKS = 2
# After an answer as slow as this the next endpoint has its turn.
SLOW_SECONDS = 0.5


# Wall time when too few nodes of a chain last said the same to anybody in this process.
_disputes: dict[int, float] = {}


def disputed_at(chain_id: int) -> float | None:
    """When too few nodes last said the same about evidence, wall time; None if never since their manifest."""
    return _disputes.get(chain_id)


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """An endpoint, and what is wrong with it: empty, or away, silent, wrong_chain, lagging, disagrees.

    `height` is the newest block it told of when it was last asked, None before it ever answered.
    """

    url: str
    ill: str
    height: int | None = None


class Nodes:
    """All endpoints of a chain, asked in the manifest's order.

    Ill ones are quarantined and come back by themselves. However many are ill, `quorum` never becomes
    less: reads of evidence then fail instead.
    """

    def __init__(self, manifest: ChainManifest) -> None:
        self._nodes = [Node(endpoint.url, manifest.chain_id) for endpoint in manifest.endpoints]
        self._quorum = manifest.quorum
        self._lag_blocks = max(LEAST_LAG_BLOCKS, round(LAG_SECONDS / manifest.block_seconds))
        self._preferred = 0
        self._depth = manifest.depth
        self._compared = Compared()
        self._compared_at = time.monotonic()
        self._probed_at = time.monotonic()
        self._probing = threading.Lock()
        self._chain_id = manifest.chain_id
        _disputes.pop(manifest.chain_id, None)

    @property
    def health(self) -> list[NodeHealth]:
        """Every endpoint as it was last seen."""
        return [NodeHealth(node.url, node.ill, node.height) for node in self._nodes]

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """Read; raises RpcError, RpcUnavailable or RpcDisagreement."""
        if self._quorum > 1 and is_evidence((method, params)):
            return _raised(self.batch([(method, params)])[0])
        return self._first(lambda node: node.request(method, params))

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Read many in one round trip; refusals stand as exceptions in their places."""
        if self._quorum > 1 and any(is_evidence(request) for request in requests):
            return self._agreed(requests)
        return self._first(lambda node: node.batch(requests))

    def head_number(self) -> int:
        """The newest block that a quorum of nodes has. Raises RpcUnavailable."""
        heights, failures = self._heights(self._in_use())
        if len(heights) < self._quorum:
            raise RpcUnavailable(f"{len(heights)} of {self._quorum} nodes answered: {'; '.join(failures)}")
        return sorted(heights.values(), reverse=True)[self._quorum - 1]

    def highest(self) -> int:
        """The newest block that any well node has. Raises RpcUnavailable."""
        heights, failures = self._heights(self._in_use())
        if not heights:
            raise RpcUnavailable("; ".join(failures))
        return max(heights.values())

    def send(self, raw: bytes) -> str:
        """Broadcast once to every well node, to the others only when none of those took it; the first taker's URL.

        Raises SendRejected when all that answered refused it for good, SendUnknown when none took it
        and one may have.
        """
        refusals: list[RpcError] = []
        doubts: list[Doubt] = []
        for nodes in self._well_and_ill():
            takers = [node.url for node in nodes if self._took(node, raw, refusals, doubts)]
            if takers:
                return takers[0]
        if doubts or not refusals:
            raise SendUnknown("; ".join(str(doubt) for doubt in doubts) or "no node of this chain to send to")
        raise SendRejected(str(refusals[0]), refusals[0].refusal)

    def probe(self) -> list[NodeHealth]:
        """Look at every node now, also at the quarantined ones whose rest is over; how they are."""
        with self._probing:
            now = time.monotonic()
            asked = [node for node in self._nodes if not node.ill or node.rests_until <= now]
            numbers = self._to_compare(asked, now)
            heights, _ = self._heights(asked, numbers)
            level = _level(list(heights.values()))
            liars = self._contradicting(list(heights), numbers)
            for index, height in heights.items():
                self._judge(self._nodes[index], is_lagging=height < level - self._lag_blocks, liars=liars)
            self._probed_at = time.monotonic()
        return self.health

    def _to_compare(self, asked: Sequence[Node], now: float) -> list[int]:
        """The final blocks whose hashes all have to know, from time to time and whenever a liar may be back."""
        is_due = now - self._compared_at >= COMPARE_EVERY_SECONDS
        if not is_due and not any(node.ill == DISAGREES for node in asked):
            return []
        heights = [node.height for node in asked if node.height is not None and node.ill != LAGGING]
        return self._compared.numbers(min(heights), depth=self._depth) if heights else []

    def _contradicting(self, answered: Sequence[int], numbers: Sequence[int]) -> set[Node] | None:
        """Who contradicts itself, most others, or what was agreed on before; None when nobody was asked."""
        if not numbers:
            return None
        self._compared_at = time.monotonic()
        told = {index: self._nodes[index].headers for index in answered}
        return {self._nodes[index] for index in contradicting(told, self._compared)}

    @staticmethod
    def _judge(node: Node, *, is_lagging: bool, liars: set[Node] | None) -> None:
        if liars is not None and node in liars:
            node.fall_ill(DISAGREES)
        elif is_lagging:
            node.fall_ill(LAGGING)
        elif node.ill != DISAGREES or (liars is not None and node.headers):
            # A liar is used again only once it told what the others tell.
            node.recover()

    @staticmethod
    def _took(node: Node, raw: bytes, refusals: list[RpcError], doubts: list[Doubt]) -> bool:
        try:
            node.send(raw)
            return True
        except WrongChain:
            # It was asked for its chain first and given nothing.
            return False
        except RpcError as error:
            if error.refusal is Refusal.ALREADY_KNOWN:
                return True
            (refusals if error.refusal in NOT_SENT else doubts).append(error)
        except RpcUnavailable as error:
            doubts.append(error)
        return False

    def _well_and_ill(self) -> list[list[Node]]:
        self._look_after()
        well = [node for node in self._nodes if not node.ill]
        ill = [node for node in self._nodes if node.ill and node.ill != WRONG_CHAIN]
        return [well, ill] if ill or well else [list(self._nodes)]

    def _in_use(self) -> list[Node]:
        """Well nodes, the preferred one first; then those that are only away, in case they are back."""
        self._look_after()
        count = len(self._nodes)
        turn = [self._nodes[(self._preferred + offset) % count] for offset in range(count)]
        well = [node for node in turn if not node.ill]
        enough = len(well) >= self._quorum
        return well if enough else well + [node for node in turn if node.ill in (AWAY, SILENT)]

    def _look_after(self) -> None:
        """Have all nodes looked at from time to time, at the cost of no read."""
        if time.monotonic() - self._probed_at < PROBE_EVERY_SECONDS or self._probing.locked():
            return
        self._probed_at = time.monotonic()
        threading.Thread(target=self.probe, daemon=True, name="endpoints-probe").start()

    def _heights(
        self, nodes: Sequence[Node], headers: Sequence[int] = ()
    ) -> tuple[dict[int, int], list[str]]:
        heights: dict[int, int] = {}
        failures: list[str] = []
        for node, outcome in _everywhere(nodes, lambda node: node.probe(headers)):
            if isinstance(outcome, Exception):
                failures.append(str(outcome))
            else:
                heights[self._nodes.index(node)] = outcome
        return heights, failures

    def _first(self, read: Callable[[Node], T]) -> T:
        failures: list[str] = []
        for _ in range(READ_ROUNDS):
            for node in self._in_use() or self._nodes:
                began = time.monotonic()
                try:
                    if node.ill not in ("", AWAY, SILENT):
                        raise RpcUnavailable(f"{node.place}: {node.ill}")
                    was_ill = bool(node.ill)
                    answer = read(node)
                except RpcUnavailable as error:
                    failures.append(str(error))
                    continue
                # Whoever was found slow while this very read was under way stays set aside.
                if was_ill:
                    node.recover()
                is_slow = time.monotonic() - began > SLOW_SECONDS
                self._preferred = self._nodes.index(node) + int(is_slow)
                return answer
        raise RpcUnavailable("; ".join(failures))

    def _agreed(self, requests: Sequence[Request]) -> list[Any]:
        given: list[tuple[Node, list[Any]]] = []
        failures: list[str] = []
        asked = self._in_use()
        were_ill = {node.url for node in asked if node.ill}
        for node, outcome in _everywhere(asked, lambda node: node.batch(requests)):
            if isinstance(outcome, Exception):
                failures.append(str(outcome))
                continue
            if node.url in were_ill:
                node.recover()
            given.append((node, outcome))
        if len(given) < self._quorum:
            raise RpcUnavailable(f"{len(given)} of {self._quorum} nodes answered: {'; '.join(failures)}")
        return [self._voted(request, place, given) for place, request in enumerate(requests)]

    def _voted(self, request: Request, place: int, given: list[tuple[Node, list[Any]]]) -> Any:
        answers = [answered[place] for _, answered in given]
        if not is_evidence(request):
            return answers[0]
        try:
            answer, contradicting = vote(request, answers, quorum=self._quorum)
        except RpcDisagreement:
            _disputes[self._chain_id] = time.time()
            raise
        for index in contradicting:
            given[index][0].fall_ill(DISAGREES)
        return answer


def _everywhere(nodes: Sequence[Node], ask: Callable[[Node], T]) -> list[tuple[Node, T | Exception]]:
    """Ask all at once: one that hangs holds nobody else up."""

    def one(node: Node) -> T | Exception:
        try:
            return ask(node)
        except (RpcUnavailable, RpcError) as error:
            return error

    if len(nodes) < 2:
        return [(node, one(node)) for node in nodes]
    with ThreadPoolExecutor(len(nodes), thread_name_prefix="endpoints") as pool:
        return list(zip(nodes, pool.map(one, nodes), strict=True))


def _level(heights: Sequence[int]) -> int:
    """The height a node should have: half of them are at least there, so that one cannot invent it."""
    return sorted(heights, reverse=True)[(len(heights) - 1) // 2] if heights else 0


def _raised(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
