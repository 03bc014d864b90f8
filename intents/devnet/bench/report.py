"""Percentiles beside their targets, as lines of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .transfers import Timing

SLACK_SECONDS = 0.5
OWN_SHARE_TARGETS = (0.200, 0.600)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: seconds at p50 and p95 with their targets (None: no target)."""

    name: str
    count: int
    p50: float
    p95: float
    target_p50: float | None = None
    target_p95: float | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` in 0…1, `values` not empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def values_line(
    name: str, values: Sequence[float], *, targets: tuple[float | None, float | None] = (None, None)
) -> Line:
    """Percentiles of some seconds."""
    return Line(
        name=name,
        count=len(values),
        p50=percentile(values, 0.5),
        p95=percentile(values, 0.95),
        target_p50=targets[0],
        target_p95=targets[1],
    )


def transfer_lines(name: str, timings: Sequence[Timing], *, has_targets: bool) -> list[Line]:
    """The figures of one kind of transfer; the total's target follows from the measured inclusions."""
    if not timings:
        return []
    floor = percentile([t.origin_inclusion + t.destination_inclusion for t in timings], 0.5)
    total = (floor + SLACK_SECONDS, None) if has_targets else (None, None)
    own = OWN_SHARE_TARGETS if has_targets else (None, None)
    return [
        values_line(f"{name}: submitted → delivered", [t.total for t in timings], targets=total),
        values_line(f"{name}: origin inclusion", [t.origin_inclusion for t in timings]),
        values_line(f"{name}: destination inclusion", [t.destination_inclusion for t in timings]),
        values_line(f"{name}: own share", [t.own_share for t in timings], targets=own),
        values_line(f"{name}: …before the open is sent", [t.before_open for t in timings]),
        values_line(f"{name}: …block seen → fill sent", [t.before_fill for t in timings]),
        values_line(f"{name}: …block seen → delivered", [t.after_fill for t in timings]),
    ]


def table(lines: Sequence[Line]) -> list[str]:
    """Milliseconds in columns; a ratio below 1 is inside its target."""
    width = max(len(line.name) for line in lines)
    columns = f"{'target':>8} {'ratio':>6}"
    head = f"{'':{width}}  {'n':>4}  {'p50 ms':>8} {columns}  {'p95 ms':>8} {columns}"
    return [head, *(_row(line, width) for line in lines)]


def connectivity_lines(reached: dict[str, Any]) -> list[str]:
    """The API's connectivity answer: the share, then what is out of reach and why."""
    head = f"one confirmation serves {reached['served']} of {reached['pairs']} pairs ({reached['percent']} %)"
    return [head, *map(_gap, reached["unserved"])]


def _gap(gap: dict[str, Any]) -> str:
    what = gap["token"] or "anything"
    return f"  not {what} on {gap['chain']} ({gap['pairs']} pairs): {gap['code']}, {gap['reason']}"


def _row(line: Line, width: int) -> str:
    first = _cells(line.p50, line.target_p50)
    second = _cells(line.p95, line.target_p95)
    return f"{line.name:{width}}  {line.count:4d}  {first}  {second}"


def _cells(value: float, target: float | None) -> str:
    if target is None:
        return f"{value * 1000:8.0f} {'':>8} {'':>6}"
    return f"{value * 1000:8.0f} {target * 1000:8.0f} {value / target:6.2f}"
