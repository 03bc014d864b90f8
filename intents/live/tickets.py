"""`/ws/tickets/<id>/`: the person's side of a ticket, message by message."""

import time
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.models import Ticket
from intents.publish import ticket_group
from intents.selectors.tickets import Talk, mark_of, talk_of, ticket_for
from intents.services.tickets import mark_seen

from .frames import LiveConsumer
from .shared import shared_timeline

MONEY = "parts/help_money.html"
MESSAGES = "parts/help_talk.html"
NEW_MESSAGES = "parts/help_new.html"
STATE = "parts/help_state.html"
MARK = "parts/help_mark.html"


class TicketConsumer(LiveConsumer):
    """Every message reaches the client once and in order, whatever hints were lost or doubled.

    Only who owns the transfer listens: a secret link does not. JSON clients get {"type": "state", …,
    "messages": […]} first and {"type": "messages", …} with those after it later; `?after=<seq>` skips what
    they have. Pages get their parts; with `?part=mark` only the mark of a transfer's page.
    """

    # Where the money is changes without any message.
    look_again_seconds: ClassVar[float] = 2.0

    def group_name(self) -> str:
        return ticket_group(self._id())

    @database_sync_to_async
    def may_listen(self) -> bool:
        ticket = ticket_for(self._id(), self.seen_by)
        if ticket is None:
            return False
        self.shared = shared_timeline(ticket.order_id, self.language, is_masked=False)
        return True

    async def first_frame(self) -> str | None:
        self.sent_parts: dict[str, str] = {}
        self.is_mark = self.query("part") == "mark"
        after = self.query("after")
        self.last_seq = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        return await self.read(is_first=True)

    def looks_again(self) -> bool:
        """Only the page of the talk says where the money is."""
        return not self.is_json and not self.is_mark

    async def ticket_changed(self, message: dict[str, Any]) -> None:
        """There is another message, or the state changed: send what was not sent."""
        await self.tell()

    @database_sync_to_async
    def read(self, *, is_first: bool) -> str | None:
        ticket = ticket_for(self._id(), self.seen_by)
        if ticket is None:
            return None
        with translation.override(self.language):
            if self.is_mark:
                return self._changed(MARK, {"help": mark_of(ticket)})
            talk = talk_of(ticket)
            return self._json(talk, is_first=is_first) if self.is_json else self._html(ticket, talk, is_first)

    def _json(self, talk: Talk, *, is_first: bool) -> str:
        new = [message.to_json() for message in talk.messages if message.seq > self.last_seq]
        if not new and not is_first and self.sent_parts.get("state") == talk.ticket.state:
            return ""
        self.last_seq = max(self.last_seq, talk.last_seq)
        self.sent_parts["state"] = talk.ticket.state
        return self.frame({"type": "state" if is_first else "messages", **talk.state_json(), "messages": new})

    def _html(self, ticket: Ticket, talk: Talk, is_first: bool) -> str:
        new = [message for message in talk.messages if message.seq > self.last_seq]
        said = ""
        if new:
            # A page that was away gets all of them: what it shows may be older than it says.
            whole = render_to_string(MESSAGES, {"talk": talk, "is_oob": True}) if is_first else ""
            said = whole or render_to_string(NEW_MESSAGES, {"messages": new})
            self.last_seq = talk.last_seq
            mark_seen(ticket, talk.last_seq)
        state = self._changed(STATE, {"talk": talk})
        seen = self.shared.seen(since=time.monotonic() - self.look_again_seconds / 2)
        return said + state + (self._changed(MONEY, {"timeline": seen.view}) if seen else "")

    def _changed(self, name: str, context: dict[str, Any]) -> str:
        text = render_to_string(name, {**context, "is_oob": True})
        if self.sent_parts.get(name) == text:
            return ""
        self.sent_parts[name] = text
        return text

    def _id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["ticket_id"])
