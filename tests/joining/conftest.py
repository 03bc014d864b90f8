"""A chain with nothing of ours, beside the running test network; what joining does to both is put back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.devnet.joiners.own import asking_manifest, deploy_own
from intents.devnet.network import Network
from intents.devnet.nodes import Node, free_ports, node_command
from intents.devnet.profiles import DOGWOOD, PRICES_E8, ChainProfile
from intents.devnet.rpc import Rpc
from intents.engine import world
from tests.engine.driver import Driver

# Dogwood's blocks take two seconds; nobody here waits for that.
QUICK: ChainProfile = replace(DOGWOOD, block_seconds=0.25)


@dataclass(slots=True)
class Newcomer:
    """A running chain that has not joined, and the manifest with which it asks to."""

    node: Node
    asked: ChainManifest
    network_dir: Path

    @property
    def rpc(self) -> Rpc:
        return self.node.rpc


@pytest.fixture(scope="package")
def newcomer_node() -> Iterator[tuple[Node, ChainManifest]]:
    (port,) = free_ports(1)
    node = Node(QUICK, node_command(QUICK, port=port), port)
    try:
        node.wait()
        deployed = deploy_own(node.rpc, QUICK, PRICES_E8)
        yield node, asking_manifest(QUICK, deployed, url=node.url)
    finally:
        node.stop()


@pytest.fixture
def newcomer(
    newcomer_node: tuple[Node, ChainManifest], tmp_path: Path, settings: LazySettings
) -> Iterator[Newcomer]:
    """The chain as it was before anybody joined it; manifests of chains that join are written to a folder."""
    node, asked = newcomer_node
    settings.NETWORK_DIR = tmp_path / "network"
    mark = node.rpc.request("evm_snapshot")
    yield Newcomer(node, asked, tmp_path / "network")
    node.rpc.request("evm_revert", mark)
    node.rpc.request("anvil_dropAllTransactions")
    registry.forget()


@pytest.fixture
def joined_by(newcomer: Newcomer, transactional_db: None, fresh_network: Network) -> Iterator[Network]:
    """The four chains, connected, with nobody new among them yet."""
    registry.load(list(fresh_network.manifests.values()))
    yield fresh_network
    registry.forget()


@pytest.fixture
def driver(joined_by: Network) -> Iterator[Driver]:
    """The follower of the connected chains, and the workers' part when the test does it."""
    world.forget()
    started = Driver(joined_by).start()
    yield started
    started.close()
    world.forget()
