"""What is the same for all orders of one moment: chains, nodes, senders' queues, stock, pauses."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django.conf import settings

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.engine.exposure import unfinal_usd_e8
from intents.lifecycle import ORDER_ENDED, AttemptState
from intents.models import (
    Alert,
    Attempt,
    AuditEntry,
    Chain,
    ChainHead,
    NodeReport,
    Order,
    Pause,
    Reservation,
    Stock,
)

OPEN_ATTEMPTS: Final = (AttemptState.PLANNED, AttemptState.BROADCAST, AttemptState.UNKNOWN)
_MINED: Final = (AttemptState.CONFIRMED, AttemptState.REVERTED)
# A report this old says nothing about now: nobody looks at the nodes any more.
REPORT_SECONDS: Final = 15.0
STILL_BLOCKS: Final = 4
STILL_SECONDS: Final = 6.0
# Later than this, nobody takes orders up any more: the sweep looks every two seconds.
OVERDUE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Queued:
    """The transaction of one sender on one chain that all its later ones wait for."""

    chain_id: int
    sender: str
    nonce: int
    tx_hash: str
    purpose: str
    waits_since: float
    sent_block: int | None
    max_fee_wei: int
    state: str


@dataclass(frozen=True, slots=True)
class Held:
    """What others hold of a stock: base units, how many orders, and a few of them."""

    balance: int
    reserved: int
    orders: int
    some: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """A chain as the rows have it; `manifest` is None when it is not connected any more."""

    chain_id: int
    manifest: ChainManifest | None = None
    paused_reason: str = ""
    head: int | None = None
    timestamp: int = 0
    seen_at: float = 0.0
    base_fee_wei: int = 0
    report: NodeReport | None = None

    @property
    def name(self) -> str:
        """Its name, or its number."""
        return self.manifest.name if self.manifest else f"#{self.chain_id}"

    @property
    def block_seconds(self) -> float:
        """The usual time between blocks."""
        return self.manifest.block_seconds if self.manifest else 12.0

    @property
    def pause_code(self) -> str:
        """The first word of the reason why it takes nothing new; a person's own words begin anyhow."""
        return self.paused_reason.partition(" ")[0]

    def clock(self, now: float) -> float:
        """Chain time at wall time `now`, seconds."""
        return self.timestamp + max(0.0, now - self.seen_at) if self.timestamp else now

    def age(self, now: float) -> float:
        """Seconds since its newest block was written."""
        return max(0.0, now - self.seen_at)

    def is_still(self, now: float) -> bool:
        """Whether its newest block is older than it should be."""
        return self.age(now) > max(STILL_SECONDS, STILL_BLOCKS * self.block_seconds)

    def fresh_report(self, now: float) -> NodeReport | None:
        """How its nodes are, if somebody looked lately."""
        if self.report is None or now - self.report.seen_at > REPORT_SECONDS:
            return None
        return self.report


@dataclass
class Scene:
    """Everything around the orders at wall time `now`; read when it is first asked for."""

    now: float
    _queues: dict[tuple[int, str], Queued | None] = field(default_factory=dict)
    _held: dict[tuple[int, str], Held] = field(default_factory=dict)
    _at_risk: dict[int, int] = field(default_factory=dict)
    _pausers: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def chains(self) -> Mapping[int, ChainFacts]:
        """Every chain by its id."""
        manifests = registry.all_chains()
        heads = {head.chain_id: head for head in ChainHead.objects.defer("world")}
        reports = {report.chain_id: report for report in NodeReport.objects.all()}
        found = {}
        for chain_id, reason in Chain.objects.values_list("chain_id", "paused_reason"):
            head = heads.get(chain_id)
            found[chain_id] = ChainFacts(
                chain_id=chain_id,
                manifest=manifests.get(chain_id),
                paused_reason=reason,
                head=head.number if head else None,
                timestamp=head.timestamp if head else 0,
                seen_at=head.seen_at if head else 0.0,
                base_fee_wei=head.base_fee_wei if head else 0,
                report=reports.get(chain_id),
            )
        return found

    def chain(self, chain_id: int) -> ChainFacts:
        """A chain; one that is not known has nothing but its number."""
        return self.chains.get(chain_id) or ChainFacts(chain_id, seen_at=self.now)

    @property
    def is_filling(self) -> bool:
        """Whether payouts are switched on."""
        return bool(settings.FILL_ENABLED)

    @cached_property
    def pauses(self) -> list[Pause]:
        """The tokens and routes that take nothing new."""
        return list(Pause.objects.filter(ended_at=None).select_related("created_by"))

    @cached_property
    def gas_alerts(self) -> dict[int, dict[str, Any]]:
        """The numbers of accounts that are short of gas, by chain."""
        rows = Alert.objects.filter(kind=Alert.Kind.GAS_LOW, ended_at=None)
        return {chain_id: data for chain_id, data in rows.values_list("chain_id", "data") if chain_id}

    @cached_property
    def overdue(self) -> int:
        """How many orders nobody has looked at though their time has come."""
        rows = Order.objects.filter(wake_at__gt=0, wake_at__lt=self.now - OVERDUE_SECONDS)
        return rows.filter(leased_until__lt=self.now).exclude(state__in=ORDER_ENDED).count()

    def queue(self, chain_id: int, sender: str) -> Queued | None:
        """The first transaction of a sender that is in no block, if later ones wait for it."""
        key = (chain_id, sender)
        if key not in self._queues:
            self._queues[key] = _first_waiting(chain_id, sender)
        return self._queues[key]

    def held(self, chain_id: int, token: str) -> Held:
        """Who holds what of our account's stock of a token."""
        key = (chain_id, token)
        if key not in self._held:
            self._held[key] = _held(self.chain(chain_id), token)
        return self._held[key]

    def at_risk_usd_e8(self, origin_id: int) -> int:
        """What we have paid, or are about to, against deposits that a reorg could take away."""
        if origin_id not in self._at_risk:
            self._at_risk[origin_id] = unfinal_usd_e8(origin_id)
        return self._at_risk[origin_id]

    def paused_by(self, kind: str, subject: str) -> str:
        """The name of the staff member who paused this last; "" when nobody did."""
        key = (kind, subject)
        if key not in self._pausers:
            rows = AuditEntry.objects.filter(
                action__startswith="pause", subject_kind=kind, subject_id=subject
            )
            self._pausers[key] = rows.order_by("-id").values_list("actor_name", flat=True).first() or ""
        return self._pausers[key]


def scene() -> Scene:
    """The scene of this moment."""
    return Scene(now=time.time())


def _first_waiting(chain_id: int, sender: str) -> Queued | None:
    mine = Attempt.objects.filter(chain_id=chain_id, sender=sender)
    passed = mine.filter(state__in=_MINED).order_by("-nonce").values_list("nonce", flat=True).first()
    waiting = mine.filter(state__in=OPEN_ATTEMPTS, nonce__gt=-1 if passed is None else passed)
    first = waiting.order_by("nonce", "-id").defer("raw", "calldata").first()
    if first is None:
        return None
    return Queued(
        chain_id=chain_id,
        sender=sender,
        nonce=first.nonce,
        tx_hash=first.tx_hash,
        purpose=first.purpose.partition(":")[0],
        waits_since=_asked_at(mine, first),
        sent_block=first.broadcast_block,
        max_fee_wei=first.max_fee_wei,
        state=first.state,
    )


def _asked_at(mine: Any, first: Attempt) -> float:
    """When the nonce was first used: what replaced a stuck transaction has waited as long as that."""
    oldest = mine.filter(nonce=first.nonce).order_by("id").values_list("created_at", flat=True).first()
    return float((oldest or first.created_at).timestamp())


def _held(chain: ChainFacts, token: str) -> Held:
    contracts = chain.manifest.contracts if chain.manifest else {}
    if "solver_account" not in contracts:
        return Held(0, 0, 0, ())
    stock = Stock.objects.filter(
        chain_id=chain.chain_id, token=token, holder=contracts["solver_account"].address
    ).first()
    if stock is None:
        return Held(0, 0, 0, ())
    rows = Reservation.objects.filter(stock=stock, state=Reservation.State.HELD)
    some = rows.exclude(order=None).order_by("-amount").values_list("order_id", flat=True)[:3]
    return Held(
        balance=stock.balance,
        reserved=stock.reserved,
        orders=rows.count(),
        some=tuple(str(each) for each in some),
    )
