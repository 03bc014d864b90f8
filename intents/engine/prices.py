"""Prices from the chains' feeds: fresh ones only, each asset's lowest and highest source."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from intents.solver.world import Price

GRACE_BPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What one feed said. `age_seconds` is on its own chain's clock."""

    canonical_id: str
    answer: int
    decimals: int
    age_seconds: int
    heartbeat_seconds: int

    @property
    def is_fresh(self) -> bool:
        """No older than its heartbeat and a tenth."""
        return self.age_seconds * 10_000 <= self.heartbeat_seconds * (10_000 + GRACE_BPS)

    @property
    def usd_e8(self) -> int:
        """USD × 10^8, rounded down; 0 or less means that the feed is broken."""
        return self.answer * 10**8 // 10**self.decimals


def combine(readings: Iterable[FeedReading]) -> tuple[dict[str, Price], frozenset[str]]:
    """Prices by canonical id, and the ids whose every source is too old."""
    prices: dict[str, Price] = {}
    stale: set[str] = set()
    for reading in readings:
        if reading.usd_e8 <= 0:
            continue
        if not reading.is_fresh:
            stale.add(reading.canonical_id)
            continue
        before = prices.get(reading.canonical_id)
        low = min(before.low_e8, reading.usd_e8) if before else reading.usd_e8
        high = max(before.high_e8, reading.usd_e8) if before else reading.usd_e8
        prices[reading.canonical_id] = Price(low_e8=low, high_e8=high)
    return prices, frozenset(stale - prices.keys())
