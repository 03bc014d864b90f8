"""What the engine held to be true of an order, moment by moment: for looking back, nothing is decided by it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .orders import Order


class Belief(models.Model):
    """From `at` on the engine held an order, or one of its steps, to be in `state`. Append-only.

    Of a step that waits a row is written when it begins to wait for something else, not with every block that
    it counts. What an engine that was killed had not written yet is missing.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="beliefs", db_index=False)
    at = models.DateTimeField()
    step_index = models.PositiveSmallIntegerField(null=True, help_text=_("empty for the order itself"))
    state = models.CharField(max_length=20)
    waiting = models.JSONField(default=dict, help_text=_("{code, params} of a step that waits"))

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["order", "at"])]
