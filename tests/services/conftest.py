"""A registered network whose heads were just seen."""

from collections.abc import Iterator

import pytest

from intents.devnet.network import Network
from intents.engine import world

from .heads import write_heads


@pytest.fixture
def seen(registered: Network) -> Iterator[Network]:
    """The network with its heads and worlds in the database."""
    world.forget()
    write_heads(registered)
    yield registered
    world.forget()


@pytest.fixture
def seen_odd(registered_odd: Network) -> Iterator[Network]:
    """The generated network likewise."""
    world.forget()
    write_heads(registered_odd)
    yield registered_odd
    world.forget()
