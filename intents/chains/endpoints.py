"""JSON-RPC to a chain's nodes by web3's provider: failover, quorum, and a broadcast that never retries.

Requests go to the provider itself, not through a Web3 object: no middleware costs time on the way to a
block, and no contract can have us fetch foreign URLs (EIP-3668).
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import requests
import structlog
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from intents.errors import WaymeetError

from .manifest import ChainManifest
from .reverts import NOT_SENT, Refusal, classify

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
SILENT_SECONDS = 2.0
READ_ROUNDS = 2
POOL_SIZE = 16

# Answers on which money is moved: with a quorum above 1 that many nodes must say the same.
EVIDENCE_METHODS = frozenset(
    {
        "eth_getTransactionReceipt",
        "eth_getLogs",
        "eth_getBlockByHash",
        "eth_getCode",
    }
)

Request = tuple[str, Sequence[Any]]


class RpcError(WaymeetError):
    """A node answered with an error. `data` is what came with it, `refusal` its class."""

    code = "node_refused"
    status = 502

    def __init__(self, number: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({number})")
        self.number = number
        self.message = message
        self.data = data
        self.refusal = classify(number, message)


class RpcUnavailable(WaymeetError):
    """No node, or fewer than the quorum, gave an answer. Says nothing about what they did."""

    code = "chain_unreachable"
    retry = True
    status = 503


class RpcDisagreement(WaymeetError):
    """Nodes contradict each other about evidence: wait rather than believe one of them."""

    code = "nodes_disagree"
    retry = True
    status = 503


class WrongChain(RpcUnavailable):
    """A node serves another chain than its manifest says."""

    code = "wrong_chain"
    retry = False


class SendRejected(WaymeetError):
    """Every node refused these bytes and holds none of them; `refusal` says why."""

    code = "send_rejected"
    retry = True
    status = 502

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message, reason=refusal.value)
        self.refusal = refusal


class SendUnknown(WaymeetError):
    """The transaction may or may not have arrived: assume that it was sent."""

    code = "send_unknown"
    retry = True
    status = 502


class Node:
    """One endpoint. Every call either answers, raises RpcError, or raises RpcUnavailable."""

    def __init__(self, url: str, chain_id: int) -> None:
        self.url = url
        self._chain_id = chain_id
        self._is_verified = False
        self._silent_until = 0.0
        self._provider = _provider(url)

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """One read, one answer, no retry."""
        self._check_not_silent()
        self._verify()
        return self._ask(method, params)

    def send(self, raw: bytes) -> None:
        """Broadcast, tried even when the node was silent a moment ago, and once only."""
        self._verify()
        self._ask("eth_sendRawTransaction", ["0x" + raw.hex()])

    def batch(self, reads: Sequence[Request]) -> list[Any]:
        """All reads in one round trip; a refused one is an RpcError in its place."""
        if not reads:
            return []
        self._check_not_silent()
        self._verify()
        bodies = [(RPCEndpoint(method), list(params)) for method, params in reads]
        answers = self._reached(lambda: self._provider.make_batch_request(bodies))
        if not isinstance(answers, list) or len(answers) != len(reads):
            raise RpcUnavailable(f"{self.url}: a batch was not answered whole: {str(answers)[:200]}")
        return [self._outcome(answer) for answer in answers]

    def _check_not_silent(self) -> None:
        # A node that hangs would else hold every worker for the whole timeout, order after order.
        if time.monotonic() < self._silent_until:
            raise RpcUnavailable(f"{self.url}: did not answer a moment ago")

    def _verify(self) -> None:
        if self._is_verified:
            return
        actual = int(self._ask("eth_chainId", ()), 16)
        if actual != self._chain_id:
            raise WrongChain(f"{self.url} serves chain {actual}, not {self._chain_id}")
        self._is_verified = True

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        outcome = self._outcome(
            self._reached(lambda: self._provider.make_request(RPCEndpoint(method), list(params)))
        )
        if isinstance(outcome, RpcError | RpcUnavailable):
            raise outcome
        return outcome

    def _reached(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (requests.RequestException, Web3Exception, OSError, ValueError) as error:
            # A node that went away may come back as another one: ask for its chain id again.
            self._is_verified = False
            if isinstance(error, requests.Timeout):
                self._silent_until = time.monotonic() + SILENT_SECONDS
            raise RpcUnavailable(f"{self.url}: {error}") from error

    def _outcome(self, answer: Any) -> Any:
        if not isinstance(answer, dict):
            return RpcUnavailable(f"{self.url}: no answer")
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        failure = RpcError(int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
        return RpcUnavailable(str(failure)) if failure.refusal is Refusal.BUSY else failure


class Nodes:
    """All endpoints of a chain, asked in the manifest's order."""

    def __init__(self, manifest: ChainManifest) -> None:
        self._nodes = [Node(endpoint.url, manifest.chain_id) for endpoint in manifest.endpoints]
        self._quorum = manifest.quorum
        self._preferred = 0
        self._lock = threading.Lock()

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """Read; raises RpcError, RpcUnavailable or RpcDisagreement."""
        if self._quorum > 1 and method in EVIDENCE_METHODS:
            return self._raised(self.batch([(method, params)])[0])
        return self._first(lambda node: node.request(method, params))

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Read many in one round trip; refusals stand as exceptions in their places."""
        if self._quorum > 1 and any(method in EVIDENCE_METHODS for method, _ in requests):
            return self._agreed(requests)
        return self._first(lambda node: node.batch(requests))

    def send(self, raw: bytes) -> None:
        """Broadcast to every node once.

        Raises SendRejected when all that answered refused it for good, SendUnknown when none took it
        and one may have.
        """
        refusals: list[RpcError] = []
        doubts: list[WaymeetError] = []
        is_sent = False
        for node in self._nodes:
            try:
                node.send(raw)
                is_sent = True
            except RpcError as error:
                is_sent = is_sent or error.refusal is Refusal.ALREADY_KNOWN
                (refusals if error.refusal in NOT_SENT else doubts).append(error)
            except RpcUnavailable as error:
                doubts.append(error)
        if is_sent:
            return
        if doubts or not refusals:
            raise SendUnknown("; ".join(str(doubt) for doubt in doubts))
        raise SendRejected(str(refusals[0]), refusals[0].refusal)

    def _first(self, read: Any) -> Any:
        failures: list[str] = []
        for _ in range(READ_ROUNDS):
            for offset in range(len(self._nodes)):
                index = (self._preferred + offset) % len(self._nodes)
                try:
                    answer = read(self._nodes[index])
                except RpcUnavailable as error:
                    failures.append(str(error))
                    continue
                self._preferred = index
                return answer
        raise RpcUnavailable("; ".join(failures))

    def _agreed(self, requests: Sequence[Request]) -> list[Any]:
        answers: list[list[Any]] = []
        failures: list[str] = []
        for node in self._nodes:
            try:
                answers.append(node.batch(requests))
            except RpcUnavailable as error:
                failures.append(str(error))
        if len(answers) < self._quorum:
            raise RpcUnavailable(f"{len(answers)} of {self._quorum} nodes answered: {'; '.join(failures)}")
        return [self._vote(method, [a[i] for a in answers]) for i, (method, _) in enumerate(requests)]

    def _vote(self, method: str, answers: list[Any]) -> Any:
        if method not in EVIDENCE_METHODS:
            return answers[0]
        for answer in answers:
            if isinstance(answer, Exception):
                continue
            if sum(_same(answer, other) for other in answers) >= self._quorum:
                return answer
        if all(isinstance(answer, Exception) for answer in answers):
            return answers[0]
        raise RpcDisagreement(f"{method}: no {self._quorum} of {len(answers)} nodes agree", method=method)

    @staticmethod
    def _raised(outcome: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def _same(one: Any, other: Any) -> bool:
    return not isinstance(other, Exception) and bool(one == other)


def _provider(url: str) -> HTTPProvider:
    session = requests.Session()
    session.trust_env = False
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=POOL_SIZE)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return HTTPProvider(
        url,
        request_kwargs={"timeout": TIMEOUT_SECONDS, "allow_redirects": False},
        session=session,
        exception_retry_configuration=None,
    )
