"""Deposit addresses that are watched: what was seen there last."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .indexes import CaselessIndex
from .orders import Order


class Deposit(models.Model):
    """An order's own address on its origin. `held` changes only with a block of the follower."""

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.CASCADE, related_name="deposit")
    chain_id = models.PositiveBigIntegerField()
    address = models.CharField(max_length=42, db_index=True)
    token = models.CharField(max_length=42, help_text=_("the order's input"))
    held = models.JSONField(default=dict, help_text=_("base units by token as text, without zeros"))
    block_number = models.PositiveBigIntegerField(
        default=0, help_text=_("block of the last change of `held`")
    )
    watched_until = models.FloatField(
        help_text=_("wall time, seconds; money that comes later is not looked for")
    )

    class Meta:
        indexes = [
            models.Index(fields=["chain_id", "watched_until"]),
            CaselessIndex(fields=["address"], name="deposit_by_address"),
        ]

    def __str__(self) -> str:
        return self.address
