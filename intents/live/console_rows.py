"""`/ws/console/rows/`: the lines that a list of the console shows, each sent again when it changed."""

from datetime import datetime
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from intents.models import Order
from intents.publish import order_group
from intents.selectors.order_lists import VIEWS, BadFilter, Tally, read_filters, tally
from intents.selectors.order_rows import OrderRow, readable, rows_of
from intents.services.staff.roles import VIEW_ADDRESSES, VIEW_TRANSFERS, may

from .lines import asked_lines
from .staff import StaffConsumer

MOST_NEW = 99


class ConsoleRowsConsumer(StaffConsumer):
    """Only staff who may see transfers, only the orders that were asked for, never a group of all.

    `?lines=<order id>.<version>,…` are the lines on the page as they stand there; `newest` is the moment of
    the first one where new orders come in above it, with the view and filters they must pass.
    """

    permission = VIEW_TRANSFERS
    # Lines become late by the clock, and new orders enter a view without any hint to those who look at it.
    look_again_seconds: ClassVar[float] = 5.0

    def group_names(self) -> tuple[str, ...]:
        return tuple(order_group(order_id) for order_id in self.versions)

    def is_there(self) -> bool:
        self.versions = asked_lines(self.query("lines"))
        self.arrived = Tally(0, False)
        return True

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Something happened to one of the orders."""
        await self.say(await self._read_one(str(message["order_id"])))

    @database_sync_to_async
    def _read_one(self, order_id: str) -> str | None:
        return self._changed([order_id]) if self.is_let_in() else None

    def news(self, *, is_first: bool) -> str:
        changed = self._changed(list(self.versions))
        if is_first:
            return changed
        with translation.override(self.language):
            return changed + self._arrivals()

    def _changed(self, order_ids: list[str]) -> str:
        orders = readable(Order.objects.filter(pk__in=[each for each in order_ids if each in self.versions]))
        with translation.override(self.language):
            rows = rows_of(orders, may_see=may(self.user, VIEW_ADDRESSES))
            return "".join(self._line(row) for row in rows if self.versions[row.order_id] != row.version)

    def _line(self, row: OrderRow) -> str:
        self.versions[row.order_id] = row.version
        return render_to_string("console/row.html", {"row": row, "is_oob": True})

    def _arrivals(self) -> str:
        values = QueryDict(self.scope.get("query_string", b""))
        view = VIEWS.get(values.get("view", ""))
        newest = _moment(values.get("newest", ""))
        if view is None or newest is None:
            return ""
        try:
            filters = read_filters(values.dict(), me=self.user)
        except BadFilter:
            return ""
        fresh = filters.narrow(view.narrow(Order.objects.filter(created_at__gt=newest)))
        arrived = tally(fresh, most=MOST_NEW)
        if arrived == self.arrived:
            return ""
        self.arrived = arrived
        context = {"arrived": arrived, "view": view, "filters": filters, "is_oob": True}
        return render_to_string("console/arrivals.html", context)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
