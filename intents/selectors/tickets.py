"""Tickets as both sides see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, override

from intents.models import Order, Ticket, TicketMessage
from intents.services.code_words import said_code_word

from .access import Viewer, is_own
from .timeline import timeline


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message; `author` is the staff member's name, "" for the person."""

    seq: int
    author: str
    at: datetime
    text: str

    @property
    def is_ours(self) -> bool:
        """Whether staff wrote it."""
        return bool(self.author)

    def to_json(self) -> dict[str, Any]:
        """As sent to programs of the person, who are not told names of staff."""
        return {
            "seq": self.seq,
            "from": "staff" if self.is_ours else "you",
            "at": self.at.isoformat(),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Talk:
    """A ticket with its messages; `code_word` is in the reader's language."""

    ticket: Ticket
    code_word: str
    messages: tuple[MessageView, ...]

    @property
    def last_seq(self) -> int:
        """Number of the newest message."""
        return self.messages[-1].seq if self.messages else 0

    @property
    def is_closed(self) -> bool:
        """Whether either side ended it."""
        return self.ticket.state == Ticket.State.CLOSED

    @property
    def is_answered(self) -> bool:
        """Whether staff wrote last."""
        return self.ticket.state == Ticket.State.ANSWERED

    def state_json(self) -> dict[str, Any]:
        """The present as sent to programs, without the messages."""
        return {
            "ticket_id": str(self.ticket.pk),
            "order_id": self.ticket.order_id,
            "state": str(self.ticket.state),
            "code_word": self.ticket.code_word,
            "last_seq": self.last_seq,
        }


@dataclass(frozen=True, slots=True)
class MoneyAsRead:
    """The where-is-my-money sentence in the person's language."""

    language: str
    money: SafeString


@dataclass(frozen=True, slots=True)
class HelpMark:
    """What a transfer's page says of help: the ticket if there is one, and answers that were not seen yet."""

    order_id: str
    ticket_id: str = ""
    unread: int = 0


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One line of a list for staff."""

    ticket: Ticket
    messages: int
    last_text: str
    is_last_ours: bool

    @property
    def language(self) -> str:
        """The person's language, by its own name."""
        return own_name_of_language(self.ticket)


def newest_ticket(order: Order) -> Ticket | None:
    """The conversation about an order, ended or not."""
    return Ticket.objects.filter(order=order).select_related("order").order_by("-created_at").first()


def ticket_for(ticket_id: UUID | str, seen_by: Viewer) -> Ticket | None:
    """The ticket when it exists and is about an order of the viewer's own; a secret link shows none."""
    ticket = any_ticket(ticket_id)
    return ticket if ticket is not None and is_own(ticket.order, seen_by) else None


def any_ticket(ticket_id: UUID | str) -> Ticket | None:
    """The ticket, for staff."""
    return Ticket.objects.select_related("order", "order__quote").filter(pk=ticket_id).first()


def talk_of(ticket: Ticket) -> Talk:
    """The whole conversation, oldest first."""
    rows = ticket.messages.select_related("author").order_by("seq")
    messages = tuple(MessageView(row.seq, _name(row), row.at, row.text) for row in rows)
    return Talk(ticket, said_code_word(ticket.code_word, get_language() or ""), messages)


def language_read(ticket: Ticket) -> str:
    """The person's language, one of ours."""
    return ticket.language if ticket.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def own_name_of_language(ticket: Ticket) -> str:
    """What the person's language calls itself."""
    return str(get_language_info(language_read(ticket))["name_local"])


def money_as_read(ticket: Ticket) -> MoneyAsRead | None:
    """What the person reads about the money; None where it is what the reader of this reads, too."""
    language = language_read(ticket)
    if language == get_language():
        return None
    with override(language):
        return MoneyAsRead(language, timeline(ticket.order).money.html)


def help_mark(order: Order, seen_by: Viewer) -> HelpMark | None:
    """The mark on a transfer's page; None for who only holds its secret link."""
    if not is_own(order, seen_by):
        return None
    ticket = newest_ticket(order)
    return HelpMark(order.order_id) if ticket is None else mark_of(ticket)


def mark_of(ticket: Ticket) -> HelpMark:
    """The mark of a ticket."""
    return HelpMark(
        order_id=ticket.order_id,
        ticket_id=str(ticket.pk),
        unread=ticket.messages.filter(seq__gt=ticket.person_seen).exclude(author=None).count(),
    )


def with_unread(orders: Iterable[Order]) -> frozenset[str]:
    """Ids of those orders that have an answer which the person was not shown yet."""
    ids = [order.order_id for order in orders]
    unseen = TicketMessage.objects.filter(ticket__order_id__in=ids, seq__gt=F("ticket__person_seen"))
    return frozenset(unseen.exclude(author=None).values_list("ticket__order_id", flat=True))


def queue(*, is_closed: bool = False, most: int = 200) -> list[TicketRow]:
    """Who waits longest comes first, then what was answered, newest first; or what was closed, newest first."""
    closed = Q(state=Ticket.State.CLOSED)
    found = _rows(Ticket.objects.filter(closed if is_closed else ~closed))
    if is_closed:
        return [_row(ticket) for ticket in found.order_by("-closed_at")[:most]]
    return [
        _row(ticket)
        for ticket in found.order_by(F("waiting_since").asc(nulls_last=True), "-changed_at")[:most]
    ]


def of_order(order: Order) -> list[TicketRow]:
    """The tickets about one order, newest first."""
    return [_row(ticket) for ticket in _rows(Ticket.objects.filter(order=order)).order_by("-created_at")]


def _rows(found: QuerySet[Ticket]) -> QuerySet[Any]:
    last = TicketMessage.objects.filter(ticket=OuterRef("pk")).order_by("-seq")
    return found.select_related("order", "order__quote").annotate(
        message_count=Count("messages"),
        last_text=Subquery(last.values("text")[:1]),
        last_author=Subquery(last.values("author_id")[:1]),
    )


def _row(ticket: Any) -> TicketRow:
    return TicketRow(
        ticket=ticket,
        messages=ticket.message_count,
        last_text=ticket.last_text or "",
        is_last_ours=ticket.last_author is not None,
    )


def _name(message: TicketMessage) -> str:
    return str(message.author.get_username()) if message.author is not None else ""
