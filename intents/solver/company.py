"""When settling an order may wait for others to share its transactions, and what sharing does to its price.

Pure. Seconds are of wall time, shares are in bps of what a transaction costs however many orders it settles.
"""

from dataclasses import dataclass
from typing import Final

from intents.amounts import BPS, divide_up

ALONE: Final = BPS
USD: Final = 10**8


@dataclass(frozen=True, slots=True)
class Shared:
    """What was measured: the newest `orders` on a way were settled by `transactions`."""

    orders: int = 0
    transactions: int = 0


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """Nobody waits for a settlement but us: it may wait where its gas is dear and time is left, and only there.

    A price counts on the average of the newest `counted_orders`. Where there are fewer, what is missing counts as
    `expected_together` orders a transaction on dear ways, as those that are there where they were more, and as one on
    all others. Nobody can make us pay more
    than that supposes: as each order enters the average with what it really cost, prices lag behind costs by at most
    `counted_orders` orders. Whatever a stranger sends, and however he changes it, all that a way may ever lose to
    him is `counted_orders` times the fixed gas of one message and one finalisation, about what so many orders would
    have been charged alone.
    """

    worth_usd_e8: int = USD // 10
    longest_seconds: float = 60.0
    room_parts: int = 4
    grace_seconds: float = 3.0
    counted_orders: int = 32
    expected_together: int = 8

    def is_dear(self, alone_usd_e8: int) -> bool:
        """Whether gas of this worth, spent by one order alone, is worth waiting for others."""
        return alone_usd_e8 > self.worth_usd_e8

    def window_seconds(self, *, waited_seconds: float, room_seconds: float) -> float:
        """How long an order may wait in all; `room_seconds` are left now until it would have to hurry."""
        return max(0.0, min(self.longest_seconds, (room_seconds + waited_seconds) / self.room_parts))

    def pause_seconds(
        self, *, alone_usd_e8: int, waited_seconds: float, room_seconds: float, is_full: bool, leads: bool
    ) -> float:
        """How long to wait on for others from now; 0 to go at once.

        `is_full`: no more would fit. Of those that are ready the first `leads`: the others give it a moment more,
        so that they do not all go at once, each alone.
        """
        if is_full or not self.is_dear(alone_usd_e8) or room_seconds <= 0:
            return 0.0
        window = self.window_seconds(waited_seconds=waited_seconds, room_seconds=room_seconds)
        if window > 0 and not leads:
            window += self.grace_seconds
        return max(0.0, min(window - waited_seconds, room_seconds))

    def share_bps(self, seen: Shared, *, is_dear: bool) -> int:
        """The part of a transaction's fixed gas that one order is charged, rounded up; `ALONE` is all of it."""
        missing = max(self.counted_orders - seen.orders, 0)
        expected = divide_up(missing * BPS, self.expected_together if is_dear else 1)
        if is_dear and seen.orders:
            expected = min(expected, divide_up(missing * BPS * seen.transactions, seen.orders))
        return min(divide_up(seen.transactions * BPS + expected, max(seen.orders, self.counted_orders)), BPS)
