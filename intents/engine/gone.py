"""Orders of a chain that two people declared gone: its nodes answered nobody for so long.

What the other chain can still end goes on by itself. The rest is parked with the state it was in, counts as open
for nothing, and goes on when the chain is back: nobody says what became of it on a chain that nobody can read.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.lifecycle import BEFORE_OPEN, DELIVERED, ORDER_ENDED, OrderState, StepKind
from intents.models import ChainHead, Departure, NodeReport, Order

from . import alerts, events, lease, ledger, reservations
from .case import Case, current_state, is_done, move_order
from .waking import wake_orders

CHAIN_GONE: Final = "chain_gone"
# Where every chain is local nobody waits a day to see what becomes of one.
LOCAL_SECONDS: Final = 60.0
# An older report says nothing: nobody looks any more.
REPORT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Silence:
    """No node of a chain tells of it any more: since when (wall time), and the newest block that was read."""

    since: float
    block: int | None
    block_at: int | None

    @property
    def seconds(self) -> float:
        """How long it lasts already."""
        return max(0.0, time.time() - self.since)


def silence_of(chain_id: int) -> Silence | None:
    """None while a node answers, and while nobody looks."""
    report = NodeReport.objects.filter(pk=chain_id).first()
    if report is None or report.silent_since is None or time.time() - report.seen_at > REPORT_SECONDS:
        return None
    head = ChainHead.objects.filter(pk=chain_id).values_list("number", "timestamp").first()
    return Silence(report.silent_since, *(head or (None, None)))


def gone_after_seconds(manifest: ChainManifest) -> float:
    """How long no node must have answered before anybody may declare the chain gone."""
    most = float(settings.CHAIN_GONE_SECONDS)
    return min(most, LOCAL_SECONDS) if manifest.is_local else most


def open_by_fate(orders: QuerySet[Order], chain_id: int) -> Mapping[str, list[Order]]:
    """What becomes of these open orders when the chain is declared gone.

    `returned`: paid in on another chain, which returns it after `expires`. `kept`: in escrow there. `not_begun`:
    nothing was seen taken there. `ours`: we delivered, and are not repaid. `others`: somebody else delivered.
    """
    found: dict[str, list[Order]] = {fate: [] for fate in ("returned", "kept", "not_begun", "ours", "others")}
    for order in orders.order_by("order_id"):
        found[_fate(order, chain_id)].append(order)
    return found


def _fate(order: Order, chain_id: int) -> str:
    state = OrderState(order.resume_state or order.state)
    if order.delivered_amount is not None:
        return "ours" if ledger.is_filled(order) else "others"
    if order.origin_id != chain_id:
        return "returned"
    return "not_begun" if state in BEFORE_OPEN else "kept"


def is_declared_gone(chain_id: int) -> bool:
    """Whether two people said so, and it did not come back since."""
    return Departure.objects.filter(chain_id=chain_id, kind=Departure.Kind.GONE, ended_at=None).exists()


def set_aside(chain_id: int) -> QuerySet[Order]:
    """Orders from or to the chain that wait for a chain to come back."""
    return Order.objects.filter(
        Q(origin_id=chain_id) | Q(destination_id=chain_id),
        state=OrderState.NEEDS_ATTENTION,
        reason__code=CHAIN_GONE,
    )


def wake_waiting(chain_id: int) -> None:
    """Have those looked at again, and what was left where nothing could be sent to."""
    left = Order.objects.filter(Q(ended_at=None) | Q(payout="claimable"), origin_id=chain_id, wake_at=0)
    for orders in (set_aside(chain_id), left):
        wake_orders(list(orders.values_list("order_id", flat=True)))


def is_out_of_reach(case: Case) -> bool:
    """Whether nothing can be sent for the order: it is set aside, or its origin has left."""
    return is_set_aside(case) or case.origin.chain_id not in registry.all_chains()


def is_set_aside(case: Case) -> bool:
    """Whether nothing is done for the order until a chain is back, or another chain shows what became of it."""
    return case.state is OrderState.NEEDS_ATTENTION and case.order.reason.get("code") == CHAIN_GONE


def part(case: Case) -> bool:
    """Set an order aside for which nothing can be done, or take it up again; True when it moved."""
    if is_set_aside(case):
        return not _gone(case) and _take_up(case)
    if case.state in ORDER_ENDED:
        return False
    gone = _gone(case)
    return bool(gone) and _is_stuck(case, gone) and _set_aside(case, min(gone))


def _gone(case: Case) -> set[int]:
    """Which of the order's chains are declared gone; asked only where the newest block is old."""
    ends = {case.origin.chain_id, case.destination.chain_id}
    fresh = time.time() - REPORT_SECONDS
    old = {each for each in ends if each not in case.heads or case.heads[each].seen_at < fresh}
    if not old and not is_set_aside(case):
        return set()
    rows = Departure.objects.filter(chain_id__in=ends, kind=Departure.Kind.GONE, ended_at=None)
    return set(rows.values_list("chain_id", flat=True))


def _is_stuck(case: Case, gone: set[int]) -> bool:
    if case.origin.chain_id in gone:
        return True
    if current_state(case) not in DELIVERED:
        # The origin returns it after `expires`, which needs nothing from the other chain.
        return False
    is_proven = is_done(case.step(StepKind.PROVE))
    return not is_proven and case.clock(case.origin.chain_id) > case.terms.expires


@transaction.atomic
def _set_aside(case: Case, chain_id: int) -> bool:
    chain = registry.once_connected(chain_id)
    reason = {"code": CHAIN_GONE, "params": {"chain": chain.name if chain else f"#{chain_id}"}}
    state = current_state(case)
    if case.state is OrderState.NEEDS_ATTENTION:
        lease.write(case.lease, where={"state": case.order.state}, reason=reason)
        case.order.reason = reason
        events.record(case.order.order_id, "set_aside", reason=reason)
    else:
        move_order(
            case,
            OrderState.NEEDS_ATTENTION,
            event="set_aside",
            data={"reason": reason},
            reason=reason,
            resume_state=state,
        )
    if state in DELIVERED:
        alerts.book_loss(case.order)
    reservations.release(case.order.order_id)
    return True


@transaction.atomic
def _take_up(case: Case) -> bool:
    state = current_state(case)
    move_order(case, state, event="taken_up", data={"state": state}, reason={}, resume_state="", failures=0)
    alerts.undo_loss(case.order)
    return True
