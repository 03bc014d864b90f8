"""`/ws/console/rows/`: the lines that a list of the console shows, each sent again when it changed."""

import asyncio
import contextlib
import re
from datetime import datetime
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from intents.models import Order
from intents.publish import order_group
from intents.selectors.order_lists import VIEWS, BadFilter, Tally, read_filters, tally
from intents.selectors.order_rows import OrderRow, readable, rows_of
from intents.services.staff.roles import VIEW_ADDRESSES, VIEW_TRANSFERS, is_let_in, may

from .frames import LiveConsumer

MOST_LINES = 60
MOST_NEW = 99
# Lines become late by the clock, and new orders enter a view without any hint to those who look at it.
LOOK_AGAIN_SECONDS = 5.0
_LINE = re.compile(r"(0x[0-9a-f]{64})(?:\.([0-9a-f]{8}))?")


class ConsoleRowsConsumer(LiveConsumer):
    """Only staff who may see transfers, only the orders that were asked for, never a group of all.

    `?lines=<order id>.<version>,…` are the lines on the page as they stand there; `newest` is the moment of
    the first one where new orders come in above it, with the view and filters they must pass.
    """

    looking: asyncio.Task[None] | None = None

    def group_names(self) -> tuple[str, ...]:
        return tuple(order_group(order_id) for order_id in self.versions)

    @database_sync_to_async
    def may_listen(self) -> bool:
        self.versions = self._asked_for()
        self.arrived = Tally(0, False)
        return self._is_let_in()

    async def viewer(self) -> Any:
        """The member of staff behind the session's cookie."""
        session = self.scope.get("session")
        self.user: Any = await get_user(self.scope) if session is not None else AnonymousUser()
        return await super().viewer()

    async def first_frame(self) -> str | None:
        return await self._changed(list(self.versions))

    async def connect(self) -> None:
        """Listen, and look again by oneself now and then."""
        await super().connect()
        if self.is_listening:
            self.looking = asyncio.create_task(self._look_again())

    async def disconnect(self, code: int) -> None:
        """Stop looking."""
        if self.looking is not None and self.looking is not asyncio.current_task():
            self.looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.looking
        await super().disconnect(code)

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Something happened to one of the orders."""
        text = await self._changed([str(message["order_id"])])
        if text:
            await self.send(text_data=text)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            text = await self._changed(list(self.versions), is_view_looked_at=True)
            if text is None:
                # Logged out, or no longer allowed.
                return await self.close(code=4403)
            if text:
                await self.send(text_data=text)

    @database_sync_to_async
    def _changed(self, order_ids: list[str], *, is_view_looked_at: bool = False) -> str | None:
        if not self._is_let_in():
            return None
        orders = readable(Order.objects.filter(pk__in=[each for each in order_ids if each in self.versions]))
        with translation.override(self.language):
            rows = rows_of(orders, may_see=may(self.user, VIEW_ADDRESSES))
            text = "".join(self._line(row) for row in rows if self.versions[row.order_id] != row.version)
            return text + (self._arrivals() if is_view_looked_at else "")

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

    def _is_let_in(self) -> bool:
        session = self.scope.get("session")
        if session is None or not self.user.pk or not session.exists(session.session_key):
            return False
        self.user = get_user_model().objects.filter(pk=self.user.pk).first() or AnonymousUser()
        return is_let_in(self.user, VIEW_TRANSFERS, session)

    def _asked_for(self) -> dict[str, str]:
        lines = [_LINE.fullmatch(part) for part in self.query("lines").split(",")[:MOST_LINES]]
        return {line.group(1): line.group(2) or "" for line in lines if line}


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
