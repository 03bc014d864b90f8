"""Questions of people about a transfer of theirs, and the answers of staff."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .orders import Order


class Ticket(models.Model):
    """A conversation about one order. Both sides see `code_word`, so that each knows the other is the right one."""

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="tickets")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN, db_index=True)
    code_word = models.CharField(max_length=40)
    language = models.CharField(max_length=10, help_text=_("the person's language"))
    browser_key = models.CharField(max_length=64, blank=True, help_text=_("the browser that asked"))
    person_seen = models.PositiveIntegerField(
        default=0, help_text=_("number of the newest message that the person was shown")
    )
    waiting_since = models.DateTimeField(
        null=True, db_index=True, help_text=_("since when the person waits for an answer")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=~models.Q(state="closed"), name="ticket_open_once"
            ),
        ]


class TicketMessage(models.Model):
    """One message of a ticket, numbered from 1 without gaps; `author` is empty for the person."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="ticket_message_once")]
