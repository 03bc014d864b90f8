"""When a chain takes no new money: too few of its nodes are well, it makes no blocks, a reorg went deeper than any
order waits, or its passport is not good.

The reason is kept with the chain as `code` and its numbers; one that a person wrote is never touched.
Orders that exist wait by themselves: their evidence cannot be read, or is not deep enough yet.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from intents.models import Chain, ChainHead, ChainPassport

from . import node_reports, registry
from .client import client
from .endpoints import NodeHealth, disputed_at
from .manifest import ChainManifest
from .turns import Turns

log = structlog.get_logger(__name__)

NODES_AWAY = "nodes_away"
DEEP_REORG = "deep_reorg"
STALLED = "stalled"
PASSPORT = "passport"
OURS = (NODES_AWAY, DEEP_REORG, STALLED, PASSPORT)
# Not ours. It ends as soon as there is gas again, which makes no chain calm.
GAS_LOW = "gas_low"
# These keep new transfers away and stop none that is open.
NEW_ONLY = (STALLED, PASSPORT)
# Findings of a full probe that are the light look's affair: it pauses sooner, and lets go sooner.
OF_NODES = {"too_few_endpoints", "probe_broken_off"}

WATCH_SECONDS = 2.0
# One bad look may be a hiccup.
LOOKS_BEFORE_PAUSE = 2
# A chain that went back further than it should is trusted again after so many final depths without another.
CALM_DEPTHS = 4
# No new block for so long, and for so many blocks' time, is no slow block any more.
STALLED_SECONDS = 20.0
STALLED_BLOCKS = 15


def stops_deliveries(reason: str) -> bool:
    """Whether a chain paused for this reason also delivers nothing for open orders."""
    return bool(reason) and reason.partition(" ")[0] not in NEW_ONLY


def deepest_tier(manifest: ChainManifest) -> int:
    """The most blocks any order of this origin waits for before it is filled."""
    return max([manifest.depth, *(tier.depth for tier in manifest.value_tiers)])


def note_reorg(manifest: ChainManifest, *, ancestor: int, depth: int) -> None:
    """`depth` blocks after `ancestor` were taken back: deeper than any order waits, the chain is paused.

    Its passport keeps the deepest there was, and when one last was too deep.
    """
    passport, _ = ChainPassport.objects.get_or_create(chain_id=manifest.chain_id)
    ChainPassport.objects.filter(pk=passport.pk, deepest_reorg__lt=depth).update(deepest_reorg=depth)
    if depth <= deepest_tier(manifest):
        return
    ChainPassport.objects.filter(pk=passport.pk).update(broke_at=timezone.now())
    until = ancestor + depth + CALM_DEPTHS * manifest.depth
    log.warning("chain.deep_reorg", chain=manifest.slug, depth=depth, paused_until_block=until)
    _replace(manifest.chain_id, f"{DEEP_REORG} {depth} {until}", over=GAS_LOW)


def note_nodes(manifest: ChainManifest, health: Sequence[NodeHealth]) -> bool:
    """Pause the chain when fewer nodes are well than its quorum, else resume it; whether enough are well."""
    well = sum(not node.ill for node in health)
    is_enough = well >= manifest.quorum
    row = (
        Chain.objects.filter(chain_id=manifest.chain_id).values_list("paused_reason", flat=True).first() or ""
    )
    code = row.partition(" ")[0]
    if not is_enough and code in ("", NODES_AWAY, *NEW_ONLY):
        ills = Counter(node.ill for node in health if node.ill)
        said = ",".join(f"{ill}:{count}" for ill, count in sorted(ills.items()))
        _replace(manifest.chain_id, f"{NODES_AWAY} {well} {manifest.quorum} {said}")
    if is_enough and (code == NODES_AWAY or (code == DEEP_REORG and _is_calm(manifest.chain_id, row))):
        _replace(manifest.chain_id, _held_by_passport(manifest.chain_id))
    return is_enough


def note_standing(manifest: ChainManifest, *, height: int, seconds: float) -> None:
    """The chain's newest block was `height` for `seconds` of wall time: too long, and it is paused until the next."""
    most = max(STALLED_SECONDS, STALLED_BLOCKS * manifest.block_seconds)
    code = _code(manifest.chain_id)
    if seconds > most and code in ("", STALLED):
        _replace(manifest.chain_id, f"{STALLED} {height}")
    elif seconds <= most and code == STALLED:
        _replace(manifest.chain_id, _held_by_passport(manifest.chain_id))


def note_passport(chain_id: int) -> None:
    """What the full probe found wrong keeps the chain from new transfers until a probe finds nothing."""
    if _code(chain_id) in ("", PASSPORT):
        _replace(chain_id, _held_by_passport(chain_id))


@dataclass(slots=True)
class _Looks:
    """What earlier looks saw, by chain: bad ones in a row, and the highest block with the moment it was new."""

    bad: Counter[int] = field(default_factory=Counter)
    highest: dict[int, tuple[int, float]] = field(default_factory=dict)

    def standing(self, chain_id: int, height: int) -> float:
        """Seconds since the chain's newest block was another one; a chain that went back moves, too."""
        now = time.monotonic()
        known, since = self.highest.get(chain_id, (-1, now))
        if height != known:
            known, since = height, now
        self.highest[chain_id] = (known, since)
        return now - since


async def watch(*, stop: asyncio.Event) -> None:
    """Look at every endpoint of every connected chain until `stop`."""
    looks_so_far, turns = _Looks(), Turns()
    while not stop.is_set():
        try:
            manifests = await asyncio.to_thread(lambda: dict(registry.all_chains()))
            for chain_id, manifest in manifests.items():
                turns.begin(chain_id, partial(_try, manifest, looks_so_far))
        except DatabaseError as error:
            await _database_away(error)
        for failure in await turns.rest(WATCH_SECONDS, stop=stop):
            await _database_away(failure)
    await turns.end()


async def _database_away(error: BaseException) -> None:
    log.warning("pauses.database_away", error=str(error))
    await asyncio.to_thread(close_old_connections)


def _try(manifest: ChainManifest, looks: _Looks) -> None:
    """One look; what goes wrong with one chain, be it that it just left, ends no look at the others."""
    try:
        _look(manifest, looks)
    except DatabaseError:
        raise
    except Exception:
        log.exception("pauses.look_failed", chain=manifest.slug)


def _look(manifest: ChainManifest, looks: _Looks) -> None:
    bad = looks.bad
    health = client(manifest.chain_id).probe()
    node_reports.write(manifest, health, disputed_at=disputed_at(manifest.chain_id))
    well = sum(not node.ill for node in health)
    bad[manifest.chain_id] = 0 if well >= manifest.quorum else bad[manifest.chain_id] + 1
    if bad[manifest.chain_id] == 0 or bad[manifest.chain_id] >= LOOKS_BEFORE_PAUSE:
        note_nodes(manifest, health)
    heights = [node.height for node in health if node.height is not None and not node.ill]
    if heights:
        seconds = looks.standing(manifest.chain_id, max(heights))
        note_standing(manifest, height=max(heights), seconds=seconds)


def _code(chain_id: int) -> str:
    row = Chain.objects.filter(chain_id=chain_id).values_list("paused_reason", flat=True).first() or ""
    return row.partition(" ")[0]


def _held_by_passport(chain_id: int) -> str:
    """The reason by which the last full probe holds the chain, "" when it found nothing wrong."""
    findings = ChainPassport.objects.filter(chain_id=chain_id).values_list("findings", flat=True).first()
    codes = sorted({str(each["code"]) for each in findings or () if each["is_bad"]} - OF_NODES)
    return f"{PASSPORT} {','.join(codes)}" if codes else ""


def _is_calm(chain_id: int, reason: str) -> bool:
    until = reason.split(" ")[2:3]
    head = ChainHead.objects.filter(chain_id=chain_id).values_list("number", flat=True).first()
    return not until or not until[0].isdigit() or (head is not None and head >= int(until[0]))


def _replace(chain_id: int, reason: str, *, over: str = "") -> None:
    ours = Chain.objects.filter(chain_id=chain_id)
    current = ours.values_list("paused_reason", flat=True).first()
    if current is None or current == reason:
        return
    if current and current.partition(" ")[0] not in (*OURS, over):
        return
    if ours.filter(paused_reason=current).update(paused_reason=reason[:200]):
        log.warning("chain.paused" if reason else "chain.resumed", chain=chain_id, reason=reason or current)
