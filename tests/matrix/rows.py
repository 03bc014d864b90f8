"""What the matrix is made of: ways in, routes and outcomes, which of them meet, and the rows that are run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from intents.services.ways import WAYS

# A contract account is a way of its own: what it signs is judged by its code.
TEAM: Final = "erc1271"
WAYS_IN: Final = (*WAYS, TEAM)
ROUTES: Final = ("in_stock", "swap", "split", "bridged", "summit", "call", "gas", "coin")
OUTCOMES: Final = ("settled", "returned", "cancelled", "outsider", "claimable", "short")

CANCELLABLE: Final = frozenset({"eip3009", "permit2", "permit", TEAM})


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One transfer of the matrix; its text names the test."""

    way: str
    route: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.way}-{self.route}-{self.outcome}"

    @property
    def values(self) -> tuple[str, ...]:
        """What it is made of, each with the name of its axis."""
        return (f"way:{self.way}", f"route:{self.route}", f"end:{self.outcome}")

    @property
    def pairs(self) -> tuple[tuple[str, ...], ...]:
        """Every two of its values."""
        return tuple(combinations(self.values, 2))


Possible = Callable[[Row], bool]


def can_happen(row: Row) -> bool:
    """Only what is paid to an address can be short, and only an unused signature can be taken back."""
    if row.outcome == "short":
        return row.way == "deposit"
    if row.outcome == "cancelled":
        return row.way in CANCELLABLE
    return True


def all_rows(
    *,
    ways: Sequence[str] = WAYS_IN,
    routes: Sequence[str] = ROUTES,
    outcomes: Sequence[str] = OUTCOMES,
    possible: Possible = can_happen,
) -> list[Row]:
    """Every combination that can happen."""
    every = (Row(way, route, outcome) for way in ways for route in routes for outcome in outcomes)
    return [row for row in every if possible(row)]


def pairwise(rows: Sequence[Row]) -> list[Row]:
    """Few of the rows in which every two values still meet; the same ones for the same rows."""
    return _covering(rows, lambda row: row.pairs)


def each_once(rows: Sequence[Row]) -> list[Row]:
    """Fewer of them, in which every value is at least once."""
    return _covering(rows, lambda row: row.values)


def _covering(rows: Sequence[Row], facts: Callable[[Row], tuple[Any, ...]]) -> list[Row]:
    missing = {fact for row in rows for fact in facts(row)}
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(missing.intersection(facts(row))))
        chosen.append(best)
        missing.difference_update(facts(best))
    return sorted(chosen)


def rest(rows: Sequence[Row], core: Sequence[Row]) -> list[Row]:
    """The rows that are not among the core."""
    taken = set(core)
    return [row for row in rows if row not in taken]
