"""What opens and fills used of late, by the token they moved, as prices count on it."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.db.models import Max

from intents.amounts import divide_up
from intents.lifecycle import AttemptState
from intents.models import Attempt
from intents.solver.company import CompanyRules
from intents.solver.gas import OPEN_GAS, GasRules, open_kind

# Of older ones a price knows nothing: it counts on what is used in general.
LAST_ATTEMPTS: Final = 5_000
CACHE_SECONDS: Final = 30.0
# A balance or an hour's count that begins: what is more is of another kind, and no average of these.
MOST_ABOVE: Final = 17_100
IN_STOCK: Final = "in_stock"

Kind = tuple[int, str]


@dataclass(frozen=True)
class Spending:
    """Units of gas: of our opens by (chain, way to confirm and token), of fills out of stock by (chain, token)."""

    opens: Mapping[Kind, int] = field(default_factory=dict)
    fills: Mapping[Kind, int] = field(default_factory=dict)

    def opens_on(self, chain_id: int) -> dict[str, int]:
        """Of one chain, by `solver.gas.open_kind`."""
        return self._opens.get(chain_id, {})

    def fills_on(self, chain_id: int) -> dict[str, int]:
        """Of one chain, by token."""
        return self._fills.get(chain_id, {})

    @cached_property
    def _opens(self) -> dict[int, dict[str, int]]:
        return _by_chain(self.opens)

    @cached_property
    def _fills(self) -> dict[int, dict[str, int]]:
        return _by_chain(self.fills)


_known: list[tuple[float, Spending]] = []


def spending() -> Spending:
    """What the newest confirmed ones used; read at most every CACHE_SECONDS."""
    if not _known or time.monotonic() - _known[0][0] > CACHE_SECONDS:
        _known[:] = [(time.monotonic(), _measured())]
    return _known[0][1]


def forget() -> None:
    """Drop what this process remembers."""
    _known.clear()


def _measured() -> Spending:
    newest = Attempt.objects.aggregate(top=Max("pk"))["top"] or 0
    rows = (
        Attempt.objects.filter(
            pk__gt=newest - LAST_ATTEMPTS,
            purpose__in=("open", "fill"),
            state=AttemptState.CONFIRMED,
            gas_used__gt=0,
        )
        .order_by("-pk")
        .values_list(
            "purpose", "chain_id", "gas_used", "step__order__confirm_way", "step__order__route_kind",
            "step__order__input_token", "step__order__output_token",
        )
    )  # fmt: skip
    opens: dict[Kind, list[int]] = defaultdict(list)
    fills: dict[Kind, list[int]] = defaultdict(list)
    for purpose, chain_id, gas_used, way, route_kind, given, asked in rows:
        if purpose == "open":
            opens[chain_id, open_kind(way, given)].append(gas_used or 0)
        elif route_kind == IN_STOCK:
            fills[chain_id, asked].append(gas_used or 0)
    gas = GasRules()
    return Spending(
        opens={
            kind: _average(used, OPEN_GAS.get(kind[1].partition(":")[0], gas.open))
            for kind, used in opens.items()
        },
        # A fill is never charged more than in general: only what it is used to be less.
        fills={kind: min(_average(used, gas.fill), gas.fill) for kind, used in fills.items()},
    )


def _by_chain(gas: Mapping[Kind, int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for (chain_id, kind), units in gas.items():
        found[chain_id][kind] = units
    return dict(found)


def _average(used: Sequence[int], usual: int) -> int:
    """Of the newest, in order; what there is too few of counts as usual, what is far above as little above."""
    counted = CompanyRules().counted_orders
    newest = [min(each, usual + MOST_ABOVE) for each in used[:counted]]
    return divide_up(sum(newest) + (counted - len(newest)) * usual, counted)
