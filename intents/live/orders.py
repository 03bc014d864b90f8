"""`/ws/orders/<id>/`: a transfer's timeline, event by event."""

import time
from typing import Any, ClassVar, Final
from zlib import crc32

from channels.db import database_sync_to_async
from django.utils import translation

from intents.publish import order_group
from intents.selectors.access import may_see_addresses, order_for
from intents.selectors.timeline import Timeline

from .frames import LiveConsumer
from .shared import HEAD, Seen, shared_timeline

# Parts of the page, sent only when their text changed, so that a focused button stays where it is.
PARTS = (HEAD, "parts/timeline_result.html", "parts/timeline_steps.html", "parts/timeline_events.html")
# Programs count by themselves: they are looked at for nothing but a hint that was lost.
PROGRAM_LOOKS_SECONDS: Final = 10.0


class OrderConsumer(LiveConsumer):
    """Every event reaches the client exactly once and in order, whatever hints were lost or doubled.

    JSON clients get {"type": "state", …, "events": […]} first and then {"type": "events", …} with the
    events after those; `?after=<seq>` skips what they already have.
    """

    # Blocks are counted and a transfer becomes slower than usual without any event.
    look_again_seconds: ClassVar[float] = 2.0

    def group_name(self) -> str:
        return order_group(self._id())

    @database_sync_to_async
    def may_listen(self) -> bool:
        order = order_for(self._id(), self.seen_by)
        if order is None:
            return False
        self.is_masked = not may_see_addresses(order, self.seen_by)
        self.shared = shared_timeline(order.order_id, self.language, is_masked=self.is_masked)
        return True

    async def first_frame(self) -> str | None:
        self.sent_parts: dict[str, object] = {}
        self.sent: Seen | None = None
        self.is_settled = False
        after = self.query("after")
        self.last_seq = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        return await self.read(is_first=True)

    def is_over(self) -> bool:
        return self.is_settled

    def next_look(self) -> float:
        """At the same moments for all who look at the same transfer: it is read once for them."""
        every = PROGRAM_LOOKS_SECONDS if self.is_json else self.look_again_seconds
        now, offset = time.monotonic(), crc32(self.group_name().encode()) % 1000 / 1000 * every
        return now + every - (now - offset) % every

    async def look(self, moment: float) -> None:
        await self.say(await self.read(is_first=False, since=moment))

    async def order_changed(self, message: dict[str, Any]) -> None:
        """Event `seq` exists: send everything after what was sent."""
        if int(message.get("seq", 0)) <= self.last_seq and self.is_json:
            return
        await self.tell()

    async def read(self, *, is_first: bool, since: float | None = None) -> str | None:
        """What changed as of `since`, monotonic seconds; without it as of now."""
        return await self._read(is_first, time.monotonic() if since is None else since)

    @database_sync_to_async
    def _read(self, is_first: bool, since: float) -> str | None:
        seen = self.shared.seen(since=since)
        if seen is None:
            return None
        if seen is self.sent:
            return ""
        self.sent = seen
        self.is_settled = seen.view.is_settled
        with translation.override(self.language):
            text = self._json(seen.view, is_first=is_first) if self.is_json else self._html(seen)
        return text if not text or self._may_still() else None

    def _may_still(self) -> bool:
        """Whether they may read it as it was read: what is shared is read for nobody in particular."""
        order = order_for(self._id(), self.seen_by)
        return order is not None and self.is_masked is not may_see_addresses(order, self.seen_by)

    def _json(self, view: Timeline, *, is_first: bool) -> str:
        events = [event.to_json() for event in view.events if event.seq > self.last_seq]
        if not events and not is_first:
            return ""
        self.last_seq = max(self.last_seq, view.last_seq)
        kind = "state" if is_first else "events"
        return self.frame({"type": kind, **view.state_json(), "events": events})

    def _html(self, seen: Seen) -> str:
        self.last_seq = max(self.last_seq, seen.view.last_seq)
        return "".join(self._changed_part(name, seen) for name in PARTS)

    def _changed_part(self, name: str, seen: Seen) -> str:
        part = seen.part(name, self.access_query())
        if self.sent_parts.get(name) == part.content:
            return ""
        self.sent_parts[name] = part.content
        return part.text

    def _id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["order_id"])
