"""Lists that are published for other programs, with the version of their content."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PublishedList(models.Model):
    """The last content of one list and its version, by which readers see what kind of change there was."""

    name = models.CharField(max_length=24, primary_key=True)
    content = models.JSONField(default=list)
    major = models.PositiveIntegerField(default=1, help_text=_("counts removals"))
    minor = models.PositiveIntegerField(default=0, help_text=_("counts additions since the last removal"))
    patch = models.PositiveIntegerField(default=0, help_text=_("counts changed details since then"))
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.major}.{self.minor}.{self.patch}"
