"""Looks at many chains side by side, of which a slow one keeps nobody waiting."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Turns:
    """At most one look a chain is under way, each in a thread of its own."""

    def __init__(self) -> None:
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def begin(self, chain_id: int, look: Callable[[], None]) -> None:
        """Look, unless the chain's look of before goes on."""
        if chain_id not in self._under_way:
            self._under_way[chain_id] = asyncio.create_task(asyncio.to_thread(look))

    async def rest(self, seconds: float, *, stop: asyncio.Event) -> list[BaseException]:
        """Wait so long, or until `stop`; what went wrong in looks that have ended since."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
        ended = [chain_id for chain_id, turn in self._under_way.items() if turn.done()]
        failures = [self._under_way.pop(chain_id).exception() for chain_id in ended]
        return [failure for failure in failures if failure is not None]

    async def end(self) -> None:
        """Wait for all."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
