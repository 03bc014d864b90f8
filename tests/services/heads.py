"""Writes what the follower would have written, for tests that run without one."""

import time

from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.devnet.network import Network
from intents.engine.chain_world import read_chain_world
from intents.models import ChainHead


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
