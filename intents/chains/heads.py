"""Newest block headers of one chain, pushed over a WebSocket where there is one."""

import asyncio
import json

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from .client import Head, parse_head
from .manifest import ChainManifest

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
OPEN_TIMEOUT_SECONDS = 5.0


class PushedHeads:
    """Keeps the newest header of `eth_subscribe newHeads`; older ones that nobody took are dropped.

    Reconnects for ever. `is_live` is False while there is no subscription: then look by yourself.
    """

    def __init__(self, manifest: ChainManifest) -> None:
        self._urls = [endpoint.ws_url for endpoint in manifest.endpoints if endpoint.ws_url]
        self._chain_id = manifest.chain_id
        self._newest: Head | None = None
        self._arrived = asyncio.Event()
        self.is_live = False

    async def run(self) -> None:
        """Subscribe until cancelled."""
        if not self._urls:
            return
        pause = FIRST_PAUSE_SECONDS
        turn = 0
        while True:
            try:
                await self._listen(self._urls[turn % len(self._urls)])
                pause = FIRST_PAUSE_SECONDS
            except (OSError, WebSocketException, ValueError, KeyError, TimeoutError) as error:
                log.info("heads.lost", chain=self._chain_id, error=str(error), retry_in_seconds=pause)
            finally:
                was_live, self.is_live = self.is_live, False
                self._arrived.set()
            pause = FIRST_PAUSE_SECONDS if was_live else min(pause * 2, LONGEST_PAUSE_SECONDS)
            turn += 1
            await asyncio.sleep(pause)

    async def next(self, timeout_seconds: float) -> Head | None:
        """The newest header that was not taken yet, None after the timeout or a lost connection."""
        if self._newest is None:
            try:
                # Not wait_for: until Python 3.12 it may swallow a cancellation.
                async with asyncio.timeout(timeout_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        self._arrived.clear()
        head, self._newest = self._newest, None
        return head

    async def _listen(self, url: str) -> None:
        async with connect(
            url, open_timeout=OPEN_TIMEOUT_SECONDS, max_size=2**22, compression=None
        ) as socket:
            request = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
            await socket.send(json.dumps(request))
            async for message in socket:
                self._take(json.loads(message))

    def _take(self, message: dict[str, object]) -> None:
        if message.get("id") == 1:
            if "error" in message:
                raise ValueError(f"no subscription: {message['error']}")
            self.is_live = True
            return
        parameters = message.get("params")
        if not isinstance(parameters, dict):
            return
        self._newest = parse_head(parameters["result"])
        self._arrived.set()
