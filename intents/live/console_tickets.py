"""`/ws/console/tickets/` and `/ws/console/tickets/<id>/`: the questions of people, for staff who answer them."""

from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import ticket_group
from intents.selectors.tickets import any_ticket, money_as_read, queue, talk_of
from intents.selectors.timeline import timeline
from intents.services.staff.roles import ANSWER_TICKETS

from .staff import StaffConsumer

ROWS = "console/ticket_rows.html"
MESSAGES = "console/ticket_talk.html"
NEW_MESSAGES = "console/ticket_new.html"
STATUS = "console/ticket_status.html"
MONEY = "parts/help_money.html"
THEIRS = "console/ticket_theirs.html"


class _Parts(StaffConsumer):
    """Sends a part of the page only when its text changed."""

    permission = ANSWER_TICKETS
    sent_parts: dict[str, str]

    def changed(self, name: str, context: dict[str, Any]) -> str:
        text = render_to_string(name, {**context, "is_oob": True})
        if self.sent_parts.get(name) == text:
            return ""
        self.sent_parts[name] = text
        return text


class ConsoleTicketsConsumer(_Parts):
    """The list of open questions. It joins no group: new ones come to nobody's, so it looks by itself."""

    look_again_seconds: ClassVar[float] = 2.0

    def group_names(self) -> tuple[str, ...]:
        return ()

    def is_there(self) -> bool:
        self.sent_parts = {}
        return True

    def news(self, *, is_first: bool) -> str:
        with translation.override(self.language):
            return self.changed(ROWS, {"rows": queue()})


class ConsoleTicketConsumer(_Parts):
    """One conversation, message by message, and where the person's money is; `?after=<seq>` is what the page has."""

    look_again_seconds: ClassVar[float] = 2.0

    def group_name(self) -> str:
        return ticket_group(self._id())

    def is_there(self) -> bool:
        after = self.query("after")
        self.last_seq = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        self.sent_parts = {}
        return any_ticket(self._id()) is not None

    async def ticket_changed(self, message: dict[str, Any]) -> None:
        """There is another message, or the state changed."""
        await self.tell()

    def news(self, *, is_first: bool) -> str:
        ticket = any_ticket(self._id())
        if ticket is None:
            return ""
        with translation.override(self.language):
            talk = talk_of(ticket)
            new = [message for message in talk.messages if message.seq > self.last_seq]
            self.last_seq = max(self.last_seq, talk.last_seq)
            said = ""
            if new and is_first:
                said = render_to_string(MESSAGES, {"talk": talk, "is_oob": True})
            elif new:
                said = render_to_string(NEW_MESSAGES, {"messages": new})
            theirs = money_as_read(ticket)
            return (
                said
                + self.changed(STATUS, {"talk": talk})
                + self.changed(MONEY, {"timeline": timeline(ticket.order)})
                + (self.changed(THEIRS, {"theirs": theirs}) if theirs else "")
            )

    def _id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["ticket_id"])
