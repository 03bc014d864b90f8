"""What every page's template may use."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest

from intents.selectors.network import is_local_network
from intents.selectors.overview import Marks, chain_marks
from intents.services.login import logged_in_wallet

THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, Any]:
    """Theme, languages, whether a wallet was connected before and whether every chain is local.

    Works without a database.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "auto",
        "had_wallet": request.COOKIES.get("wallet") == "1",
        "languages": settings.LANGUAGES,
        "is_local": _is_local,
        "chain_marks": _marks,
        "signed_in_wallet": _wallet(request),
    }


def _is_local() -> bool:
    try:
        return is_local_network()
    except DatabaseError:
        return False


def _marks() -> Marks | None:
    try:
        return chain_marks()
    except DatabaseError:
        return None


def _wallet(request: HttpRequest) -> str:
    session = getattr(request, "session", None)
    if session is None or session.session_key is None:
        return ""
    try:
        return logged_in_wallet(session)
    except DatabaseError:
        return ""
