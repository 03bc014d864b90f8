"""What the follower last saw of each chain's nodes, written down: pages and staff ask no node themselves."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from intents.models import Chain, NodeReport

from .endpoints import NodeHealth
from .manifest import ChainManifest
from .node import AWAY, SILENT, WRONG_CHAIN

# A report that says nothing new is written again only after so long: who reads it knows that somebody looks.
REFRESH_SECONDS = 4.0
# Between two looks farther apart nobody knows whether a node answered.
GAP_SECONDS = 120.0
_TELLS_NOTHING = (AWAY, SILENT, WRONG_CHAIN)


def write(manifest: ChainManifest, health: Sequence[NodeHealth], *, disputed_at: float | None) -> None:
    """Write how the nodes of a chain are now; nothing for a chain that is not connected."""
    now = time.time()
    nodes = [_node(each) for each in health]
    known = NodeReport.objects.filter(pk=manifest.chain_id).first()
    if known is None:
        if Chain.objects.filter(pk=manifest.chain_id).exists():
            NodeReport.objects.create(
                chain_id=manifest.chain_id,
                nodes=nodes,
                quorum=manifest.quorum,
                seen_at=now,
                changed_at=now,
                disputed_at=disputed_at,
                silent_since=now if _are_silent(nodes) else None,
            )
        return
    is_news = _ills(nodes) != _ills(known.nodes) or disputed_at != known.disputed_at
    if not is_news and now - known.seen_at < REFRESH_SECONDS:
        return
    NodeReport.objects.filter(pk=manifest.chain_id).update(
        nodes=nodes,
        quorum=manifest.quorum,
        seen_at=now,
        changed_at=now if _ills(nodes) != _ills(known.nodes) else known.changed_at,
        disputed_at=disputed_at,
        silent_since=_silent_since(known, now) if _are_silent(nodes) else None,
    )


def _silent_since(known: NodeReport, now: float) -> float:
    """What was silent at the last look is silent since then, if that look is not long ago."""
    is_lasting = known.silent_since is not None and now - known.seen_at <= GAP_SECONDS
    return known.silent_since if known.silent_since is not None and is_lasting else now


def _are_silent(nodes: Sequence[dict[str, Any]]) -> bool:
    """Whether none of them tells anything of the chain."""
    return bool(nodes) and all(node["ill"] in _TELLS_NOTHING for node in nodes)


def _node(health: NodeHealth) -> dict[str, Any]:
    # Paths and user names of endpoints may be keys.
    parts = urlsplit(health.url)
    host = parts.hostname or ""
    return {
        "host": f"{host}:{parts.port}" if parts.port else host,
        "ill": health.ill,
        "height": health.height,
    }


def _ills(nodes: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(node["host"], node["ill"]) for node in nodes]
