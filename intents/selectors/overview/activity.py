"""What went over the network: sums over a bounded time, made by the database."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, FloatField, Min, QuerySet, Sum
from django.db.models.functions import Cast, TruncDay, TruncHour
from django.utils import timezone

from intents.lifecycle import OrderState
from intents.models import ChainHead, LedgerEntry, NodeReport, Order

from .kept import kept

WINDOW_DAYS: Final = 30
KEPT_SECONDS: Final = 10.0
YOUNG_HOURS: Final = 72
LEAST_HOURS: Final = 24
BASELINE: Final = "baseline"
# The input lies in the contract until whoever paid is repaid, or it went back.
_LOCKED: Final = (
    OrderState.OPENED,
    OrderState.FILLING,
    OrderState.FILLED,
    OrderState.PROVING,
    OrderState.REFUND_DUE,
    OrderState.REFUNDING,
)


@dataclass(slots=True)
class ChainActivity:
    """One chain over WINDOW_DAYS. Volumes count what was delivered, in USD when it was confirmed."""

    wallets: int = 0
    sent: int = 0
    sent_usd: float = 0.0
    received: int = 0
    received_usd: float = 0.0
    locked_usd: float = 0.0
    joined_at: datetime | None = None
    nodes: int = 0
    well_nodes: int = 0

    @property
    def days(self) -> int | None:
        """Whole days since it joined; None when nobody wrote that down."""
        return None if self.joined_at is None else (timezone.now() - self.joined_at).days


@dataclass(frozen=True, slots=True)
class Bucket:
    """Delivered in one hour or day that begins `at`."""

    at: datetime
    usd: float
    count: int


@dataclass(frozen=True, slots=True)
class Activity:
    """The whole network over WINDOW_DAYS; buckets are without gaps, oldest first."""

    chains: dict[int, ChainActivity] = field(default_factory=dict)
    buckets: tuple[Bucket, ...] = ()
    is_hourly: bool = False

    @property
    def count(self) -> int:
        return sum(bucket.count for bucket in self.buckets)

    @property
    def usd(self) -> float:
        return sum(bucket.usd for bucket in self.buckets)

    @property
    def locked_usd(self) -> float:
        return sum(chain.locked_usd for chain in self.chains.values())


@kept(KEPT_SECONDS)
def activity() -> Activity:
    """As it was at most KEPT_SECONDS ago."""
    now = timezone.now()
    delivered = Order.objects.filter(
        created_at__gte=now - timedelta(days=WINDOW_DAYS), delivered_amount__isnull=False
    ).order_by()
    chains: dict[int, ChainActivity] = defaultdict(ChainActivity)
    for row in _sums(delivered, "origin_id", wallets=Count("user", distinct=True)):
        chain = chains[row["origin_id"]]
        chain.sent, chain.sent_usd, chain.wallets = row["count"], row["usd"] or 0.0, row["wallets"]
    for row in _sums(delivered, "destination_id"):
        chain = chains[row["destination_id"]]
        chain.received, chain.received_usd = row["count"], row["usd"] or 0.0
    locked = Order.objects.filter(state__in=_LOCKED).order_by()
    for row in _sums(locked, "origin_id"):
        chains[row["origin_id"]].locked_usd = row["usd"] or 0.0
    _add_facts(chains)
    buckets, is_hourly = _buckets(delivered, now)
    return Activity(chains=dict(chains), buckets=buckets, is_hourly=is_hourly)


def _sums(orders: QuerySet[Order], *by: str, **more: Any) -> Iterable[dict[str, Any]]:
    # SQLite keeps these amounts as text: as numbers they are close enough to be shown.
    usd = Sum(Cast("value_usd_e8", FloatField())) / 1e8
    return orders.values(*by).annotate(usd=usd, count=Count("pk"), **more)


def _add_facts(chains: dict[int, ChainActivity]) -> None:
    joined = (
        LedgerEntry.objects.filter(order=None, memo=BASELINE)
        .values("chain_id")
        .annotate(at=Min("created_at"))
        .order_by()
    )
    for row in joined:
        chains[row["chain_id"]].joined_at = row["at"]
    for report in NodeReport.objects.all():
        chain = chains[report.chain_id]
        chain.nodes = len(report.nodes)
        chain.well_nodes = sum(not node.get("ill") for node in report.nodes)
    for chain_id in ChainHead.objects.values_list("chain_id", flat=True):
        chains.setdefault(chain_id, ChainActivity())


def _buckets(delivered: QuerySet[Order], now: datetime) -> tuple[tuple[Bucket, ...], bool]:
    first = delivered.aggregate(at=Min("created_at"))["at"]
    if first is None:
        return (), False
    is_hourly = now - first < timedelta(hours=YOUNG_HOURS)
    cut, step = (TruncHour, timedelta(hours=1)) if is_hourly else (TruncDay, timedelta(days=1))
    rows = {
        row["at"]: row
        for row in _sums(delivered.annotate(at=cut("created_at")), "at")
        if row["at"] is not None
    }
    # The whole day, or the whole window: a chart of one bar says nothing.
    least = now - (timedelta(hours=LEAST_HOURS - 1) if is_hourly else timedelta(days=WINDOW_DAYS - 1))
    begun = min(rows)
    while begun > least:
        begun -= step
    at, found = begun, []
    while at <= now:
        row = rows.get(at, {"usd": 0.0, "count": 0})
        found.append(Bucket(at, row["usd"] or 0.0, row["count"]))
        at += step
    return tuple(found), is_hourly
