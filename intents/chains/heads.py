"""Newest block headers of one chain, pushed over a WebSocket where there is one."""

import asyncio
import time

import structlog
from web3 import AsyncWeb3, WebSocketProvider
from web3.exceptions import Web3Exception
from web3.types import BlockData
from websockets.exceptions import WebSocketException

from .client import Head
from .manifest import ChainManifest
from .node import without_secrets

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
OPEN_TIMEOUT_SECONDS = 5.0
# The last ones are what comes of a header that is none.
_LOST = (
    OSError,
    WebSocketException,
    Web3Exception,
    ValueError,
    TimeoutError,
    KeyError,
    TypeError,
    AttributeError,
)


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
            url = self._urls[turn % len(self._urls)]
            began = time.monotonic()
            try:
                await self._listen(url)
            except _LOST as error:
                said = without_secrets(str(error), url)
                log.info("heads.lost", chain=self._chain_id, error=said, retry_in_seconds=pause)
            finally:
                self.is_live = False
                self._arrived.set()
            # A node that takes every listener and drops it at once is not asked ten times a second.
            has_lasted = time.monotonic() - began > LONGEST_PAUSE_SECONDS
            pause = FIRST_PAUSE_SECONDS if has_lasted else min(pause * 2, LONGEST_PAUSE_SECONDS)
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
        provider = WebSocketProvider(
            url,
            websocket_kwargs={"open_timeout": OPEN_TIMEOUT_SECONDS, "compression": None},
            max_connection_retries=1,
        )
        async with AsyncWeb3(provider) as web3:
            actual = await web3.eth.chain_id
            if actual != self._chain_id:
                raise ValueError(f"{url} serves chain {actual}, not {self._chain_id}")
            await web3.eth.subscribe("newHeads")
            self.is_live = True
            async for message in web3.socket.process_subscriptions():
                self._newest = _head(message["result"])
                self._arrived.set()


def _head(block: BlockData) -> Head:
    return Head(
        number=block["number"],
        hash=block["hash"].to_0x_hex(),
        parent_hash=block["parentHash"].to_0x_hex(),
        timestamp=block["timestamp"],
        base_fee_wei=block.get("baseFeePerGas", 0),
    )
