"""Tickets: a person asks about an own transfer, staff answer. Staff never begin, and secrets are never kept."""

import re
import unicodedata
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from intents import publish
from intents.errors import WaymeetError
from intents.models import Attempt, ChainLog, Order, Ticket, TicketMessage

from .code_words import new_code_word
from .secret_text import looks_secret
from .staff.audit import Actor, record

MOST_LETTERS: Final = 2000
# What somebody may write before staff have answered, and in one ticket altogether.
MOST_UNANSWERED: Final = 10
MOST_MESSAGES: Final = 500

# Control characters, halves of pairs, and marks that reorder or hide what is around them.
_UNSHOWN: Final = ("Cc", "Cs", "Cf")
_BLANK_LINES = re.compile(r"\n{3,}")
_TRIES: Final = 3


class MessageRefused(WaymeetError):
    """The root of everything that keeps a message from being sent. Nothing of it was kept."""


class MessageEmpty(MessageRefused):
    """There is no text."""

    code = "message_empty"


class MessageTooLong(MessageRefused):
    """The text has more than `most` letters."""

    code = "message_too_long"


class MessageSecret(MessageRefused):
    """The text seems to hold a seed phrase or a private key."""

    code = "message_secret"


class TooManyMessages(MessageRefused):
    """`most` messages wait for an answer, or the ticket is full."""

    code = "too_many_messages"
    retry = True
    status = 409


class TicketClosed(MessageRefused):
    """It was closed meanwhile: only the person who asked may write first again."""

    code = "ticket_closed"
    status = 409


class TicketUnknown(WaymeetError):
    """There is no such ticket."""

    code = "ticket_not_found"
    status = 404


def _at_once(work: Callable[..., Any]) -> Callable[..., Any]:
    """One transaction; who comes second to a ticket or a message number reads again and comes after it."""

    @wraps(work)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except IntegrityError:
                if not left:
                    raise
        raise AssertionError("the last try returned or raised")

    return wrapper


def ask(order: Order, *, text: str, language: str, browser_key: str) -> Ticket:
    """The person writes about an own order: into its ticket, which is made or opened again by that.

    The caller knows that the order is the person's own. The same text twice in a row is kept once.
    Raises MessageRefused.
    """
    said = _clean(text, known=known_hashes(order))
    return _ask(order, said, language=language, browser_key=browser_key)  # type: ignore[no-any-return]


def answer(ticket_id: UUID, *, actor: Actor, text: str) -> TicketMessage:
    """A staff member answers an open ticket; goes into the record. Raises TicketUnknown, MessageRefused."""
    return _answer(ticket_id, actor, text)  # type: ignore[no-any-return]


def close_by_person(ticket: Ticket) -> None:
    """The person needs no answer any more. Writing again opens it again."""
    _close(ticket.pk, None)


def close_by_staff(ticket_id: UUID, *, actor: Actor) -> None:
    """A staff member ends it; goes into the record. Raises TicketUnknown."""
    _close(ticket_id, actor)


@transaction.atomic
def reopen_by_staff(ticket_id: UUID, *, actor: Actor) -> None:
    """A staff member takes the closing back; goes into the record. Raises TicketUnknown."""
    ticket = _locked(ticket_id)
    if ticket.state != Ticket.State.CLOSED:
        return
    _write(ticket, state=Ticket.State.OPEN, closed_at=None)
    _record(actor, "reopen_ticket", ticket, before=str(Ticket.State.CLOSED))


def mark_seen(ticket: Ticket, seq: int) -> None:
    """The person was shown every message up to `seq`."""
    if Ticket.objects.filter(pk=ticket.pk, person_seen__lt=seq).update(person_seen=seq):
        publish.ticket_changed(ticket.pk, seq)


def known_hashes(order: Order) -> frozenset[str]:
    """Hashes of this transfer, which anybody may name: they look like keys and are none."""
    attempts = Attempt.objects.filter(Q(step__order=order) | Q(also__order=order))
    logs = ChainLog.objects.filter(order_id=order.order_id)
    sent = (*attempts.values_list("tx_hash", flat=True), *logs.values_list("tx_hash", flat=True))
    return frozenset(each.lower() for each in (order.order_id, *sent))


@_at_once
def _ask(order: Order, said: str, *, language: str, browser_key: str) -> Ticket:
    now = timezone.now()
    ticket = Ticket.objects.select_for_update().filter(order=order).order_by("-created_at").first()
    if ticket is None:
        ticket = Ticket.objects.create(
            order=order,
            code_word=new_code_word(),
            language=language,
            browser_key=browser_key,
            waiting_since=now,
        )
    elif ticket.state != Ticket.State.CLOSED and _is_repeated(ticket, said, author=None):
        return ticket
    _refuse_flood(ticket)
    seq = _add(ticket, said, author=None)
    # The page that was used last says which language is read now.
    _write(
        ticket,
        seq=seq,
        state=Ticket.State.OPEN,
        closed_at=None,
        language=language,
        person_seen=seq,
        waiting_since=ticket.waiting_since or now,
    )
    return ticket


@_at_once
def _answer(ticket_id: UUID, actor: Actor, text: str) -> TicketMessage:
    ticket = _locked(ticket_id)
    if ticket.state == Ticket.State.CLOSED:
        raise TicketClosed()
    said = _clean(text, known=known_hashes(ticket.order))
    if _is_repeated(ticket, said, author=actor.user):
        return ticket.messages.latest("seq")
    before = ticket.state
    seq = _add(ticket, said, author=actor.user)
    _write(ticket, seq=seq, state=Ticket.State.ANSWERED, waiting_since=None)
    _record(actor, "answer_ticket", ticket, before=before, message=seq)
    return ticket.messages.get(seq=seq)


@transaction.atomic
def _close(ticket_id: UUID, actor: Actor | None) -> None:
    ticket = _locked(ticket_id)
    if ticket.state == Ticket.State.CLOSED:
        return
    before = ticket.state
    _write(ticket, state=Ticket.State.CLOSED, closed_at=timezone.now(), waiting_since=None)
    if actor is not None:
        _record(actor, "close_ticket", ticket, before=before)


def _locked(ticket_id: UUID) -> Ticket:
    ticket = Ticket.objects.select_for_update().filter(pk=ticket_id).first()
    if ticket is None:
        raise TicketUnknown()
    return ticket


def _write(ticket: Ticket, *, seq: int = 0, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(ticket, name, value)
    ticket.save(update_fields=[*changes, "changed_at"])
    publish.ticket_changed(ticket.pk, seq)


def _add(ticket: Ticket, said: str, *, author: Any) -> int:
    seq = (ticket.messages.aggregate(last=Max("seq"))["last"] or 0) + 1
    TicketMessage.objects.create(ticket=ticket, seq=seq, author=author, text=said)
    return int(seq)


def _is_repeated(ticket: Ticket, said: str, *, author: Any) -> bool:
    last = ticket.messages.order_by("-seq").first()
    return last is not None and last.author == author and last.text == said


def _refuse_flood(ticket: Ticket) -> None:
    answered = ticket.messages.exclude(author=None).aggregate(last=Max("seq"))["last"] or 0
    if ticket.messages.filter(seq__gt=answered).count() >= MOST_UNANSWERED:
        raise TooManyMessages(most=MOST_UNANSWERED)
    if ticket.messages.count() >= MOST_MESSAGES:
        raise TooManyMessages(most=MOST_MESSAGES)


def _record(actor: Actor, action: str, ticket: Ticket, *, before: str, message: int | None = None) -> None:
    after: dict[str, Any] = {"state": str(ticket.state), "order": ticket.order_id}
    if message is not None:
        after["message"] = message
    record(actor, action, kind="ticket", subject=str(ticket.pk), before={"state": str(before)}, after=after)


def _clean(text: str, *, known: frozenset[str]) -> str:
    """The text as it is kept: plain, without control characters. Raises MessageRefused."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    printable = "".join(each for each in lines if each == "\n" or unicodedata.category(each) not in _UNSHOWN)
    said = _BLANK_LINES.sub("\n\n", printable).strip()
    if not said:
        raise MessageEmpty()
    if len(said) > MOST_LETTERS:
        raise MessageTooLong(most=MOST_LETTERS)
    if looks_secret(said, known=known):
        raise MessageSecret()
    return said
