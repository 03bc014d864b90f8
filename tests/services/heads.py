"""Writes what the follower would have written, for tests that run without one."""

import time
from typing import Any, Final

from intents.chains.client import ChainClient, client
from intents.chains.manifest import ChainManifest
from intents.devnet.network import Network
from intents.engine.chain_world import chain_world_calls, chain_world_json, is_complete
from intents.models import ChainHead

MOST_ROUNDS: Final = 4


def write_heads(network: Network) -> None:
    """Read every chain's head and world now."""
    for manifest in network.manifests.values():
        write_head(manifest)


def write_head(manifest: ChainManifest) -> None:
    """Read one chain's head and world now, starting from the world before as the follower does."""
    reader = client(manifest.chain_id)
    head = reader.head()
    known = ChainHead.objects.filter(chain_id=manifest.chain_id).values_list("world", flat=True).first()
    ChainHead.objects.update_or_create(
        chain_id=manifest.chain_id,
        defaults={
            "number": head.number,
            "block_hash": head.hash,
            "timestamp": head.timestamp,
            "seen_at": time.time(),
            "base_fee_wei": head.base_fee_wei,
            "world": read_chain_world(reader, known, block=head.number),
        },
    )


def read_chain_world(
    reader: ChainClient, known: dict[str, Any] | None = None, *, block: int | str = "latest"
) -> dict[str, Any]:
    """A chain's world at one block, in as many rounds as its pools need."""
    manifest, world = reader.manifest, known or {}
    for _ in range(MOST_ROUNDS):
        asked = chain_world_calls(manifest, world)
        answers = reader.multicall(asked, block)
        results = [answer.data if answer.is_success else None for answer in answers]
        world = chain_world_json(manifest, results, world, asked=asked)
        if is_complete(manifest, world):
            break
    return world
