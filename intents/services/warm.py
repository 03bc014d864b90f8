"""What a worker does before its first task and beside the others, so that no person waits for it."""

import threading
import time
from typing import Final

import structlog
from django.db import Error as DatabaseAway
from django.db import close_old_connections

from intents.chains import accounts, registry
from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.engine.world import load_world
from intents.errors import WaymeetError

LOOK_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


def warm_up() -> None:
    """Connect to every chain, parse the world, derive the signers; whatever is away is left for later."""
    try:
        load_world()
        for role in accounts.VARIABLES:
            accounts.address(role)
        greet(registry.all_chains())
    except (DatabaseAway, WaymeetError) as error:
        log.info("warm.later", error=str(error))


def keep_warm() -> None:
    """Have a thread of this process connect to chains that join later: else their first user waits for that."""
    threading.Thread(target=_keep_warm, daemon=True, name="warm").start()


def greet(chains: dict[int, ChainManifest]) -> None:
    """Ask each chain for its head: a connection is made, and its node says that it serves this chain."""
    for chain_id in chains:
        try:
            client(chain_id).head()
        except WaymeetError as error:
            log.info("warm.later", chain=chain_id, error=str(error))


def newcomers(known: dict[int, ChainManifest]) -> dict[int, ChainManifest]:
    """The connected chains that are not among the known ones, or not by this manifest."""
    return {
        chain_id: manifest
        for chain_id, manifest in registry.all_chains().items()
        if known.get(chain_id) is not manifest
    }


def _keep_warm() -> None:
    known = dict(registry.all_chains())
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            close_old_connections()
            fresh = newcomers(known)
            greet(fresh)
            known |= fresh
        except (DatabaseAway, WaymeetError) as error:
            log.info("warm.later", error=str(error))
