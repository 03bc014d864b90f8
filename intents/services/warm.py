"""What a worker does before its first task, so that no person waits for it."""

import structlog
from django.db import DatabaseError

from intents.chains import accounts, registry
from intents.chains.client import client
from intents.engine.world import load_world
from intents.errors import WaymeetError

log = structlog.get_logger(__name__)


def warm_up() -> None:
    """Connect to every chain, parse the world, derive the signers; whatever is away is left for later."""
    try:
        load_world()
        for role in accounts.VARIABLES:
            accounts.address(role)
        chains = list(registry.all_chains())
    except (DatabaseError, WaymeetError) as error:
        log.info("warm.later", error=str(error))
        return
    for chain_id in chains:
        try:
            client(chain_id).head()
        except WaymeetError as error:
            log.info("warm.later", chain=chain_id, error=str(error))
