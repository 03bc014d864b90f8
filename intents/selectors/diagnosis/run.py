"""Diagnosing one order, and all unfinished ones at once."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import BEFORE_OPEN, DELIVERED, ORDER_ENDED, RETURNING, OrderState
from intents.models import Order
from intents.selectors.timeline import is_gone

from .facts import Facts, of_order, of_orders
from .finding import Cause, Counted, Finding, Severity, Words
from .registry import BY_CODE, CAUSES
from .scene import scene

log = structlog.get_logger(__name__)

MOST_ORDERS: Final = 5_000
MOST_LISTED: Final = 500
ENDED_WITHIN: Final = timedelta(hours=24)
KEYS_SHOWN: Final = 5
# Said of an order that nothing else explains.
FALLBACK: Final = "carries_on"

_THEN_OVER: Final = _("Nothing more happens by itself.")
_THEN_CLAIM: Final = _(
    "By itself: it is sent to the user again every hour, and the user can collect it at any time."
)
_THEN_PARKED: Final = _(
    "By itself: what the chains show still moves it, and once %(by)s has passed it goes on and the "
    "money goes back."
)
_THEN_GONE: Final = _("By itself: nothing until the chain is back; then it goes on where it stopped.")
_THEN_OPEN: Final = _(
    "By itself: it is tried until %(by)s (%(left)s left). Nothing has been taken before that."
)
_THEN_FILL: Final = _(
    "By itself: it is tried again all the time. Unless it is paid out by %(by)s (%(left)s left), the "
    "money goes back."
)
_THEN_BACK: Final = _("By itself: the time to pay it out has passed (%(by)s), so the money goes back now.")
_THEN_PROVE: Final = _(
    "The person has the money. By itself: it is tried until it works; our claim on the escrow ends "
    "at %(expires)s."
)
_THEN_RETURN: Final = _(
    "By itself: the refund is carried on. After %(expires)s anybody can release it without any proof."
)


@dataclass(frozen=True, slots=True)
class Affected:
    """Orders that a cause explains, and whether there are more than are listed."""

    cause: Cause
    key: str
    found: tuple[tuple[Order, Finding], ...]
    is_cut: bool


def diagnose(order: Order) -> list[Finding]:
    """Every cause that explains why the order is where it is, best first; at least one."""
    return _findings(of_order(order))


def top(order: Order) -> Finding:
    """The best explanation."""
    return diagnose(order)[0]


def affected(code: str, key: str = "", *, most: int = MOST_LISTED) -> Affected:
    """The orders that this cause explains now, with the same key if one is given; newest first.

    Raises KeyError for a cause that does not exist.
    """
    cause = BY_CODE[code]
    found: list[tuple[Order, Finding]] = []
    is_cut = False
    for facts in _all(is_of_ended=cause.is_of_ended):
        finding = _look(cause, facts)
        if finding is None or (key and finding.key != key):
            continue
        if len(found) >= most:
            is_cut = True
            break
        found.append((facts.order, finding))
    return Affected(cause=cause, key=key, found=tuple(found), is_cut=is_cut)


def census() -> list[Counted]:
    """How many unfinished orders each cause explains best, the gravest first; and how many are fine."""
    orders: Counter[str] = Counter()
    keys: dict[str, Counter[str]] = defaultdict(Counter)
    for facts in _all(is_of_ended=False):
        first = next(_each(facts))
        orders[first.code] += 1
        keys[first.code][first.key] += 1
    grave = [Severity.TROUBLE, Severity.WAIT, Severity.FINE]
    counted = [
        Counted(BY_CODE[code], count, tuple(keys[code].most_common(KEYS_SHOWN)))
        for code, count in orders.items()
    ]
    return sorted(counted, key=lambda each: (grave.index(each.cause.severity), -each.orders))


def _all(*, is_of_ended: bool) -> Iterator[Facts]:
    wanted = ~Q(state__in=[str(state) for state in ORDER_ENDED])
    if is_of_ended:
        wanted |= Q(ended_at__gt=timezone.now() - ENDED_WITHIN)
    rows = Order.objects.filter(wanted).order_by("-created_at").defer("terms", "signature")
    yield from of_orders(list(rows[:MOST_ORDERS]), scene())


def _findings(facts: Facts) -> list[Finding]:
    return list(_each(facts))


def _each(facts: Facts) -> Iterator[Finding]:
    is_explained = False
    for cause in CAUSES:
        if cause.code == FALLBACK and is_explained:
            continue
        finding = _look(cause, facts)
        if finding is not None:
            is_explained = True
            yield finding


def _look(cause: Cause, facts: Facts) -> Finding | None:
    try:
        numbers = cause.find(facts)
    except Exception:
        # A row that nobody foresaw must not hide the other causes from staff.
        log.exception("diagnosis.failed", cause=cause.code, order_id=facts.order.pk)
        return None
    if numbers is None:
        return None
    params: dict[str, Any] = {**_common(facts), **numbers}
    key = str(params.pop("key", ""))
    return Finding(cause, params, _then(facts), key)


def _common(facts: Facts) -> dict[str, Any]:
    return {
        "by": facts.order.fill_deadline,
        "expires": facts.order.expires,
        "left": max(0.0, facts.fill_left),
    }


def _then(facts: Facts) -> Words:
    state = facts.state
    if facts.order.state == OrderState.REFUNDED and facts.order.payout == "claimable":
        return _THEN_CLAIM
    if facts.is_ended:
        return _THEN_OVER
    if is_gone(facts.order):
        return _THEN_GONE
    if facts.is_parked:
        return _THEN_PARKED
    if state in BEFORE_OPEN:
        return _THEN_OPEN
    if state in DELIVERED:
        return _THEN_PROVE
    if state in RETURNING:
        return _THEN_RETURN
    return _THEN_FILL if facts.fill_left > 0 else _THEN_BACK
