"""Template filters of the console alone."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

_TITLES = {
    "origin": _("From chain"),
    "destination": _("To chain"),
    "token": _("Token"),
    "route": _("Route"),
    "status": _("Status"),
    "care": _("Looked after by"),
    "since": _("From day (UTC)"),
    "until": _("To day (UTC)"),
    "asked": _("Question open"),
    "sort": _("Sorted by"),
    "dir": _("Direction"),
    "page": _("Page"),
}


@register.filter
def at(table: Mapping[str, Any] | None, key: str) -> Any:
    """What a table holds under a key that a template knows only by name."""
    return table.get(key, "") if table else ""


@register.filter
def split(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def query(params: Mapping[str, str]) -> str:
    """A query string with its question mark, or nothing."""
    return f"?{urlencode(params)}" if params else ""


@register.filter
def filter_title(name: str) -> Any:
    """What a filter is called."""
    return _TITLES.get(name, name)
