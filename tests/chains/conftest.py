import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from intents.chains import registry
from intents.chains.manifest import ChainManifest, Endpoint, NativeCoin, ValueTier

from .node import LossyProxy, Node

CHAIN_ID = 990_901


def manifest_for(url: str, ws_url: str = "", **changes: Any) -> ChainManifest:
    manifest = ChainManifest(
        chain_id=CHAIN_ID,
        domain=CHAIN_ID,
        slug="testing",
        name="Testing",
        label="Local test chain",
        stack="anvil",
        parent_id=None,
        is_local=True,
        is_testnet=True,
        native=NativeCoin("ETH", "Ether", 18, "eth"),
        endpoints=(Endpoint(url, ws_url),),
        quorum=1,
        block_seconds=1.0,
        depth=3,
        value_tiers=(ValueTier(max_usd_e8=10**10, depth=1),),
        max_fee_wei=10**12,
        priority_fee_wei=10**6,
        contracts={},
        tokens=(),
        venues=(),
        feeds={},
    )
    return replace(manifest, **changes)


@pytest.fixture
def node() -> Iterator[Node]:
    anvil = Node(CHAIN_ID)
    yield anvil
    anvil.stop()


@pytest.fixture
def proxy(node: Node) -> Iterator[LossyProxy]:
    lossy = LossyProxy(node.url)
    yield lossy
    lossy.stop()


@pytest.fixture
def connect(db: None) -> Iterator[Callable[..., ChainManifest]]:
    """Connects the chain at a URL as the only one."""

    def make(url: str, **changes: Any) -> ChainManifest:
        manifest = manifest_for(url, **changes)
        registry.load([manifest])
        return manifest

    registry.forget()
    yield make
    registry.forget()


@pytest.fixture
def multicall3(node: Node) -> str:
    artifact = settings.CACHE_DIR / "artifacts" / "Multicall3.json"
    return node.deploy(json.loads(artifact.read_text())["bytecode"])
