"""Pushed heads are a convenience: whatever a node pushes, listening goes on, and nobody is asked without end."""

import asyncio

import pytest

from intents.chains import heads
from intents.chains.heads import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, PushedHeads

from .conftest import manifest_for


class Over(Exception):
    """The test has seen enough."""


@pytest.mark.parametrize("error", [None, TypeError("no number"), AttributeError("no hash")])
def test_a_node_that_drops_its_listeners_at_once_is_asked_less_and_less(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    pauses: list[float] = []

    async def listen(self: PushedHeads, url: str) -> None:
        self.is_live = True
        if error:
            raise error

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            raise Over

    monkeypatch.setattr(PushedHeads, "_listen", listen)
    monkeypatch.setattr(heads.asyncio, "sleep", sleep)
    listening = PushedHeads(manifest_for("http://127.0.0.1:1", ws_url="ws://127.0.0.1:1"))
    with pytest.raises(Over):
        asyncio.run(listening.run())
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2 * FIRST_PAUSE_SECONDS
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    assert not listening.is_live
