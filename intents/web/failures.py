"""Refusals and failures: the same code and words as a page, a part of a page, or JSON."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from intents.errors import WaymeetError
from intents.services.limits import TooManyRequests
from intents.services.words import text

# What the form asks for, where its field is empty; programs read the field's name.
MISSING: Final = {
    "amount": _("Type an amount."),
    "origin": _("Choose what you send."),
    "input_token": _("Choose what you send."),
    "destination": _("Choose what arrives, and where."),
    "output_token": _("Choose what arrives, and where."),
}


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of ours asked, and not a person's browser."""
    return request.content_type == "application/json" or "application/json" in request.headers.get(
        "Accept", ""
    )


def failure(
    request: HttpRequest, *, code: str, status: int, params: dict[str, Any] | None = None, words: str = ""
) -> HttpResponse:
    """One failure in the form that was asked for."""
    said = words or text(code, params)
    if wants_json(request):
        return JsonResponse({"error": {"code": code, "message": said, "params": params or {}}}, status=status)
    context = {"code": code, "words": said, "status": status}
    is_part = getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, "parts/refusal.html" if is_part else "failure.html", context, status=status)


def refusal(request: HttpRequest, error: WaymeetError) -> HttpResponse:
    """The answer to a request that services refused."""
    response = failure(request, code=error.code, status=error.status, params=error.params, words=said(error))
    if isinstance(error, TooManyRequests):
        response["Retry-After"] = str(error.params["retry_after"])
    return response


def said(error: WaymeetError) -> str:
    """The error's sentence in the reader's language."""
    field = str(error.params.get("field", ""))
    if error.code == "field_missing" and field in MISSING:
        return str(MISSING[field])
    return text(error.code, error.params)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from another site, or from a page that is too old."""
    return failure(request, code="csrf_failed", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what came cannot be read at all."""
    return failure(request, code="malformed_request", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return failure(request, code="forbidden", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, which also hides what others own."""
    return failure(request, code="not_found", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return failure(request, code="server_error", status=500)


class WrongMethodMiddleware:
    """Says in words what the bare 405 of a view's decorator does not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        said = failure(request, code="method_not_allowed", status=405)
        said["Allow"] = response["Allow"]
        return said


class TooManyMiddleware:
    """Says in words that an address asked too often."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A view went beyond the limit; anything else is not ours."""
        return refusal(request, exception) if isinstance(exception, TooManyRequests) else None
