"""What a person may prefer among the routes that were found: the most, the soonest, or the fewest others involved.

Pure.
"""

from dataclasses import replace
from typing import Final

from intents.solver.routes import Route, Routes

BEST, FASTEST, FEWEST = "best", "fastest", "fewest"
PREFERENCES: Final = (BEST, FASTEST, FEWEST)


def others_involved(route: Route) -> int:
    """How many pools and bridges have to work for it besides the two contracts and the validators."""
    return (route.swap.pools if route.swap else 0) + (1 if route.carriage else 0)


def preferred(routes: Routes, preference: str) -> Routes:
    """The same routes with the preferred one chosen; of equals the one that was better before."""
    if routes.chosen is None or preference == BEST:
        return routes
    every = [routes.chosen, *routes.alternatives]
    at = min(range(len(every)), key=lambda index: (_measure(every[index], preference), index))
    return replace(routes, chosen=every.pop(at), alternatives=tuple(every))


def _measure(route: Route, preference: str) -> tuple[int, ...]:
    if preference == FASTEST:
        return (route.eta_seconds,)
    return others_involved(route), route.eta_seconds
