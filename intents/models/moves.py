"""Our own stock under way: over a bridge to another chain, or through pools of one chain."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import Uint256Field
from .orders import Order, Step


class StockMove(models.Model):
    """One amount of stock that goes from one token of one chain to another.

    It may be for an order, whose bridge step it then is; without one it brings stock back to where it belongs.
    Whatever becomes of the order, the move goes on until the stock is there: it is ours. Where it comes from or goes
    to is a chain that is gone, it is stranded until that is back, and `details["was"]` says how far it had come.
    """

    class Kind(models.TextChoices):
        BRIDGE = "bridge"
        SWAP = "swap"

    class State(models.TextChoices):
        PLANNED = "planned"
        SENT = "sent"
        IN_TRANSIT = "in_transit"
        ARRIVED = "arrived"
        DONE = "done"
        GIVEN_UP = "given_up"
        STRANDED = "stranded"

    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="moves")
    step = models.ForeignKey(Step, null=True, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.PLANNED)
    route = models.CharField(max_length=40, blank=True, help_text=_("the bridge's, empty for a swap"))
    source_id = models.PositiveBigIntegerField()
    source_token = models.CharField(max_length=42)
    destination_id = models.PositiveBigIntegerField()
    destination_token = models.CharField(max_length=42)
    amount = Uint256Field(help_text=_("base units of the source token"))
    arrived_amount = Uint256Field(null=True, help_text=_("base units of the destination token"))
    details = models.JSONField(default=dict, help_text=_("the swap and its least output"))
    reason = models.JSONField(default=dict, help_text=_("{code, params}: why it waits or was given up"))
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    wake_at = models.FloatField(default=0, db_index=True, help_text=_("wall time of the next look, seconds"))
    leased_until = models.FloatField(default=0, help_text=_("wall time, seconds"))

    class Meta:
        ordering = ["id"]
        constraints = [
            # Two sweeps at once plan the same: the second one's row is refused.
            models.UniqueConstraint(
                fields=["source_id", "source_token"],
                condition=Q(order=None) & ~Q(state__in=["done", "given_up", "stranded"]),
                name="one_rebalance_a_stock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


# Nothing is done for these; the last may go on one day.
MOVE_ENDED = (StockMove.State.DONE, StockMove.State.GIVEN_UP, StockMove.State.STRANDED)
MOVE_ARRIVED = (StockMove.State.ARRIVED, StockMove.State.DONE)
