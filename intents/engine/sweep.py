"""The liveness: every few seconds, find what is due, whatever the queue did with its hints."""

import time
from datetime import timedelta

import structlog
from django.utils import timezone

from intents import wake
from intents.chains import registry
from intents.chains.recovery import mend_chain
from intents.models import Order, Quote, QuoteState

from . import reservations
from .gas import watch_reserves
from .urgency import expiring
from .waking import hurry

log = structlog.get_logger(__name__)

MOST_ORDERS = 200
QUEUED_SECONDS = 1.0
QUOTE_LATE_SECONDS = 3.0
QUOTE_LOST_SECONDS = 60.0


def sweep() -> int:
    """Wake due orders and quotes, mend stuck transactions; the number of orders woken."""
    woken = wake_due_orders(time.time())
    wake_late_quotes()
    chains = registry.all_chains()
    for manifest in chains.values():
        reservations.release_unopened(manifest)
    # What asks nodes comes after everything that does not: one that hangs holds up neither orders nor stock.
    for chain_id in chains:
        _mend(chain_id)
    watch_reserves()
    return woken


def _mend(chain_id: int) -> None:
    try:
        mend_chain(chain_id)
    except Exception:  # what one node answers does not keep the other chains from being mended
        log.exception("sweep.mend_failed", chain=chain_id)


def wake_due_orders(now: float) -> int:
    """Enqueue orders whose time has come and that nobody holds; `now` is wall time, seconds.

    Those that expire soon come first, and are hurried even while they stand in the queue.
    """
    due = Order.objects.filter(wake_at__gt=0, wake_at__lte=now, leased_until__lt=now)
    near = due.filter(order_id__in=expiring()[:MOST_ORDERS]).order_by("expires")
    orders = list(near.values_list("order_id", "delivered_at"))
    # Younger ones most likely stand in the queue; a second hint for an order costs one query.
    others = due.filter(wake_at__lte=now - QUEUED_SECONDS).exclude(order_id__in=[each[0] for each in orders])
    orders += others.order_by("wake_at").values_list("order_id", "delivered_at")[:MOST_ORDERS]
    hurry(orders)
    return len(orders)


def wake_late_quotes() -> int:
    """Enqueue quotes whose solver never answered; those that are too old are left alone."""
    now = timezone.now()
    late = Quote.objects.filter(
        state=QuoteState.SOLVING,
        created_at__lt=now - timedelta(seconds=QUOTE_LATE_SECONDS),
        created_at__gt=now - timedelta(seconds=QUOTE_LOST_SECONDS),
    )
    quote_ids = list(late.values_list("pk", flat=True)[:MOST_ORDERS])
    for quote_id in quote_ids:
        wake.solve(quote_id)
    return len(quote_ids)
