"""The one Django app."""

import importlib

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntentsConfig(AppConfig):
    name = "intents"
    verbose_name = _("Waymeet")

    def ready(self) -> None:
        """Register words of errors and names of models before the first is said, and the queue before its use."""
        importlib.import_module("intents.services.words")
        importlib.import_module("webapp.celery")
        importlib.import_module("intents.models.labels").label_models()
