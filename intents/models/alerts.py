"""What staff must know at once."""

from django.db import models
from django.db.models import Q

from .orders import Order


class Alert(models.Model):
    """Something that costs money or soon will; open until `ended_at`. `key` names the trouble: one open row each."""

    class Kind(models.TextChoices):
        LOSS = "loss"
        DEPOSIT_GONE = "deposit_gone"
        GAS_LOW = "gas_low"
        CHAIN_GONE = "chain_gone"
        UNFINISHED = "unfinished"
        PAYOUT_HELD = "payout_held"

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, db_index=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.CASCADE, related_name="alerts")
    chain_id = models.PositiveBigIntegerField(null=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(ended_at=None), name="alert_open_once"),
        ]

    def __str__(self) -> str:
        return self.key
