"""One order as one line for staff: in lists, among what was found, in exports and while it changes."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import ORDER_ENDED, OrderState, StepKind
from intents.models import Order, Step, Ticket
from intents.models.orders import RUNNING
from intents.services.words import text as error_words

from .deposit import WAY as DEPOSIT
from .masking import shown_address
from .network import TokenName, token_name
from .timeline import DEFAULT_ETA_SECONDS, SLOW_FACTOR, SLOW_SLACK_SECONDS

STATES: Final[dict[str, Any]] = {
    OrderState.AWAITING_DEPOSIT: _("Waits for payment"),
    OrderState.SIGNED: _("Signed"),
    OrderState.OPENING: _("Opening"),
    OrderState.OPENED: _("Opened"),
    OrderState.FILLING: _("Filling"),
    OrderState.FILLED: _("Filled"),
    OrderState.PROVING: _("Proving"),
    OrderState.SETTLED: _("Settled"),
    OrderState.REJECTED: _("Rejected"),
    OrderState.EXPIRED: _("Expired"),
    OrderState.REFUND_DUE: _("Refund due"),
    OrderState.REFUNDING: _("Refunding"),
    OrderState.REFUNDED: _("Refunded"),
    OrderState.NEEDS_ATTENTION: _("Needs a person"),
}
ROUTE_KINDS: Final[dict[str, Any]] = {
    "in_stock": _("In stock"),
    "swap_fill": _("Swap and fill"),
    "bridge_swap_fill": _("Bridge, swap and fill"),
}
_GOOD = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED, OrderState.REFUNDED)
_DUE = (OrderState.REFUND_DUE, OrderState.REFUNDING)
_READ = (
    "order_id", "state", "reason", "confirm_way", "route_kind", "user", "recipient", "origin_id",
    "destination_id", "input_token", "input_amount", "output_token", "output_amount", "output_expected",
    "delivered_amount", "value_usd_e8", "fill_deadline", "created_at", "received_at", "delivered_at",
    "ended_at", "quote__eta_seconds", "handling__assignee__username", "handling__resolved_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What a line shows. Amounts are base units; addresses are as the reader may see them.

    `late_since` is the wall time from which it is slower than promised, 0 when it is not.
    """

    order_id: str
    state: str
    created_at: datetime
    input_amount: int
    input_token: TokenName
    output_amount: int
    output_token: TokenName
    is_delivered: bool
    value_usd_e8: int
    user: str
    recipient: str
    route_kind: str
    fill_deadline: int
    is_ended: bool
    late_since: int
    reason: str
    assignee: str
    is_resolved: bool
    has_question: bool

    @property
    def dom_id(self) -> str:
        """The line's id on a page."""
        return f"row-{self.order_id}"

    @property
    def state_words(self) -> str:
        return str(STATES.get(self.state, self.state))

    @property
    def tone(self) -> str:
        """How the state is coloured; the words say the same."""
        if self.state == OrderState.NEEDS_ATTENTION:
            return "bad"
        if self.state in _DUE:
            return "due"
        return "good" if self.state in _GOOD else ""

    @property
    def route_words(self) -> str:
        return str(ROUTE_KINDS.get(self.route_kind, self.route_kind))

    @property
    def version(self) -> str:
        """Differs when the line does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]

    @property
    def to_other(self) -> bool:
        """Whether somebody else receives than who pays."""
        return self.user.lower() != self.recipient.lower()


def readable(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The orders with all that `rows_of` reads, and no more, in one query."""
    asked = Ticket.objects.filter(order=OuterRef("pk")).exclude(state=Ticket.State.CLOSED)
    began = Step.objects.filter(order=OuterRef("pk"), kind=StepKind.OPEN).values("started_at")[:1]
    return (
        orders.select_related("quote", "handling__assignee")
        .only(*_READ)
        .annotate(has_question=Exists(asked), open_began=Subquery(began))
    )


def rows_of(orders: Iterable[Order], *, may_see: bool, now: float | None = None) -> list[OrderRow]:
    """Lines of orders that were read through `readable`; `may_see` is whether addresses are shown whole."""
    moment = time.time() if now is None else now
    return [_row(order, may_see=may_see, now=moment) for order in orders]


def promised_seconds(eta_seconds: int | None) -> int:
    """After how long an order that was expected to take `eta_seconds` is slower than promised."""
    eta = eta_seconds or DEFAULT_ETA_SECONDS
    return max(SLOW_FACTOR * eta, eta + SLOW_SLACK_SECONDS)


def _row(order: Order, *, may_see: bool, now: float) -> OrderRow:
    is_delivered = order.delivered_amount is not None
    handling = getattr(order, "handling", None)
    code = str(order.reason.get("code", "")) if order.reason else ""
    return OrderRow(
        order_id=order.order_id,
        state=order.state,
        created_at=order.created_at,
        input_amount=order.input_amount,
        input_token=token_name(order.origin_id, order.input_token),
        output_amount=order.delivered_amount if is_delivered else order.output_expected,  # type: ignore[arg-type]
        output_token=token_name(order.destination_id, order.output_token),
        is_delivered=is_delivered,
        value_usd_e8=order.value_usd_e8,
        user=shown_address(order.user, may_see),
        recipient=shown_address(order.recipient, may_see),
        route_kind=order.route_kind,
        fill_deadline=order.fill_deadline,
        is_ended=order.state in ORDER_ENDED,
        late_since=_late_since(order, now),
        reason=error_words(code, order.reason.get("params", {})) if code else "",
        assignee=handling.assignee.get_username() if handling and handling.assignee else "",
        is_resolved=bool(handling and handling.resolved_at),
        has_question=order.has_question,  # type: ignore[attr-defined]
    )


def _late_since(order: Order, now: float) -> int:
    """Wall time from which the order is slower than promised; 0 when it is not."""
    if order.state not in RUNNING or order.delivered_at is not None:
        return 0
    began = order.received_at or order.created_at.timestamp()
    if order.confirm_way == DEPOSIT:
        opened = order.open_began  # type: ignore[attr-defined]
        began = opened.timestamp() if opened else now
    due = began + promised_seconds(order.quote.eta_seconds if order.quote else None)
    return int(due) if due < now else 0
