"""One endpoint of a chain: asking it, and what is wrong with it."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import structlog
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from .answers import Session
from .node_errors import Request, RpcError, RpcUnavailable, WrongChain
from .reverts import Refusal

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
PROBE_SECONDS = 2.0
FIRST_REST_SECONDS = 2.0
LONGEST_REST_SECONDS = 20.0
# No chain's height, nor its number, is ever beyond this: what says so is no answer.
MOST_NUMBER = 2**63
LEAST_KEY = 8

# Ills of a node. One that is merely away may be asked again when nobody else is left.
AWAY = "away"
SILENT = "silent"
WRONG_CHAIN = "wrong_chain"
LAGGING = "lagging"
DISAGREES = "disagrees"


class Node:
    """One endpoint. Every call either answers, raises RpcError, or raises RpcUnavailable.

    A node with an `ill` is quarantined until it answered a probe after its rest; each relapse makes
    the rest longer.
    """

    def __init__(self, url: str, chain_id: int) -> None:
        self.url = url
        self.place = place_of(url)
        self.ill = ""
        self.height: int | None = None
        self.headers: dict[int, tuple[str, str]] = {}
        self.rests_until = 0.0
        self._chain_id = chain_id
        self._is_verified = False
        self._relapses = 0
        self._lock = threading.Lock()
        self._provider = _provider(url, TIMEOUT_SECONDS)
        self._probing = _provider(url, min(PROBE_SECONDS, TIMEOUT_SECONDS))

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
            raise self._away(f"a batch was not answered whole: {str(answers)[:200]}")
        return [self._outcome(answer) for answer in answers]

    def probe(self, headers: Sequence[int] = ()) -> int:
        """The newest block's number, with the chain id asked anew; raises RpcUnavailable, RpcError.

        In the same round trip hash and parent's hash of the blocks with these numbers, kept as `headers`.
        """
        bodies: list[tuple[RPCEndpoint, Any]] = [
            (RPCEndpoint("eth_chainId"), []),
            (RPCEndpoint("eth_blockNumber"), []),
            *((RPCEndpoint("eth_getBlockByNumber"), [hex(number), False]) for number in headers),
        ]
        answers = self._reached(lambda: self._probing.make_batch_request(bodies))
        if not isinstance(answers, list) or len(answers) != len(bodies):
            raise self._away("a probe was not answered whole")
        found = [self._outcome(answer) for answer in answers]
        for outcome in found:
            if isinstance(outcome, Exception):
                self.fall_ill(AWAY)
                raise outcome
        self._check_chain(self._number(found[0]))
        height = self._number(found[1])
        self.headers = {
            number: (str(header.get("hash")).lower(), str(header.get("parentHash")).lower())
            for number, header in zip(headers, found[2:], strict=True)
            if isinstance(header, dict)
        }
        self.height = height
        return height

    def fall_ill(self, ill: str) -> None:
        """Quarantine it."""
        with self._lock:
            if self.ill != ill:
                log.warning("endpoint.quarantined", node=self.place, chain=self._chain_id, reason=ill)
            if not self.ill:
                self._relapses += 1
            rest = min(FIRST_REST_SECONDS * 2 ** (self._relapses - 1), LONGEST_REST_SECONDS)
            self.ill, self.rests_until = ill, time.monotonic() + rest

    def recover(self) -> None:
        """Use it again. The next relapse rests no longer than the first unless it comes at once."""
        with self._lock:
            if not self.ill:
                self._relapses = 0
                return
            log.info("endpoint.recovered", node=self.place, chain=self._chain_id, was=self.ill)
            self.ill = ""

    def _check_not_silent(self) -> None:
        # A node that hangs would else hold every worker for the whole timeout, order after order.
        if self.ill == SILENT and time.monotonic() < self.rests_until:
            raise RpcUnavailable(f"{self.place}: did not answer a moment ago")

    def _verify(self) -> None:
        if not self._is_verified:
            self._check_chain(self._number(self._ask("eth_chainId", ())))
            self._is_verified = True

    def _check_chain(self, actual: int) -> None:
        if actual != self._chain_id:
            self._is_verified = False
            self.fall_ill(WRONG_CHAIN)
            raise WrongChain(f"{self.place} serves chain {actual}, not {self._chain_id}")

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
            raise self._away(str(error), SILENT if isinstance(error, requests.Timeout) else AWAY) from error

    def _outcome(self, answer: Any) -> Any:
        if not isinstance(answer, dict):
            return self._away("no answer")
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        if not isinstance(error, dict):
            return self._away(f"an error without a code: {str(error)[:200]}")
        number, message = error.get("code"), without_secrets(str(error.get("message", "")), self.url)
        failure = RpcError(number if isinstance(number, int) else 0, message, error.get("data"))
        return self._away(str(failure)) if failure.refusal is Refusal.BUSY else failure

    def _number(self, answer: Any) -> int:
        """A quantity. Raises RpcUnavailable for whatever else the node said."""
        try:
            found = int(answer, 16)
        except (TypeError, ValueError):
            found = -1
        if not 0 <= found < MOST_NUMBER:
            raise self._away(f"{str(answer)[:40]!r} is no number")
        return found

    def _away(self, why: str, ill: str = AWAY) -> RpcUnavailable:
        self.fall_ill(ill)
        return RpcUnavailable(f"{self.place}: {without_secrets(why, self.url)}")


def place_of(url: str) -> str:
    """Host and port of an address; path, query and user name may hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2]


def without_secrets(text: str, url: str) -> str:
    """What was said about an address without those of its parts that may be a key: it goes to logs and pages."""
    parts = urlsplit(url)
    whole = (url, f"{parts.path}?{parts.query}", parts.path, parts.query, parts.password, parts.username)
    # A node may repeat a key alone. What is shorter is no key, and may be a word.
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    for secret in (*whole, *(each for each in pieces if len(each) >= LEAST_KEY)):
        if secret and len(secret) > 1:
            text = text.replace(secret, "…")
    return text


def _provider(url: str, timeout_seconds: float) -> HTTPProvider:
    return HTTPProvider(
        url,
        request_kwargs={"timeout": timeout_seconds, "allow_redirects": False},
        session=Session(),
        exception_retry_configuration=None,
    )
