"""Two chains for the whole session; every test starts from the same block of both."""

from collections.abc import Iterator

import pytest

from .chain import Chain
from .world import World, deploy_world


@pytest.fixture(scope="session")
def worlds() -> Iterator[tuple[World, World]]:
    chains = [Chain(901), Chain(902)]
    try:
        origin, destination = (deploy_world(chain) for chain in chains)
        yield origin, destination
    finally:
        for chain in chains:
            chain.close()


@pytest.fixture
def world(worlds: tuple[World, World]) -> Iterator[World]:
    """Chain 901."""
    snapshot = worlds[0].chain.snapshot()
    yield worlds[0]
    worlds[0].chain.revert(snapshot)


@pytest.fixture
def other_world(worlds: tuple[World, World]) -> Iterator[World]:
    """Chain 902."""
    snapshot = worlds[1].chain.snapshot()
    yield worlds[1]
    worlds[1].chain.revert(snapshot)
