"""A validator's own reading of a chain: plain JSON-RPC, no part of the engine."""

import http.client
import json
import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 10


class NodeUnavailable(Exception):
    """The node did not answer as a node should; try again later."""

    code = "node_unavailable"
    retry = True


class Node:
    """One endpoint over a kept connection; used by one thread."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        # Path, query and user name may hold a key: logs name the host alone.
        self.place = self._parts.netloc.rpartition("@")[2]
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, *params: Any) -> Any:
        """One result. Raises NodeUnavailable."""
        return self.batch([(method, list(params))])[0]

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Results in order. Raises NodeUnavailable when any is an error."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            answers = {answer["id"]: answer for answer in json.loads(self._post(json.dumps(body)))}
            for number, (method, _) in enumerate(calls):
                if "result" not in answers[number]:
                    raise NodeUnavailable(f"{self.place} {method}: {answers[number].get('error')}")
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            self.close()
            raise NodeUnavailable(f"{self.place}: {error}") from error
        return [answers[number]["result"] for number in range(len(calls))]

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, text: str) -> bytes:
        try:
            return self._exchange(text)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The node closed the kept connection while it was idle.
            self.close()
            return self._exchange(text)

    def _exchange(self, text: str) -> bytes:
        if self._connection is None:
            self._connection = self._open()
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._connection.request("POST", path, text, {"Content-Type": "application/json"})
        return self._connection.getresponse().read()

    def _open(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or "127.0.0.1"
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, self._parts.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, self._parts.port, timeout=TIMEOUT_SECONDS)
