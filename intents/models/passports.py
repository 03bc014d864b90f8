"""What was measured of chains and tokens, and chains on their way out."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ChainPassport(models.Model):
    """What the last full probe of a chain found; there before the chain is connected, and after it left.

    `findings` are ``{code, params, is_bad}``: one that is bad keeps the chain from new transfers.
    """

    chain_id = models.PositiveBigIntegerField(primary_key=True)
    facts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    is_good = models.BooleanField(default=True)
    probed_at = models.DateTimeField(null=True)
    deepest_reorg = models.PositiveIntegerField(default=0, help_text=_("most blocks it ever took back"))
    broke_at = models.DateTimeField(null=True, help_text=_("when it last took back more than may happen"))

    def __str__(self) -> str:
        return f"passport of {self.chain_id}"


class TokenPassport(models.Model):
    """What the last full probe of a token found, beside what its chain's manifest claims."""

    chain_id = models.PositiveBigIntegerField()
    token = models.CharField(max_length=42)
    symbol = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    is_good = models.BooleanField(default=True)
    probed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["chain_id", "symbol"]
        constraints = [models.UniqueConstraint(fields=["chain_id", "token"], name="token_passport_once")]

    def __str__(self) -> str:
        return f"passport of {self.symbol} on {self.chain_id}"


class Departure(models.Model):
    """No new transfers from or to a chain while its open ones end; open until `ended_at`.

    One that is to leave is disconnected at `left_at`, and its row ends when the chain joins again. One that is gone
    leaves without what only it could end: nobody answers for it since `began_at` at least.
    """

    class Kind(models.TextChoices):
        DRAIN = "drain"
        LEAVE = "leave"
        GONE = "gone"

    class Stock(models.TextChoices):
        HOME = "home"
        LEFT = "left"

    chain_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=5, choices=Kind)
    stock = models.CharField(
        max_length=4, choices=Stock, default=Stock.LEFT, help_text=_("what becomes of ours")
    )
    reason = models.CharField(max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    began_at = models.DateTimeField(auto_now_add=True)
    drained_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain_id"], condition=Q(ended_at=None), name="departure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.chain_id}"
