"""How many orders were settled together of late, as prices count on it."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.db.models import Count, Max

from intents.lifecycle import AttemptState, StepKind
from intents.models import Attempt
from intents.solver.company import CompanyRules, Shared

# Of older ones a way's price knows nothing: it counts on what is expected of a new one.
LAST_ATTEMPTS: Final = 5_000
CACHE_SECONDS: Final = 30.0
_PURPOSES: Final = {"dispatch": StepKind.PROVE, "finalise": StepKind.FINALISE}

Way = tuple[int, int]


@dataclass(frozen=True)
class Sharing:
    """What was measured: messages by (origin, destination) of their orders, collections by origin."""

    messages: dict[Way, Shared] = field(default_factory=dict)
    finalises: dict[int, Shared] = field(default_factory=dict)

    def messages_from(self, origin_id: int) -> dict[int, Shared]:
        """Of orders that start here, by their destination."""
        return self._by_origin.get(origin_id, {})

    @cached_property
    def _by_origin(self) -> dict[int, dict[int, Shared]]:
        found: dict[int, dict[int, Shared]] = defaultdict(dict)
        for (origin_id, to), shared in self.messages.items():
            found[origin_id][to] = shared
        return dict(found)


_known: list[tuple[float, Sharing]] = []


def sharing() -> Sharing:
    """The newest confirmed messages and collections; read at most every CACHE_SECONDS."""
    if not _known or time.monotonic() - _known[0][0] > CACHE_SECONDS:
        _known[:] = [(time.monotonic(), _measured())]
    return _known[0][1]


def forget() -> None:
    """Drop what this process remembers."""
    _known.clear()


def _measured() -> Sharing:
    newest = Attempt.objects.aggregate(top=Max("pk"))["top"] or 0
    rows = (
        Attempt.objects.filter(
            pk__gt=newest - LAST_ATTEMPTS,
            purpose__in=list(_PURPOSES),
            state=AttemptState.CONFIRMED,
            step__kind__in=list(_PURPOSES.values()),
        )
        .annotate(others=Count("also"))
        .order_by("-pk")
        .values_list("purpose", "step__order__origin_id", "chain_id", "others")
    )
    counted = CompanyRules().counted_orders
    orders: dict[tuple[str, Way], int] = defaultdict(int)
    sent: dict[tuple[str, Way], int] = defaultdict(int)
    for purpose, origin_id, chain_id, others in rows:
        key = (purpose, (origin_id, chain_id))
        if orders[key] < counted:
            orders[key] += 1 + others
            sent[key] += 1
    found = {key: Shared(orders[key], sent[key]) for key in orders}
    return Sharing(
        messages={way: shared for (purpose, way), shared in found.items() if purpose == "dispatch"},
        finalises={way[0]: shared for (purpose, way), shared in found.items() if purpose == "finalise"},
    )
