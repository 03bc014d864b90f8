"""Who of the staff looks after an order, and what they noted about it."""

from dataclasses import dataclass
from datetime import datetime

from intents.models import Handling, Order, StaffNote

from .eyes import Eyes


@dataclass(frozen=True, slots=True)
class NoteView:
    """A remark; never shown to the person."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Care:
    """Names are empty, and `resolved_at` None, where nobody looks after it or it is not over."""

    assignee: str
    resolved_by: str
    resolved_at: datetime | None
    notes: tuple[NoteView, ...]


def care(order: Order, eyes: Eyes) -> Care:
    """What staff left with an order."""
    row = Handling.objects.filter(pk=order.pk).select_related("assignee", "resolved_by").first()
    notes = StaffNote.objects.filter(order=order).select_related("author").order_by("at")
    return Care(
        assignee=str(row.assignee or "") if row else "",
        resolved_by=str(row.resolved_by or "") if row else "",
        resolved_at=row.resolved_at if row else None,
        notes=tuple(NoteView(str(note.author), note.at, eyes.text(note.text)) for note in notes),
    )
