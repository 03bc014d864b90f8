"""Quotes: priced, expiring offers."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import Uint256Field


class QuoteState(models.TextChoices):
    SOLVING = "solving"
    READY = "ready"
    REFUSED = "refused"
    USED = "used"


class Quote(models.Model):
    """One answer to one intent. Immutable once READY or REFUSED, except for becoming USED.

    `order` is the exact order to sign (JSON of settlement.order); empty when the user's address is
    not known yet: such a quote is indicative and cannot be signed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    state = models.CharField(max_length=10, choices=QuoteState, default=QuoteState.SOLVING)
    browser_key = models.CharField(max_length=64, blank=True, db_index=True)
    intent = models.JSONField(help_text=_("what was asked, as services.quotes.Intent"))
    refusal = models.JSONField(null=True, help_text=_("{code, params} when REFUSED"))
    routes = models.JSONField(default=list, help_text=_("chosen route first, then alternatives"))
    rejected = models.JSONField(default=list, help_text=_("routes not offered, each with its reason"))
    fees = models.JSONField(default=list, help_text=_("fee lines [{kind, token, amount, usd_e8}]"))
    plan = models.JSONField(default=list, help_text=_("steps of the chosen route"))
    origin_id = models.PositiveBigIntegerField(help_text=_("0 from anywhere, until a chain is chosen"))
    destination_id = models.PositiveBigIntegerField()
    input_token = models.CharField(max_length=42)
    output_token = models.CharField(max_length=42)
    input_amount = Uint256Field(null=True)
    output_expected = Uint256Field(null=True)
    output_minimum = Uint256Field(null=True)
    eta_seconds = models.PositiveIntegerField(null=True)
    confirmations = models.PositiveSmallIntegerField(default=1)
    confirm_way = models.CharField(
        max_length=12, blank=True, help_text=_("eip3009 | permit2 | permit | batch | native | deposit")
    )
    ways = models.JSONField(default=list, help_text=_("every way [{way, is_offered, reason, gas_paid_by}]"))
    anywhere = models.JSONField(
        default=dict, help_text=_("from anywhere: every chain that could pay, which one does, and why")
    )
    first = models.OneToOneField(
        "self",
        null=True,
        on_delete=models.CASCADE,
        related_name="second",
        help_text=_("paid from two chains: the first part's, which this one goes with"),
    )
    user = models.CharField(max_length=42, blank=True, db_index=True)
    recipient = models.CharField(max_length=42, blank=True)
    order = models.JSONField(null=True)
    order_id = models.CharField(max_length=66, null=True, unique=True)
    world = models.JSONField(
        default=dict, help_text=_("block number and hash of each chain it was solved on")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    solved_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        # What no worker answered yet, and what nobody took, among all that was ever asked.
        indexes = [
            models.Index(fields=["created_at"], name="quote_solving", condition=Q(state="solving")),
            models.Index(fields=["created_at"], name="quote_not_taken", condition=~Q(state="used")),
        ]

    @property
    def second_part(self) -> "Quote | None":
        """The quote that is confirmed after this one when two chains pay together."""
        return getattr(self, "second", None)
