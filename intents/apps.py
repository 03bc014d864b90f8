"""The one Django app."""

import importlib

from django.apps import AppConfig


class IntentsConfig(AppConfig):
    name = "intents"
    verbose_name = "Waymeet"

    def ready(self) -> None:
        """Register the words of every error before the first one is said, and the queue before it is used."""
        importlib.import_module("intents.services.words")
        importlib.import_module("webapp.celery")
