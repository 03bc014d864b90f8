"""The one Django app."""

import importlib
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IntentsConfig(AppConfig):
    name = "intents"
    verbose_name = _("Waymeet")

    def ready(self) -> None:
        """Register words of errors and names of models before the first is said, and the queue before its use."""
        importlib.import_module("intents.services.words")
        importlib.import_module("webapp.celery")
        importlib.import_module("intents.models.labels").label_models()
        post_migrate.connect(_make_groups, sender=self)
        user_logged_in.connect(_begin_login)


def _begin_login(request: Any, **_: object) -> None:
    """However somebody signs in, it is known when."""
    importlib.import_module("intents.services.staff.sessions").begin(request.session)


def _make_groups(using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """The staff's groups are there whenever the tables are: a database that was emptied gets them again."""
    roles = importlib.import_module("intents.services.staff.roles")
    group = apps.get_model("auth", "Group")
    if group.objects.using(using).exists():
        return
    roles.make_groups(
        group, apps.get_model("auth", "Permission"), apps.get_model("contenttypes", "ContentType")
    )
