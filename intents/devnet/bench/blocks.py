"""Notes when each block arrives, by a listener of its own, so that our detection delay is in our figures."""

import json
import threading
import time
from collections.abc import Mapping

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


class BlockListener:
    """Wall time at which each block of some chains was announced, by chain id and number."""

    def __init__(self, ws_urls: Mapping[int, str]) -> None:
        self._seen: dict[tuple[int, int], float] = {}
        self._is_stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, args=item, daemon=True) for item in ws_urls.items()
        ]

    def __enter__(self) -> "BlockListener":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def arrival(self, chain_id: int, number: int) -> float | None:
        """Seconds of wall time, or None for a block that was not announced to us."""
        return self._seen.get((chain_id, number))

    def _listen(self, chain_id: int, url: str) -> None:
        while not self._is_stopping.is_set():
            try:
                self._read(chain_id, url)
            except (OSError, WebSocketException):
                time.sleep(0.2)

    def _read(self, chain_id: int, url: str) -> None:
        with connect(url, open_timeout=5, proxy=None) as socket:
            socket.send(
                json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
            )
            while not self._is_stopping.is_set():
                try:
                    text = socket.recv(timeout=0.5)
                except TimeoutError:
                    continue
                now = time.time()
                message = json.loads(text)
                if message.get("method") == "eth_subscription":
                    number = int(message["params"]["result"]["number"], 16)
                    self._seen.setdefault((chain_id, number), now)
