"""Delivered orders whose input may soon go back to its user: what collects it goes before everything else."""

from collections.abc import Iterable, Mapping

from intents.chains import registry
from intents.chains.clock import chain_time
from intents.chains.manifest import ChainManifest
from intents.lifecycle import DELIVERED, OrderState
from intents.models import ChainHead, Order
from intents.settlement.acceptance import PROOF_SECONDS

from .case import Case

PROOFS_LEFT = 2
PAID_BY = frozenset({"dispatch", "process", "finalise"})


def proof_seconds(destination: ChainManifest) -> int:
    """How long a proof takes from the fill's block to the origin, by the manifest."""
    return destination.finality_seconds + PROOF_SECONDS


def is_near(expires: int, *, origin_time: int, destination: ChainManifest) -> bool:
    """Whether two proofs in a row would not be done before `expires`; chain time in seconds."""
    return origin_time + PROOFS_LEFT * proof_seconds(destination) >= expires


def is_expiring(case: Case) -> bool:
    """Whether the order is delivered and its `expires` near."""
    state = case.order.resume_state if case.state is OrderState.NEEDS_ATTENTION else case.state
    if state not in DELIVERED:
        return False
    now = case.clock(case.origin.chain_id)
    return is_near(case.order.expires, origin_time=now, destination=case.destination)


def expiring(order_ids: Iterable[str] | None = None) -> list[str]:
    """Of these orders, or of all that still wait for something, those that are delivered and near `expires`."""
    rows = Order.objects.filter(wake_at__gt=0, delivered_at__isnull=False, ended_at=None)
    if order_ids is not None:
        wanted = list(order_ids)
        if not wanted:
            return []
        rows = rows.filter(order_id__in=wanted)
    found = rows.order_by("expires").values_list("order_id", "expires", "origin_id", "destination_id")
    waiting = list(found)
    if not waiting:
        return []
    heads = ChainHead.objects.values_list("chain_id", "timestamp", "seen_at")
    clocks = {chain_id: chain_time(timestamp, seen_at) for chain_id, timestamp, seen_at in heads}
    manifests = registry.all_chains()
    return [order_id for order_id, *row in waiting if _is_near(*row, clocks=clocks, manifests=manifests)]


def _is_near(
    expires: int,
    origin_id: int,
    destination_id: int,
    *,
    clocks: Mapping[int, int],
    manifests: Mapping[int, ChainManifest],
) -> bool:
    now, destination = clocks.get(origin_id), manifests.get(destination_id)
    return (
        now is not None
        and destination is not None
        and is_near(expires, origin_time=now, destination=destination)
    )
