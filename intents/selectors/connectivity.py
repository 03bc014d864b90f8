"""The network's connectivity as pages, API and bench show it: a share, and the reasons for the rest."""

import time
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from intents.engine.brakes import Brakes, Place, brakes
from intents.engine.world import load_world
from intents.services.words import reason
from intents.solver.connectivity import Barred, Connectivity, Unserved, connectivity
from intents.solver.router import Refusal

from .network import chain_name, token_name

KEPT_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last answer of this process, and the brakes that it counted with."""

    at: float
    pulled: Brakes
    found: Connectivity


_kept: _Kept | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Pairs that lack a route for one and the same reason, how many, and where that lies: what would arrive, or
    the token, chain or route that takes nothing new. `token` is "" for all of a chain.
    """

    token: str
    chain: str
    code: str
    words: str
    pairs: int

    @property
    def token_words(self) -> str:
        """The token as a line of text names it."""
        return self.token or _("every token")


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
    """The number for now, at most KEPT_SECONDS old but for brakes, which count at once; every process asks its own
    solver.
    """
    global _kept
    now, pulled = time.monotonic(), brakes()
    if _kept is None or now - _kept.at > KEPT_SECONDS or _kept.pulled != pulled:
        _kept = _Kept(now, pulled, connectivity(load_world(), barred=barred_by(pulled)))
    found = _kept.found
    return ConnectivityView(served=found.served, pairs=found.pairs, gaps=_gaps(found))


def barred_by(pulled: Brakes) -> Barred:
    """These brakes as the solver's counting takes them."""

    def barred(origin: Place, destination: Place) -> Refusal | None:
        refusal = pulled.between(origin, destination)
        return Refusal(refusal.code, refusal.params) if refusal is not None else None

    return barred


def connectivity_json() -> dict[str, Any]:
    """The same for programs; codes are language-neutral, reasons in the reader's language."""
    view = connectivity_view()
    return {
        "pairs": view.pairs,
        "served": view.served,
        "percent": view.percent,
        "unserved": [
            {
                "token": gap.token,
                "chain": gap.chain,
                "code": gap.code,
                "pairs": gap.pairs,
                "reason": gap.words,
            }
            for gap in view.gaps
        ],
    }


def _gaps(found: Connectivity) -> tuple[Gap, ...]:
    alike: dict[tuple[str, str, str], list[Unserved]] = {}
    for pair in found.unserved:
        alike.setdefault((*_lies_with(pair), pair.reason.code), []).append(pair)
    return tuple(
        Gap(token, chain, code, words=reason(code, pairs[0].reason.params), pairs=len(pairs))
        for (token, chain, code), pairs in sorted(alike.items(), key=lambda entry: -len(entry[1]))
    )


def _lies_with(pair: Unserved) -> tuple[str, str]:
    """The token, "" for all of them, and the chain that a pair's reason is about."""
    said = pair.reason.params
    match pair.reason.code:
        case "token_paused":
            return said["token"], _chain(said["chain"])
        case "chain_leaving" | "chain_paused":
            return "", _chain(said["chain"])
        case "route_paused":
            return "", f"{said['origin']} → {said['destination']}"
    name = token_name(pair.destination_id, pair.output_token)
    return name.symbol or pair.output_token, name.chain_name


def _chain(said: str) -> str:
    return chain_name(int(said)) if said.isdigit() else said
