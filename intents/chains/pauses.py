"""When a chain takes no new money: too few of its nodes are well, or a reorg went deeper than any order waits.

The reason is kept with the chain as `code` and its numbers; one that a person wrote is never touched.
Orders that exist wait by themselves: their evidence cannot be read, or is not deep enough yet.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog
from django.db import DatabaseError, close_old_connections

from intents.models import Chain, ChainHead

from . import node_reports, registry
from .client import client
from .endpoints import NodeHealth, disputed_at
from .manifest import ChainManifest

log = structlog.get_logger(__name__)

NODES_AWAY = "nodes_away"
DEEP_REORG = "deep_reorg"
OURS = (NODES_AWAY, DEEP_REORG)

WATCH_SECONDS = 2.0
# One bad look may be a hiccup.
LOOKS_BEFORE_PAUSE = 2
# A chain that went back further than it should is trusted again after so many final depths without another.
CALM_DEPTHS = 4


def deepest_tier(manifest: ChainManifest) -> int:
    """The most blocks any order of this origin waits for before it is filled."""
    return max([manifest.depth, *(tier.depth for tier in manifest.value_tiers)])


def note_reorg(manifest: ChainManifest, *, ancestor: int, depth: int) -> None:
    """`depth` blocks after `ancestor` were taken back: deeper than any order waits, the chain is paused."""
    if depth <= deepest_tier(manifest):
        return
    until = ancestor + depth + CALM_DEPTHS * manifest.depth
    log.warning("chain.deep_reorg", chain=manifest.slug, depth=depth, paused_until_block=until)
    _replace(manifest.chain_id, f"{DEEP_REORG} {depth} {until}")


def note_nodes(manifest: ChainManifest, health: Sequence[NodeHealth]) -> bool:
    """Pause the chain when fewer nodes are well than its quorum, else resume it; whether enough are well."""
    well = sum(not node.ill for node in health)
    is_enough = well >= manifest.quorum
    row = (
        Chain.objects.filter(chain_id=manifest.chain_id).values_list("paused_reason", flat=True).first() or ""
    )
    code = row.partition(" ")[0]
    if not is_enough and code in ("", NODES_AWAY):
        ills = Counter(node.ill for node in health if node.ill)
        said = ",".join(f"{ill}:{count}" for ill, count in sorted(ills.items()))
        _replace(manifest.chain_id, f"{NODES_AWAY} {well} {manifest.quorum} {said}")
    if is_enough and (code == NODES_AWAY or (code == DEEP_REORG and _is_calm(manifest.chain_id, row))):
        _replace(manifest.chain_id, "")
    return is_enough


async def watch(*, stop: asyncio.Event) -> None:
    """Look at every endpoint of every connected chain until `stop`."""
    bad: Counter[int] = Counter()
    while not stop.is_set():
        try:
            manifests = await asyncio.to_thread(lambda: dict(registry.all_chains()))
            looks = (asyncio.to_thread(_look, manifest, bad) for manifest in manifests.values())
            await asyncio.gather(*looks)
        except DatabaseError as error:
            log.warning("pauses.database_away", error=str(error))
            await asyncio.to_thread(close_old_connections)
        try:
            async with asyncio.timeout(WATCH_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


def _look(manifest: ChainManifest, bad: Counter[int]) -> None:
    health = client(manifest.chain_id).probe()
    node_reports.write(manifest, health, disputed_at=disputed_at(manifest.chain_id))
    well = sum(not node.ill for node in health)
    bad[manifest.chain_id] = 0 if well >= manifest.quorum else bad[manifest.chain_id] + 1
    if bad[manifest.chain_id] == 0 or bad[manifest.chain_id] >= LOOKS_BEFORE_PAUSE:
        note_nodes(manifest, health)


def _is_calm(chain_id: int, reason: str) -> bool:
    until = reason.split(" ")[2:3]
    head = ChainHead.objects.filter(chain_id=chain_id).values_list("number", flat=True).first()
    return not until or not until[0].isdigit() or (head is not None and head >= int(until[0]))


def _replace(chain_id: int, reason: str) -> None:
    ours = Chain.objects.filter(chain_id=chain_id)
    current = ours.values_list("paused_reason", flat=True).first()
    if current is None or current == reason or (current and current.partition(" ")[0] not in OURS):
        return
    if ours.filter(paused_reason=current).update(paused_reason=reason[:200]):
        log.warning("chain.paused" if reason else "chain.resumed", chain=chain_id, reason=reason or current)
