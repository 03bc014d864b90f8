"""What staff do: records that only grow, requests that need two people, notes and who cares for what."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .orders import Order


class AuditEntry(models.Model):
    """One look or act of a staff member. Append-only: PostgreSQL refuses to change or delete a row."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=150, help_text=_("as it was then"))
    client_address = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=40, db_index=True, help_text=_("such as view, retry_step, pause"))
    subject_kind = models.CharField(
        max_length=20, help_text=_("order, chain, token, route, request, ticket, ...")
    )
    subject_id = models.CharField(max_length=120, db_index=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # The same act posted twice is done once.
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=~Q(idempotency_key=""), name="act_once"
            ),
        ]
        # What groups hold; intents.services.staff.roles says which.
        permissions = [
            ("view_transfers", "may look at transfers, addresses masked"),
            ("view_addresses", "may see whole addresses"),
            ("act_on_transfers", "may retry, bump, re-solve, note, assign and resolve"),
            ("release_refunds", "may have refunds released now"),
            ("pause", "may pause and resume chains, tokens and routes"),
            ("ask_requests", "may ask for what needs two people"),
            ("decide_requests", "may approve or decline what others ask for"),
            ("answer_tickets", "may answer people's questions"),
            ("view_record", "may read the record of what staff did"),
            ("manage_staff", "may change who is staff"),
        ]


class StaffRequest(models.Model):
    """What one staff member asks for and another must approve before it is done."""

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw"
        GOODWILL = "goodwill"
        RAISE_LIMIT = "raise_limit"
        UNPAUSE = "unpause"
        JOIN = "join"
        LEAVE = "leave"
        GONE = "gone"

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DONE = "done"
        FAILED = "failed"
        DECLINED = "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED, db_index=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="requests")
    params = models.JSONField(help_text=_("what exactly, amounts in base units as text"))
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True, help_text=_("why it was approved or declined"))
    result = models.JSONField(default=dict, help_text=_("what came of it, such as the transaction's hash"))
    idempotency_key = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")), name="two_people"
            ),
        ]


class Pause(models.Model):
    """No new transfers of a token on a chain, or from one chain to another, while `ended_at` is empty.

    Chains have their own reason in `Chain.paused_reason`. What a probe found ends by itself: its reason is a
    code with its values.
    """

    class Kind(models.TextChoices):
        TOKEN = "token"
        ROUTE = "route"

    kind = models.CharField(max_length=6, choices=Kind)
    origin_id = models.PositiveBigIntegerField(help_text=_("the token's chain, or where the route begins"))
    destination_id = models.PositiveBigIntegerField(default=0, help_text=_("0 for a token"))
    token = models.CharField(max_length=42, blank=True, help_text=_("empty for a route"))
    reason = models.CharField(max_length=200)
    is_automatic = models.BooleanField(default=False, help_text=_("a probe pulled it, and lets go of it"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "origin_id", "destination_id", "token"],
                condition=Q(ended_at=None),
                name="pause_once",
            ),
        ]


class StaffNote(models.Model):
    """A remark of staff on an order; never shown to the person."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        ordering = ["at"]


class Handling(models.Model):
    """Which staff member looks after an order, and whether that is over."""

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.CASCADE, related_name="handling")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)


class StaffWish(models.Model):
    """What a staff member wants done for an order; the engine does it at its next look, under the order's lease."""

    class Kind(models.TextChoices):
        RETRY = "retry"
        BUMP = "bump"
        RESOLVE = "resolve"
        RELEASE = "release"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="wishes")
    kind = models.CharField(max_length=8, choices=Kind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict, help_text=_("{code, params}: what came of it"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"], condition=Q(done_at=None), name="wish_open_once"
            ),
        ]
