"""JSON-RPC to one local node over a kept connection, and the ABI encoding that goes with it."""

import http.client
import itertools
import json
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from eth_abi import decode as abi_decode
from eth_abi import encode as abi_encode
from eth_utils import keccak, to_checksum_address

TIMEOUT_SECONDS = 60


class RpcError(Exception):
    """The node answered with an error; `data` is its error object."""

    code = "rpc_error"
    retry = False

    def __init__(self, method: str, data: Any) -> None:
        super().__init__(f"{method}: {data}")
        self.data = data


class NodeUnreachable(Exception):
    """The node did not answer; it may be restarting."""

    code = "node_unreachable"
    retry = True


class Rpc:
    """One node. Safe to share between threads: each has its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._local = threading.local()
        self._ids = itertools.count(1)

    def request(self, method: str, *params: Any) -> Any:
        """The result. Raises RpcError, NodeUnreachable."""
        return self.batch([(method, list(params))])[0]

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """The results in order, in one round trip. Raises RpcError at the first error, NodeUnreachable."""
        if not calls:
            return []
        first = next(self._ids)
        for _ in calls[1:]:
            next(self._ids)
        body = [
            {"jsonrpc": "2.0", "id": first + place, "method": method, "params": params}
            for place, (method, params) in enumerate(calls)
        ]
        answers = {answer["id"]: answer for answer in self._post(body)}
        results = []
        for entry in body:
            answer = answers[entry["id"]]
            if "error" in answer:
                raise RpcError(str(entry["method"]), answer["error"])
            results.append(answer["result"])
        return results

    def _post(self, body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        text = json.dumps(body)
        try:
            try:
                raw = self._exchange(text)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # A kept connection that the node closed while idle.
                self.close()
                raw = self._exchange(text)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NodeUnreachable(f"{self.url}: {error}") from error
        answer = json.loads(raw)
        return answer if isinstance(answer, list) else [answer | {"id": entry["id"]} for entry in body]

    def _exchange(self, text: str) -> bytes:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
            self._local.connection = connection
        connection.request("POST", "/", text, {"Content-Type": "application/json"})
        return connection.getresponse().read()

    def close(self) -> None:
        """Drop this thread's connection."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    def call(self, to: str, signature: str, *args: Any, returns: str = "uint256") -> Any:
        """A view; `signature` as in ``balanceOf(address)``. One return type gives a value, more a tuple."""
        raw = self.request("eth_call", {"to": to, "data": hex_data(signature, *args)}, "latest")
        return decode(returns, raw)

    def multi(self, calls: Sequence[tuple[str, str, tuple[Any, ...], str]]) -> list[Any]:
        """Views of (to, signature, args, returns) in one round trip."""
        requests: list[tuple[str, list[Any]]] = [
            ("eth_call", [{"to": to, "data": hex_data(signature, *args)}, "latest"])
            for to, signature, args, _ in calls
        ]
        return [decode(entry[3], raw) for entry, raw in zip(calls, self.batch(requests), strict=True)]

    def block(self, tag: str = "latest") -> dict[str, Any]:
        """The block's header and transaction hashes."""
        block: dict[str, Any] = self.request("eth_getBlockByNumber", tag, False)
        return block


def types_of(signature: str) -> list[str]:
    """The argument types of ``name(type,type)``, tuples kept whole."""
    inner = signature[signature.index("(") + 1 : signature.rindex(")")]
    types, depth, current = [], 0, ""
    for letter in inner:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(current)
            current = ""
        else:
            current += letter
    return [*types, current] if current else types


def call_data(signature: str, *args: Any) -> bytes:
    """Selector and arguments."""
    return keccak(text=signature)[:4] + abi_encode(types_of(signature), args)


def hex_data(signature: str, *args: Any) -> str:
    """`call_data` as 0x text."""
    return "0x" + call_data(signature, *args).hex()


def decode(returns: str, raw: str) -> Any:
    """One value for one type, a tuple for several; addresses checksummed."""
    types = types_of(f"({returns})")
    values = abi_decode(types, bytes.fromhex(raw.removeprefix("0x")))
    fixed = tuple(
        to_checksum_address(value) if kind == "address" else value
        for kind, value in zip(types, values, strict=True)
    )
    return fixed[0] if len(fixed) == 1 else fixed
