"""A client of the HTTP API that checks orders before it signs: usable without Django or a database.

Addresses of contracts and tokens are those of the server's network list; `trust.Trust` holds them against
what this machine knows.

Every amount is an integer of base units unless its name says text.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from .chain_reader import ChainReader

JsonObject = dict[str, Any]
QUOTE_POLL_SECONDS = 0.3
BUSY_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
LOST_PAUSES_SECONDS = (0.2, 1.0, 3.0)
# Servers let go of connections that are silent for longer, ours after five seconds.
KEPT_SECONDS = 2.0


class ApiError(Exception):
    """The API said no; `code` is stable, `message` is for people in the language asked for."""

    def __init__(self, *, status: int, code: str, message: str, params: JsonObject) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code
        self.message = message
        self.params = params


class ApiUnreachable(Exception):
    """No answer, or one that is not this API's."""

    code = "api_unreachable"
    retry = True


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a connected chain."""

    address: str
    symbol: str
    name: str
    decimals: int
    canonical_id: str
    eip3009: str
    version: str
    permit: str = "none"


@dataclass(frozen=True, slots=True)
class App:
    """A contract that takes a transfer on arrival, by the call that `call` and `arguments` describe."""

    slug: str
    name: str
    target: str
    token: str
    call: str
    arguments: tuple[str, ...]
    gas: int


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """A connected chain as the API describes it; `rpc_url` is empty when it publishes none."""

    chain_id: int
    slug: str
    name: str
    is_local: bool
    rpc_url: str
    depth: int
    block_seconds: float
    contracts: dict[str, str]
    tokens: tuple[Token, ...]
    apps: tuple[App, ...] = ()

    def app(self, slug: str) -> App:
        """The app of this slug; raises `UnknownName`."""
        for app in self.apps:
            if app.slug == slug.lower():
                return app
        raise UnknownName("app", slug, [app.slug for app in self.apps])

    def token(self, name: str) -> Token:
        """The token of this symbol or address; raises `UnknownName`."""
        wanted = name.lower()
        for token in self.tokens:
            if wanted in (token.symbol.lower(), token.address.lower()):
                return token
        raise UnknownName("token", name, [token.symbol for token in self.tokens])

    def reader(self) -> ChainReader:
        """Reads of this chain without the API; raises `UnknownName` when no endpoint is published."""
        if not self.rpc_url:
            raise UnknownName("endpoint", self.slug, [])
        return ChainReader(self.rpc_url)


class UnknownName(Exception):
    """A chain, token or endpoint nobody knows; `known` are the ones there are."""

    code = "unknown_name"
    retry = False

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        choices = f"; known: {', '.join(known)}" if known else ""
        super().__init__(f"no {kind} {name!r}{choices}")
        self.kind = kind
        self.name = name
        self.known = known


@dataclass(frozen=True, slots=True)
class Network:
    """The connected chains."""

    is_local: bool
    chains: tuple[ChainInfo, ...]

    def chain(self, name: str) -> ChainInfo:
        """The chain of this slug, name or id; raises `UnknownName`."""
        wanted = name.lower()
        for chain in self.chains:
            if wanted in (chain.slug.lower(), chain.name.lower(), str(chain.chain_id)):
                return chain
        raise UnknownName("chain", name, [chain.slug for chain in self.chains])


@dataclass(frozen=True, slots=True)
class Submitted:
    """An accepted order and the secret that reads it."""

    order_id: str
    share_key: str
    url: str
    state: str


class WaymeetClient:
    """The HTTP API of one Waymeet at `base_url`. Not shared between threads: one connection each.

    `timeout_seconds` bounds one answer, `quote_seconds` the wait for a quote to be solved.
    """

    def __init__(
        self,
        base_url: str,
        *,
        language: str = "en",
        timeout_seconds: float = 20.0,
        quote_seconds: float = 60.0,
    ) -> None:
        parts = urlsplit(base_url if "://" in base_url else f"http://{base_url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiUnreachable(f"{base_url!r} is not an http(s) address")
        self.base_url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.quote_seconds = quote_seconds
        self._prefix = parts.path.rstrip("/")
        maker = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = maker(parts.hostname, parts.port, timeout=timeout_seconds)
        self._answered_at = time.monotonic()
        self._headers = {"Accept": "application/json", "Accept-Language": language}

    def network(self) -> Network:
        """The connected chains with their contracts and tokens."""
        answer = self._request("GET", "/api/v1/network")
        return Network(
            is_local=bool(answer["is_local"]), chains=tuple(_chain(item) for item in answer["chains"])
        )

    def connectivity(self) -> JsonObject:
        """How many pairs of tokens on two chains one confirmation serves now, and why not the rest."""
        return self._request("GET", "/api/v1/connectivity")

    def quote(self, **intent: str) -> JsonObject:
        """Ask for a quote and wait until it is solved; fields are those of `POST /api/v1/quotes`.

        Raises `ApiError` when it is refused, and with the code `quote_timeout` when nothing solves it.
        """
        until = time.monotonic() + self.quote_seconds
        answer = self._request("POST", "/api/v1/quotes", intent)
        while answer["state"] == "solving":
            if time.monotonic() >= until:
                raise _unsolved(answer["quote_id"], self.quote_seconds)
            time.sleep(QUOTE_POLL_SECONDS)
            answer = self._request("GET", f"/api/v1/quotes/{answer['quote_id']}")
        if answer["state"] == "refused":
            refusal = answer["refusal"]
            raise ApiError(
                status=422, code=refusal["code"], message=refusal["message"], params=refusal["params"]
            )
        return answer

    def submit(self, *, quote_id: str, order: JsonObject, signature: str) -> Submitted:
        """Hand in the signed order; raises `ApiError` when it is refused.

        A lost answer says nothing: the order may have been taken. Handed in again it is the same order.
        """
        answer = self._handed_in({"quote_id": quote_id, "order": order, "signature": signature})
        return Submitted(
            order_id=answer["order_id"],
            share_key=answer["share_key"],
            url=answer["url"],
            state=answer["state"],
        )

    def order(self, submitted: Submitted) -> JsonObject:
        """The order as it stands."""
        query = urlencode({"k": submitted.share_key})
        return self._request("GET", f"/api/v1/orders/{submitted.order_id}?{query}")

    def events(self, submitted: Submitted, *, after: int = 0) -> JsonObject:
        """Events numbered above `after`, with the state they lead to."""
        query = urlencode({"k": submitted.share_key, "after": after})
        return self._request("GET", f"/api/v1/orders/{submitted.order_id}/events?{query}")

    def follow(self, submitted: Submitted, *, poll_seconds: float = 0.25) -> Iterator[JsonObject]:
        """Every answer of `events` that brought something, until the order has ended for its user."""
        after = 0
        misses = 0
        while True:
            try:
                answer = self.events(submitted, after=after)
                misses = 0
            except ApiUnreachable:
                misses += 1
                if misses > 120:
                    raise
                time.sleep(1.0)
                continue
            if answer["events"]:
                after = answer["events"][-1]["seq"]
                yield answer
            if answer["is_ended"]:
                if not answer["events"]:
                    yield answer
                return
            time.sleep(poll_seconds)

    def close(self) -> None:
        self._connection.close()

    def _handed_in(self, body: JsonObject) -> JsonObject:
        for pause in LOST_PAUSES_SECONDS:
            try:
                return self._request("POST", "/api/v1/orders", body)
            except ApiUnreachable:
                time.sleep(pause)
        try:
            return self._request("POST", "/api/v1/orders", body)
        except ApiUnreachable as error:
            raise ApiUnreachable(f"{error}; the order may have been taken all the same") from error

    def _request(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        # Busy means that nothing was done, and an order sent again with its quote id is the same order.
        for pause in BUSY_PAUSES_SECONDS:
            try:
                return self._answer(method, path, body)
            except ApiError as error:
                if error.code != "busy":
                    raise
            time.sleep(pause)
        return self._answer(method, path, body)

    def _answer(self, method: str, path: str, body: JsonObject | None) -> JsonObject:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        status, raw = self._exchange(method, self._prefix + path, data, headers)
        try:
            answer = json.loads(raw)
        except ValueError as error:
            raise ApiUnreachable(f"{self.base_url}{path} answered {status} without JSON") from error
        if status >= 400:
            fault = answer.get("error", {}) if isinstance(answer, dict) else {}
            raise ApiError(
                status=status,
                code=fault.get("code", f"http_{status}"),
                message=fault.get("message", ""),
                params=fault.get("params", {}),
            )
        if not isinstance(answer, dict):
            raise ApiUnreachable(f"{self.base_url}{path} answered something else")
        return answer

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        # A kept connection may have been closed by the server meanwhile; only reads are tried again.
        if method != "GET" and time.monotonic() - self._answered_at >= KEPT_SECONDS:
            self._connection.close()
        for is_last in (method != "GET", True):
            try:
                self._connection.request(method, path, body=data, headers=headers)
                response = self._connection.getresponse()
                answer = response.status, response.read()
                self._answered_at = time.monotonic()
                return answer
            except (OSError, HTTPException) as error:
                self._connection.close()
                if is_last:
                    raise ApiUnreachable(f"{self.base_url}: {error or type(error).__name__}") from error
        raise AssertionError("unreachable")


def _unsolved(quote_id: str, wait_seconds: float) -> ApiError:
    return ApiError(
        status=503,
        code="quote_timeout",
        message=f"no answer to quote {quote_id} within {wait_seconds:g} s; is a worker running?",
        params={"quote_id": quote_id},
    )


def _chain(item: JsonObject) -> ChainInfo:
    return ChainInfo(
        chain_id=int(item["chain_id"]),
        slug=item["slug"],
        name=item["name"],
        is_local=bool(item["is_local"]),
        rpc_url=item["rpc_url"],
        depth=int(item["depth"]),
        block_seconds=float(item["block_seconds"]),
        contracts=dict(item["contracts"]),
        tokens=tuple(_token(token) for token in item["tokens"]),
        apps=tuple(_app(app) for app in item.get("apps", ())),
    )


def _app(item: JsonObject) -> App:
    return App(
        slug=item["slug"],
        name=item["name"],
        target=item["target"],
        token=item["token"],
        call=item["call"],
        arguments=tuple(item["arguments"]),
        gas=int(item["gas"]),
    )


def _token(item: JsonObject) -> Token:
    return Token(
        address=item["address"],
        symbol=item["symbol"],
        name=item["name"],
        decimals=int(item["decimals"]),
        canonical_id=item["canonical_id"],
        eip3009=item["eip3009"],
        version=item["version"],
        permit=item["permit"],
    )
