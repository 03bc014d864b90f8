"""Chains on their way into the network."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Join(models.Model):
    """One chain's way in; it ends done, or waits as failed until it is started again.

    `asked` is the manifest as its operator gave it, `manifest` what has become of it so far. `steps` are
    ``{name, state, code, params, at}`` in order: words are made of code and params, `at` is wall time.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        RUNNING = "running"
        FAILED = "failed"
        DONE = "done"

    chain_id = models.PositiveBigIntegerField()
    slug = models.SlugField()
    name = models.CharField(max_length=64)
    asked = models.JSONField()
    manifest = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED, db_index=True)
    steps = models.JSONField(default=list)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    holder = models.CharField(max_length=32, blank=True, help_text=_("who is at it, a random word"))
    held_until = models.FloatField(default=0, help_text=_("wall time, seconds"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain_id"], condition=~Q(state="done"), name="join_open_once"),
        ]

    def __str__(self) -> str:
        return self.slug
