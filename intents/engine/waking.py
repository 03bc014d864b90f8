"""Have orders looked at: in the database for certain, through the queue for speed."""

import time
from collections.abc import Collection, Iterable
from datetime import datetime

from intents import wake
from intents.models import Order

from .urgency import expiring


def wake_orders(order_ids: Collection[str]) -> None:
    """Make orders due now and hurry a worker once this is committed.

    The row is what counts: a worker that holds the order sees the change before it lets go of it.
    """
    if not order_ids:
        return
    rows = Order.objects.filter(order_id__in=list(order_ids))
    rows.update(wake_at=time.time())
    hurry(rows.values_list("order_id", "delivered_at"))


def hurry(orders: Iterable[tuple[str, datetime | None]]) -> None:
    """Enqueue orders by id and time of delivery: delivered ones wait for the others, unless they expire soon."""
    found = list(orders)
    near = set(expiring([order_id for order_id, delivered_at in found if delivered_at]))
    for order_id, delivered_at in found:
        wake.advance(order_id, may_wait=delivered_at is not None and order_id not in near)


def waiting_for_block(chain_id: int, number: int) -> list[str]:
    """Orders that asked to be woken at this height of a chain."""
    rows = Order.objects.filter(wait_chain_id=chain_id, wait_block__lte=number)
    return list(rows.values_list("order_id", flat=True))


def live_on(chain_ids: Iterable[int]) -> list[str]:
    """Orders that are not done and have one of these chains as origin or destination."""
    wanted = list(chain_ids)
    rows = Order.objects.filter(wake_at__gt=0)
    found = set(rows.filter(origin_id__in=wanted).values_list("order_id", flat=True))
    return sorted(found | set(rows.filter(destination_id__in=wanted).values_list("order_id", flat=True)))
