"""Who may change an order: a lease in the order's own row, with a fence that outlives it.

Leases are wall time. A holder that stalls past its lease loses it: every write names the fence it was
taken with, so a late writer changes no row and gets LeaseLost.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, When

from intents.models import Order

# As long as an order stands still when its worker is killed; a slower worker loses its turn, not its work.
LEASE_SECONDS = 15.0
# Workers on other machines have other clocks.
CLOCK_TOLERANCE_SECONDS = 0.5


class LeaseLost(Exception):
    """Somebody else took the order over, or its state moved under us; nothing was written."""

    code = "lease_lost"
    retry = True


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one order until `until` (wall time, seconds).

    `unfinished` looks in a row before it never came to an end: their workers were killed, or took too long.
    """

    order_id: str
    owner: str
    fence: int
    until: float
    unfinished: int = 0


def take(order_id: str, *, seconds: float = LEASE_SECONDS, only_due: bool = False) -> Lease | None:
    """Lease an order, or None when it is held by somebody else or does not exist.

    With `only_due` also None when it has nothing to do yet: doubled hints cost one query.
    """
    now = time.time()
    owner = secrets.token_hex(12)
    until = now + seconds
    # wake_at = until: when the holder dies, the sweep finds the order the moment its lease runs out.
    rows = Order.objects.filter(order_id=order_id, leased_until__lt=now)
    if only_due:
        rows = rows.filter(wake_at__gt=0, wake_at__lte=now + CLOCK_TOLERANCE_SECONDS)
    # Whoever gives an order back leaves no owner: one that is still there never came to its end.
    unfinished = Case(When(lease_owner="", then=F("unfinished")), default=F("unfinished") + 1)
    taken = rows.update(
        lease_owner=owner, leased_until=until, fence=F("fence") + 1, wake_at=until, unfinished=unfinished
    )
    if not taken:
        return None
    row = Order.objects.values_list("fence", "lease_owner", "unfinished").get(order_id=order_id)
    return Lease(order_id, owner, row[0], until, unfinished=row[2]) if row[1] == owner else None


def is_held(lease: Lease) -> bool:
    """Whether the lease is still ours and has not run out."""
    return (
        time.time() < lease.until
        and Order.objects.filter(order_id=lease.order_id, lease_owner=lease.owner, fence=lease.fence).exists()
    )


def pin(lease: Lease) -> None:
    """Hold the lease's row until the end of the transaction: nobody takes the order over before that.

    Raises LeaseLost when somebody has.
    """
    write(lease, fence=lease.fence)


def write(lease: Lease, *, where: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change the leased order's row; `where` adds compare-and-set conditions. Raises LeaseLost."""
    rows = Order.objects.filter(
        order_id=lease.order_id, lease_owner=lease.owner, fence=lease.fence, **(where or {})
    )
    if rows.update(**changes) != 1:
        raise LeaseLost(lease.order_id)


def release(lease: Lease, *, wake_at: float, **changes: Any) -> bool:
    """Give the order back, to be looked at again at `wake_at` (wall time, seconds; 0 = never).

    False, with the lease kept, when somebody woke the order meanwhile: look again before releasing.
    Raises LeaseLost.
    """
    rows = Order.objects.filter(
        order_id=lease.order_id, lease_owner=lease.owner, fence=lease.fence, wake_at=lease.until
    )
    if rows.update(lease_owner="", leased_until=0, wake_at=wake_at, **changes) == 1:
        return True
    write(lease, wake_at=lease.until)
    return False


def put_back(lease: Lease, *, wake_at: float) -> bool:
    """Give back an order that was not looked at for its own sake; no error when it is no longer ours.

    It is to be looked at again at `wake_at` (wall time, seconds). False when somebody woke it meanwhile: then it
    is due already, and whoever was told so found it leased.
    """
    mine = Order.objects.filter(order_id=lease.order_id, lease_owner=lease.owner, fence=lease.fence)
    if mine.filter(wake_at=lease.until).update(lease_owner="", leased_until=0, wake_at=wake_at):
        return True
    return not mine.update(lease_owner="", leased_until=0)


def surrender(lease: Lease, *, wake_at: float, **changes: Any) -> None:
    """Give the order back whatever happened meanwhile; no error when it is no longer ours.

    It waits for no block: each would cut the pause short.
    """
    Order.objects.filter(order_id=lease.order_id, lease_owner=lease.owner, fence=lease.fence).update(
        lease_owner="", leased_until=0, wake_at=wake_at, wait_chain_id=None, wait_block=None, **changes
    )
