"""`/ws/history/`: the lines that a history shows, each sent again when it changed."""

from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import order_group
from intents.selectors import history
from intents.selectors.access import orders_of

from .frames import LiveConsumer
from .lines import asked_lines


class HistoryConsumer(LiveConsumer):
    """Only the lines that were asked for, and of these only the viewer's own.

    `?lines=<order id>.<version>,…` are the lines on the page as they stand there.
    """

    # A transfer becomes slower than usual by the clock, and an answer to a question hints to its own page alone.
    look_again_seconds: ClassVar[float] = 5.0

    def group_names(self) -> tuple[str, ...]:
        return tuple(order_group(order_id) for order_id in self.versions)

    @database_sync_to_async
    def may_listen(self) -> bool:
        asked = asked_lines(self.query("lines"))
        own = orders_of(self.seen_by).filter(pk__in=list(asked)).values_list("pk", flat=True)
        self.versions = {order_id: asked[order_id] for order_id in own}
        return bool(self.versions)

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Something happened to one of the transfers."""
        await self.say(await self._read_one(str(message["order_id"])))

    @database_sync_to_async
    def _read_one(self, order_id: str) -> str:
        return self._changed([order_id])

    @database_sync_to_async
    def read(self, *, is_first: bool) -> str | None:
        return self._changed(list(self.versions))

    def _changed(self, order_ids: list[str]) -> str:
        asked = [order_id for order_id in order_ids if order_id in self.versions]
        orders = orders_of(self.seen_by).filter(pk__in=asked).select_related("quote", "deposit")
        with translation.override(self.language):
            lines = history.lines_of(list(orders))
            return "".join(self._line(line) for line in lines if self.versions[line.order_id] != line.version)

    def _line(self, line: history.Line) -> str:
        self.versions[line.order_id] = line.version
        return render_to_string("parts/history_line.html", {"line": line, "is_oob": True})
