"""The network's connectivity as pages, API and bench show it: a share, and the reasons for the rest."""

import time
from dataclasses import dataclass
from typing import Any, Final

from intents.engine.world import load_world
from intents.services.words import text as error_words
from intents.solver.connectivity import Connectivity, Unserved, connectivity

from .network import chain_name, token_name

KEPT_SECONDS: Final = 15.0

_kept: tuple[float, Connectivity] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Pairs that lack a route for one and the same reason: what would arrive where, and how many pairs."""

    token: str
    chain: str
    code: str
    words: str
    pairs: int


@dataclass(frozen=True, slots=True)
class ConnectivityView:
    """`percent` is rounded down: 94.99 % is not 95 %."""

    served: int
    pairs: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> float:
        return self.served * 1000 // self.pairs / 10 if self.pairs else 0.0


def connectivity_view() -> ConnectivityView:
    """The number for now, at most KEPT_SECONDS old; every process asks its own solver."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > KEPT_SECONDS:
        _kept = now, connectivity(load_world())
    found = _kept[1]
    return ConnectivityView(served=found.served, pairs=found.pairs, gaps=_gaps(found))


def connectivity_json() -> dict[str, Any]:
    """The same for programs; codes are language-neutral."""
    view = connectivity_view()
    return {
        "pairs": view.pairs,
        "served": view.served,
        "percent": view.percent,
        "unserved": [
            {"token": gap.token, "chain": gap.chain, "code": gap.code, "pairs": gap.pairs}
            for gap in view.gaps
        ],
    }


def _gaps(found: Connectivity) -> tuple[Gap, ...]:
    alike: dict[tuple[int, str, str], list[Unserved]] = {}
    for pair in found.unserved:
        alike.setdefault((pair.destination_id, pair.output_token, pair.reason.code), []).append(pair)
    return tuple(
        Gap(
            token=token_name(chain_id, token).symbol or token,
            chain=chain_name(chain_id),
            code=code,
            words=error_words(code, pairs[0].reason.params),
            pairs=len(pairs),
        )
        for (chain_id, token, code), pairs in sorted(alike.items(), key=lambda entry: -len(entry[1]))
    )
