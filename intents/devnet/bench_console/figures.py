"""Figures beside their limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from intents.devnet.bench.report import percentile


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `limit` None has none."""

    name: str
    value: float
    limit: float | None
    unit: str

    @property
    def is_good(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def text(self) -> str:
        """One line."""
        limit = "" if self.limit is None else f"limit {self.limit:g} {self.unit}"
        return f"{self.name:<62} {self.value:>9.1f} {self.unit:<3} {limit:<16} {'' if self.is_good else 'MISSED'}"


def milliseconds(
    name: str, values: Sequence[float], *, p95: float | None = None, most: float | None = None
) -> list[Figure]:
    """p50, p95 and the longest of some seconds."""
    return [
        Figure(f"{name}, p50 of {len(values)}", percentile(values, 0.5) * 1e3, None, "ms"),
        Figure(f"{name}, p95", percentile(values, 0.95) * 1e3, p95, "ms"),
        Figure(f"{name}, longest", max(values) * 1e3, most, "ms"),
    ]


def table(figures: Sequence[Figure]) -> list[str]:
    """All lines."""
    return [figure.text() for figure in figures]
