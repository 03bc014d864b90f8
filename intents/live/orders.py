"""`/ws/orders/<id>/`: a transfer's timeline, event by event."""

from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import order_group
from intents.selectors.access import may_see_addresses, order_for
from intents.selectors.timeline import Timeline, masked, timeline

from .frames import LiveConsumer

# Parts of the page, sent only when their text changed, so that a focused button stays where it is.
HEAD = "parts/timeline_head.html"
PARTS = (HEAD, "parts/timeline_result.html", "parts/timeline_steps.html", "parts/timeline_events.html")


class OrderConsumer(LiveConsumer):
    """Every event reaches the client exactly once and in order, whatever hints were lost or doubled.

    JSON clients get {"type": "state", …, "events": […]} first and then {"type": "events", …} with the
    events after those; `?after=<seq>` skips what they already have.
    """

    # Blocks are counted and a transfer becomes slower than usual without any event.
    look_again_seconds: ClassVar[float] = 2.0

    def group_name(self) -> str:
        return order_group(self.scope["url_route"]["kwargs"]["order_id"])

    @database_sync_to_async
    def may_listen(self) -> bool:
        return order_for(self.scope["url_route"]["kwargs"]["order_id"], self.seen_by) is not None

    async def first_frame(self) -> str | None:
        self.sent_parts: dict[str, object] = {}
        self.is_settled = False
        after = self.query("after")
        self.last_seq = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        return await self.read(is_first=True)

    def looks_again(self) -> bool:
        """Programs count by themselves."""
        return not self.is_json

    def is_over(self) -> bool:
        return self.is_settled

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Event `seq` exists: send everything after what was sent."""
        if int(message.get("seq", 0)) <= self.last_seq and self.is_json:
            return
        await self.tell()

    @database_sync_to_async
    def read(self, *, is_first: bool) -> str | None:
        order = order_for(self.scope["url_route"]["kwargs"]["order_id"], self.seen_by)
        if order is None:
            return None
        with translation.override(self.language):
            view = timeline(order)
            if not may_see_addresses(order, self.seen_by):
                view = masked(view)
            return self._json(view, is_first=is_first) if self.is_json else self._html(view)

    def _json(self, view: Timeline, *, is_first: bool) -> str:
        events = [event.to_json() for event in view.events if event.seq > self.last_seq]
        if not events and not is_first:
            return ""
        self.last_seq = max(self.last_seq, view.last_seq)
        kind = "state" if is_first else "events"
        return self.frame({"type": kind, **view.state_json(), "events": events})

    def _html(self, view: Timeline) -> str:
        self.is_settled = view.is_settled
        self.last_seq = max(self.last_seq, view.last_seq)
        return "".join(self._changed_part(name, view) for name in PARTS)

    def _changed_part(self, name: str, view: Timeline) -> str:
        text = render_to_string(name, {"timeline": view, "is_oob": True, "access_query": self.access_query()})
        # The head's clock runs on the page: the passing of time alone is no change.
        moving = (
            view.shown,
            view.headline,
            view.progress,
            view.money,
            view.reason,
            view.is_settled,
            view.relief,
            view.deposit is None,
            view.remaining is not None and view.remaining.seconds is None,
        )
        content = moving if name == HEAD else text
        if self.sent_parts.get(name) == content:
            return ""
        self.sent_parts[name] = content
        return text
