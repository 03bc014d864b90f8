"""The engine on real chains, driven by the test."""

from collections.abc import Iterator
from typing import Any

import pytest

from intents.devnet.network import Network
from intents.engine import world
from tests.engine.driver import Driver


@pytest.fixture
def driver(
    transactional_db: None, registered: Network, validators: object, settings: Any
) -> Iterator[Driver]:
    """Follower running, validators publishing, manifests registered; no worker but the test itself.

    No settlement waits for company: who wants to see that says so.
    """
    settings.SETTLE_TOGETHER_SECONDS = 0
    world.forget()
    running = Driver(registered).start()
    yield running
    if running.is_running:
        running.close()
    world.forget()


@pytest.fixture
def odd_driver(transactional_db: None, registered_odd: Network) -> Iterator[Driver]:
    """The generated network with its follower; nobody validates there, so orders end when they are filled."""
    world.forget()
    running = Driver(registered_odd).start()
    yield running
    running.close()
    world.forget()
