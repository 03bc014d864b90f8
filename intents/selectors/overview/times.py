"""How long deliveries took against what their offers promised: the last ones, counted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from intents.models import Order
from intents.selectors.network import chain_name

from .activity import WINDOW_DAYS
from .kept import kept

KEPT_SECONDS: Final = 10.0
MOST_ROWS: Final = 5000
# Of fewer, one in twenty says nothing.
ENOUGH_FOR_P95: Final = 100
# Confirmed by a signature: with the others the clock also measures the person.
SIGNED_WAYS: Final = ("eip3009", "permit2", "permit")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one way; `p95` is None below ENOUGH_FOR_P95 deliveries. An empty `origin` is the whole network."""

    origin: str
    destination: str
    count: int
    promised: float
    median: float
    p95: float | None
    kept_percent: int


@kept(KEPT_SECONDS)
def delivered_times() -> tuple[Times, ...]:
    """The whole network first, then each way, the most used first."""
    rows = (
        Order.objects.filter(
            created_at__gte=timezone.now() - timedelta(days=WINDOW_DAYS),
            delivered_at__isnull=False,
            received_at__gt=0,
            confirm_way__in=SIGNED_WAYS,
            quote__eta_seconds__gt=0,
        )
        .order_by("-created_at")
        .values_list("origin_id", "destination_id", "quote__eta_seconds", "received_at", "delivered_at")[
            :MOST_ROWS
        ]
    )
    ways: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for origin_id, destination_id, promised, received_at, delivered_at in rows:
        if promised is None or delivered_at is None:
            continue
        ways[origin_id, destination_id].append((promised, max(0.0, delivered_at.timestamp() - received_at)))
    if not ways:
        return ()
    all_of_them = _times("", "", [each for took in ways.values() for each in took])
    by_way = [
        _times(chain_name(origin_id), chain_name(destination_id), took)
        for (origin_id, destination_id), took in ways.items()
    ]
    return (all_of_them, *sorted(by_way, key=lambda way: (-way.count, way.origin, way.destination)))


def _times(origin: str, destination: str, took: Sequence[tuple[float, float]]) -> Times:
    real = sorted(seconds for _promised, seconds in took)
    promised = sorted(each for each, _seconds in took)
    # In whole seconds, as both are shown.
    in_time = sum(round(seconds) <= each for each, seconds in took)
    return Times(
        origin=origin,
        destination=destination,
        count=len(took),
        promised=_rank(promised, 50),
        median=_rank(real, 50),
        p95=_rank(real, 95) if len(real) >= ENOUGH_FOR_P95 else None,
        kept_percent=in_time * 100 // len(took),
    )


def _rank(ordered: Sequence[float], percent: int) -> float:
    """The nearest rank: a value that was measured."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
