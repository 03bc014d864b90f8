"""How long proofs really took, and what `expires` must leave room for because of it."""

import time
from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet

from intents.chains.manifest import ChainManifest
from intents.lifecycle import StepKind
from intents.models import Step

PROOFS_LEFT: Final = 4
ENOUGH_SAMPLES: Final = 20
LAST_SAMPLES: Final = 200
CACHE_SECONDS: Final = 60.0

_measured: dict[tuple[int, int], tuple[float, list[float]]] = {}


def allowance_seconds(took: Sequence[float], *, finality_seconds: int) -> int:
    """Room between the fill deadline and `expires`: four times the 99th percentile of the proofs measured.

    With fewer than ENOUGH_SAMPLES of them four finalities of the destination stand in for it.
    """
    if len(took) < ENOUGH_SAMPLES:
        return PROOFS_LEFT * finality_seconds
    # The nearest rank: of 20 to 99 the slowest, of 200 the third slowest.
    rank = -(-len(took) * 99 // 100)
    return -int(-PROOFS_LEFT * sorted(took)[rank - 1] // 1)


def proof_allowance(origin: ChainManifest, destination: ChainManifest) -> int:
    """`allowance_seconds` of the last proofs from this destination to this origin; read at most once a minute."""
    took = measured(origin.chain_id, destination.chain_id)
    return allowance_seconds(took, finality_seconds=destination.finality_seconds)


def measured(origin_id: int, destination_id: int) -> list[float]:
    """Seconds from the fill that was seen to the proof that was seen, the last LAST_SAMPLES of this way.

    What an order waited for company in between is left out: it waits only while there is room for that.
    """
    key = (origin_id, destination_id)
    at, took = _measured.get(key, (0.0, []))
    if time.monotonic() - at < CACHE_SECONDS and at:
        return took
    moments = proofs(origin_id, destination_id).values_list("confirmed_at", "order__delivered_at", "details")[
        :LAST_SAMPLES
    ]
    took = [
        max(0.0, (proven - filled).total_seconds() - float(details.get("waited", 0)))
        for proven, filled, details in moments
        if proven and filled
    ]
    _measured[key] = (time.monotonic(), took)
    return took


def proofs(origin_id: int, destination_id: int) -> QuerySet[Step]:
    """The proofs of a way, newest first by their deliveries: an index has those of each way in order."""
    return Step.objects.filter(
        kind=StepKind.PROVE,
        confirmed_at__isnull=False,
        order__origin_id=origin_id,
        order__destination_id=destination_id,
        order__delivered_at__isnull=False,
    ).order_by("-order__delivered_at")


def forget() -> None:
    """Drop what this process remembers."""
    _measured.clear()
