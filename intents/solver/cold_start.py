"""How much may leave a chain that is new here: little at first, more with use. Pure.

Nobody has seen yet whether such a chain keeps its blocks. So what is delivered against deposits on it, and not
settled yet, is capped for each of its tokens:

- it starts at START_USD_E8 and grows by one dollar for every two that were settled;
- until its finality was observed for OBSERVED_SECONDS it never grows beyond MOST_UNOBSERVED_USD_E8. A reorganisation
  deeper than its passport allows begins that time anew;
- then it is OBSERVED_TIMES as much, and ends for good where it reaches LIFTED_USD_E8.

Nor has anybody seen whether its tokens are worth what they say: whoever can make them settles as often as they like. So
until then what leaves the chain within any DAY_SECONDS is bounded as well, over all its tokens: by DAY_USD_E8, and one
dollar for every two that were settled, so that it comes to MOST_DAY_USD_E8 at last, however often they are.

Days go on without end, and so would what a worthless token costs. So for good, of each token no more is taken in beyond
what went out of our hands again than the operator says: to users there, over a bridge, through a pool, to the treasury.
Use alone never raises that: whoever sends the same money round and round pays next to nothing for it.
"""

from dataclasses import dataclass
from typing import Final, Literal

USD_E8: Final = 10**8
START_USD_E8: Final = 2_000 * USD_E8
MOST_UNOBSERVED_USD_E8: Final = 20_000 * USD_E8
LIFTED_USD_E8: Final = 100_000 * USD_E8
OBSERVED_SECONDS: Final = 24 * 3600
OBSERVED_TIMES: Final = 5
DAY_SECONDS: Final = 24 * 3600
DAY_USD_E8: Final = 10_000 * USD_E8
MOST_DAY_USD_E8: Final = 20_000 * USD_E8


Bound = Literal["cap", "day", "held"]


@dataclass(frozen=True, slots=True)
class Room:
    """What a new chain's token may still send: USD × 10^8.

    `held_usd_e8` is what was taken in of the token and has not gone out again: below zero once more went out.
    """

    cap_usd_e8: int | None
    settled_usd_e8: int
    under_way_usd_e8: int
    observed_seconds: int
    day_usd_e8: int | None = None
    gone_usd_e8: int = 0
    most_held_usd_e8: int | None = None
    held_usd_e8: int = 0

    @property
    def left_today_usd_e8(self) -> int | None:
        """What may still leave the chain within this day, over all its tokens; None when no day is bounded."""
        return None if self.day_usd_e8 is None else max(0, self.day_usd_e8 - self.gone_usd_e8)

    @property
    def left_to_hold_usd_e8(self) -> int | None:
        """What may still be taken in of the token beyond what goes out again; None when that is not bounded."""
        if self.most_held_usd_e8 is None:
            return None
        return max(0, self.most_held_usd_e8 - self.held_usd_e8 - self.under_way_usd_e8)

    @property
    def left_usd_e8(self) -> int:
        """What another transfer may be worth now."""
        return min(left for left, _bound in self._lefts())

    @property
    def tightest(self) -> Bound:
        """Which bound leaves least: what is under way, the day, or what is held."""
        return min(self._lefts(), key=lambda each: each[0])[1]

    def _lefts(self) -> list[tuple[int, Bound]]:
        under_way = None if self.cap_usd_e8 is None else max(0, self.cap_usd_e8 - self.under_way_usd_e8)
        bounds: list[tuple[int | None, Bound]] = [
            (under_way, "cap"),
            (self.left_today_usd_e8, "day"),
            (self.left_to_hold_usd_e8, "held"),
        ]
        return [(left, bound) for left, bound in bounds if left is not None]

    @property
    def is_observed(self) -> bool:
        """Whether its finality was watched for long enough."""
        return self.observed_seconds >= OBSERVED_SECONDS


def cap_usd_e8(*, settled_usd_e8: int, observed_seconds: int) -> int | None:
    """Most value that may be under way out of the chain with one token; None once it is no longer new."""
    grown = START_USD_E8 + settled_usd_e8 // 2
    if observed_seconds < OBSERVED_SECONDS:
        return min(grown, MOST_UNOBSERVED_USD_E8)
    cap = grown * OBSERVED_TIMES
    return cap if cap < LIFTED_USD_E8 else None


def day_usd_e8(*, settled_usd_e8: int, observed_seconds: int) -> int | None:
    """Most value that may leave the chain within a day; None once its finality was watched for long enough.

    `settled_usd_e8` is what was settled out of it with all its tokens.
    """
    if observed_seconds >= OBSERVED_SECONDS:
        return None
    return min(DAY_USD_E8 + settled_usd_e8 // 2, MOST_DAY_USD_E8)
