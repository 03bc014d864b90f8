"""Real nodes behind fault proxies."""

from collections.abc import Callable, Iterator

import pytest

from intents.chains.client import ChainClient
from intents.chains.manifest import Endpoint
from intents.devnet.faults.proxy import FaultProxy
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import Node

Proxies = Callable[[int], list[FaultProxy]]


@pytest.fixture
def node() -> Iterator[Node]:
    anvil = Node(CHAIN_ID)
    yield anvil
    anvil.stop()


@pytest.fixture
def proxies(node: Node) -> Iterator[Proxies]:
    """Makes so many proxies, all in front of the one node."""
    made: list[FaultProxy] = []

    def make(count: int) -> list[FaultProxy]:
        fresh = [FaultProxy(node.url, seed=7).start() for _ in range(count)]
        made.extend(fresh)
        return fresh

    yield make
    for proxy in made:
        proxy.stop()


def client_of(*proxies: FaultProxy, quorum: int = 1) -> ChainClient:
    endpoints = tuple(Endpoint(proxy.url) for proxy in proxies)
    return ChainClient(manifest_for("", endpoints=endpoints, quorum=quorum))
