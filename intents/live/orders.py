"""`/ws/orders/<id>/`: a transfer's timeline, event by event."""

import asyncio
import contextlib
from typing import Any

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

# Blocks are counted and a transfer becomes slower than usual without any event.
LOOK_AGAIN_SECONDS = 2.0


class OrderConsumer(LiveConsumer):
    """Every event reaches the client exactly once and in order, whatever hints were lost or doubled.

    JSON clients get {"type": "state", …, "events": […]} first and then {"type": "events", …} with the
    events after those; `?after=<seq>` skips what they already have.
    """

    looking: asyncio.Task[None] | None = None

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
        return await self._read(is_first=True)

    async def connect(self) -> None:
        """Listen, and look again by oneself now and then."""
        await super().connect()
        if self.is_listening and not self.is_json:
            self.looking = asyncio.create_task(self._look_again())

    async def disconnect(self, code: int) -> None:
        """Stop looking."""
        if self.looking is not None:
            self.looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.looking
        await super().disconnect(code)

    async def _look_again(self) -> None:
        while not self.is_settled:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            text = await self._read(is_first=False)
            if text is None:
                return
            if text:
                await self.send(text_data=text)

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Event `seq` exists: send everything after what was sent."""
        if int(message.get("seq", 0)) <= self.last_seq and self.is_json:
            return
        text = await self._read(is_first=False)
        if text:
            await self.send(text_data=text)

    @database_sync_to_async
    def _read(self, *, is_first: bool) -> str | None:
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
