"""How much may be under way out of a chain that is new here: little at first, more with use. Pure.

Nobody has seen yet whether such a chain keeps its blocks. So what is delivered against deposits on it, and not
settled yet, is capped for each of its tokens:

- it starts at START_USD_E8 and grows by one dollar for every two that were settled;
- until its finality was observed for OBSERVED_SECONDS it never grows beyond MOST_UNOBSERVED_USD_E8. A reorganisation
  deeper than its passport allows begins that time anew;
- then it is OBSERVED_TIMES as much, and ends for good where it reaches LIFTED_USD_E8.
"""

from dataclasses import dataclass
from typing import Final

USD_E8: Final = 10**8
START_USD_E8: Final = 2_000 * USD_E8
MOST_UNOBSERVED_USD_E8: Final = 20_000 * USD_E8
LIFTED_USD_E8: Final = 100_000 * USD_E8
OBSERVED_SECONDS: Final = 24 * 3600
OBSERVED_TIMES: Final = 5


@dataclass(frozen=True, slots=True)
class Room:
    """What a new chain's token may still send: USD × 10^8."""

    cap_usd_e8: int
    settled_usd_e8: int
    under_way_usd_e8: int
    observed_seconds: int

    @property
    def left_usd_e8(self) -> int:
        """What another transfer may be worth now."""
        return max(0, self.cap_usd_e8 - self.under_way_usd_e8)

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
