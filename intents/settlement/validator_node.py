"""A validator's own reading of a chain: plain JSON-RPC, no part of the engine."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from intents.chains.answers import Session

TIMEOUT_SECONDS: Final = 10


class NodeUnavailable(Exception):
    """The node did not answer as a node should; try again later."""

    code = "node_unavailable"
    retry = True


class Node:
    """One endpoint over a kept connection; used by one thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Path, query and user name may hold a key: logs name the host alone.
        self.place = urlsplit(url).netloc.rpartition("@")[2]
        self._session = Session()

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
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.close()
            # The words of an error of the connection name the whole address.
            said = type(error).__name__ if isinstance(error, OSError) else error
            raise NodeUnavailable(f"{self.place}: {said}") from error
        return [answers[number]["result"] for number in range(len(calls))]

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        self._session.close()

    def _post(self, text: str) -> bytes:
        answer = self._session.post(
            self._url,
            data=text,
            headers={"Content-Type": "application/json"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        return answer.content
