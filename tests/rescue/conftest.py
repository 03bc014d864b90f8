"""Real chains on which nobody works; the follower runs only until an order is quoted."""

from collections.abc import Iterator

import pytest

from intents.devnet.network import Network
from intents.engine import world
from tests.engine.driver import Driver


@pytest.fixture
def driver(transactional_db: None, registered: Network, validators: object) -> Iterator[Driver]:
    """Quotes can be had and validators publish; a test may close it early."""
    world.forget()
    running = Driver(registered).start()
    yield running
    if running.is_running:
        running.close()
    world.forget()
