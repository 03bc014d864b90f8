"""A page that says what to start, in place of a traceback, while parts of the program are missing."""

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from intents.selectors.health import has_tables
from intents.selectors.network import connected_chains
from intents.services.words import text

from .failures import wants_json

RETRY_SECONDS = 3


class NotStartedMiddleware:
    """Answers 503 with instructions when a view fails because the database or its tables are missing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only for database errors that an unprepared database explains; all others stay failures."""
        if not isinstance(exception, DatabaseError) or has_tables():
            return None
        return not_started(request, missing="database")


def not_started(request: HttpRequest, *, missing: str) -> HttpResponse:
    """What to start; `missing` is `database` or `chains`."""
    if wants_json(request):
        said = text("not_started")
        body = {"error": {"code": "not_started", "message": said, "params": {"missing": missing}}}
        response: HttpResponse = JsonResponse(body, status=503)
    else:
        response = render(request, "not_started.html", {"missing": missing}, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def has_chains() -> bool:
    """Whether there is anything to transfer between."""
    return bool(connected_chains())
