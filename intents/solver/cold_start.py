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
"""

from dataclasses import dataclass
from typing import Final

USD_E8: Final = 10**8
START_USD_E8: Final = 2_000 * USD_E8
MOST_UNOBSERVED_USD_E8: Final = 20_000 * USD_E8
LIFTED_USD_E8: Final = 100_000 * USD_E8
OBSERVED_SECONDS: Final = 24 * 3600
OBSERVED_TIMES: Final = 5
DAY_SECONDS: Final = 24 * 3600
DAY_USD_E8: Final = 10_000 * USD_E8
MOST_DAY_USD_E8: Final = 20_000 * USD_E8


@dataclass(frozen=True, slots=True)
class Room:
    """What a new chain's token may still send: USD × 10^8."""

    cap_usd_e8: int
    settled_usd_e8: int
    under_way_usd_e8: int
    observed_seconds: int
    day_usd_e8: int | None = None
    gone_usd_e8: int = 0

    @property
    def left_today_usd_e8(self) -> int | None:
        """What may still leave the chain within this day, over all its tokens; None when no day is bounded."""
        return None if self.day_usd_e8 is None else max(0, self.day_usd_e8 - self.gone_usd_e8)

    @property
    def left_usd_e8(self) -> int:
        """What another transfer may be worth now."""
        left = max(0, self.cap_usd_e8 - self.under_way_usd_e8)
        return left if self.left_today_usd_e8 is None else min(left, self.left_today_usd_e8)

    @property
    def waits_for_tomorrow(self) -> bool:
        """Whether it is the day that leaves no more room, not what is under way."""
        today = self.left_today_usd_e8
        return today is not None and today < self.cap_usd_e8 - self.under_way_usd_e8

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
