"""The saved views, each a condition that an index answers, and how many orders are in them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import OrderState, StepKind
from intents.models import Order
from intents.models.orders import RUNNING
from intents.selectors.deposit import WAY as DEPOSIT
from intents.selectors.order_rows import promised_seconds, readable
from intents.selectors.timeline import DEFAULT_ETA_SECONDS, SLOW_FACTOR, SLOW_SLACK_SECONDS

# Counting stops here: what more there is, nobody reads line by line.
MOST_COUNTED = 1000
MOST_DEPOSITS = 2000
USD_E8: Final = 10**8


@dataclass(frozen=True, slots=True)
class Tally:
    """How many, up to MOST_COUNTED; `is_more` says that there are more than `count`."""

    count: int
    is_more: bool

    @property
    def text(self) -> str:
        """Such as 12 or 1,000+."""
        return f"{self.count:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: its name in addresses, its title, what it is for; `is_urgent` when any order in it is work."""

    name: str
    title: Any
    words: Any
    is_urgent: bool
    narrow: Callable[[QuerySet[Order]], QuerySet[Order]]


def tally(orders: QuerySet[Order], *, most: int = MOST_COUNTED) -> Tally:
    """Count as far as `most`."""
    count = orders.order_by().values("pk")[: most + 1].count()
    return Tally(min(count, most), count > most)


def tallies() -> dict[str, Tally]:
    """Counts by view."""
    return {name: tally(view.narrow(Order.objects.all())) for name, view in VIEWS.items()}


def orders_in(view: View) -> QuerySet[Order]:
    """The view's orders, ready for `order_rows.rows_of`."""
    return readable(view.narrow(Order.objects.all()))


def _slow(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Not delivered after as long as people are told that it is slower than usual."""
    now = time.time()
    eta = Coalesce(NullIf(F("quote__eta_seconds"), 0), Value(DEFAULT_ETA_SECONDS))
    promised = Cast(Greatest(eta * SLOW_FACTOR, eta + SLOW_SLACK_SECONDS), FloatField())
    # Annotated, so that orders without a quote stay in.
    running = orders.filter(state__in=RUNNING, delivered_at=None).annotate(late_after=promised)
    late = (
        ~Q(confirm_way=DEPOSIT)
        & Q(received_at__lt=now - SLOW_SLACK_SECONDS)
        & Q(received_at__lt=Value(now, output_field=FloatField()) - F("late_after"))
    )
    deposits = _late_deposits(now)
    return running.filter(late | Q(pk__in=deposits) if deposits else late)


def _late_deposits(now: float) -> list[str]:
    """Those paid to an address count from when the payment was there."""
    paid = Order.objects.filter(state__in=RUNNING, delivered_at=None, confirm_way=DEPOSIT)
    began = paid.filter(steps__started_at__isnull=False, steps__kind=StepKind.OPEN).values_list(
        "pk", "steps__started_at", "quote__eta_seconds"
    )
    return [
        order_id
        for order_id, opened, eta in began[:MOST_DEPOSITS]
        if opened and now - opened.timestamp() > promised_seconds(eta)
    ]


def _needs_person(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.filter(state=OrderState.NEEDS_ATTENTION)


def _refund_due(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.filter(state__in=(OrderState.REFUND_DUE, OrderState.REFUNDING))


def _high_value(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.filter(value_usd_e8__gte=settings.CONSOLE_HIGH_VALUE_USD * USD_E8)


def _all(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders


VIEWS: Final[dict[str, View]] = {
    view.name: view
    for view in (
        View(
            "slow",
            _("Slower than promised"),
            _("Not delivered after twice the expected time."),
            True,
            _slow,
        ),
        View("person", _("Needs a person"), _("Stopped until one of us has looked."), True, _needs_person),
        View(
            "refund",
            _("Refund due"),
            _("Not delivered in time: the money is on its way back."),
            True,
            _refund_due,
        ),
        View(
            "high", _("High value"), _("Worth so much that somebody may want to watch."), False, _high_value
        ),
        View("all", _("All"), _("Every transfer."), False, _all),
    )
}
