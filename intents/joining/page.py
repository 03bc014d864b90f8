"""Last: the running system has seen the chain, and knows what it needs for a quote."""

import time
from typing import Final

from intents.chains import registry
from intents.engine.chain_world import is_complete
from intents.models import ChainHead

from . import routes
from .errors import NotFollowed
from .work import Joining, Look

NAME: Final = "page"
PATIENCE_SECONDS: Final = 45.0
PATIENCE_BLOCKS: Final = 6
PAUSE_SECONDS: Final = 0.2


def look(joining: Joining) -> Look:
    """Another chain may have joined meanwhile, when neither knew of the other: they are introduced now."""
    if joining.is_dry:
        return Look(joining.manifest)
    registry.forget()
    joining.peers = registry.all_chains()
    return routes.look(joining)


def finish(joining: Joining) -> None:
    """Wait until the follower wrote a block of the chain with all its pools. Raises NotFollowed."""
    manifest = joining.manifest
    until = time.monotonic() + max(PATIENCE_SECONDS, PATIENCE_BLOCKS * manifest.block_seconds)
    while time.monotonic() < until:
        head = ChainHead.objects.filter(chain_id=manifest.chain_id).first()
        if head is not None and is_complete(manifest, head.world or {}):
            return
        joining.beat()
        time.sleep(PAUSE_SECONDS)
    raise NotFollowed(f"no block of {manifest.slug} was seen", chain=manifest.name)
