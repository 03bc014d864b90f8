"""Requests in, JSON out: strict bodies, errors as codes, never a cookie."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from intents.errors import WaymeetError
from intents.services import words

from .errors import (
    BodyTooLarge,
    Busy,
    JsonExpected,
    MalformedJson,
    MethodNotAllowed,
    MissingField,
    UnknownField,
    WrongType,
)

MOST_BODY_BYTES = 64 * 1024
MOST_INTEGER_DIGITS = 100
View = Callable[..., HttpResponse]
log = structlog.get_logger(__name__)


def endpoint(**views: View) -> View:
    """One address from its views by method name (`GET=…`, `POST=…`); errors become JSON.

    Exempt from CSRF because nothing here takes authority from a cookie.
    """

    @csrf_exempt
    def dispatch(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else str(request.method)
        try:
            if method == "OPTIONS":
                return _open(HttpResponse(status=204, headers={"Allow": _allowed(views)}))
            if method not in views:
                raise MethodNotAllowed(allowed=_allowed(views))
            return _open(views[method](request, **kwargs))
        except WaymeetError as error:
            return _open(error_response(error))
        except OperationalError:
            log.exception("api.database_unavailable", path=request.path)
            return _open(error_response(Busy()))

    return dispatch


def error_response(error: WaymeetError) -> JsonResponse:
    """The error body `{"error": {"code", "message", "params"}}` with the error's status."""
    response = JsonResponse({"error": stored_error(error.code, error.params)}, status=error.status)
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = error.params["allowed"]
    if error.retry:
        response["Retry-After"] = str(error.params.get("retry_after", 1))
    return response


def stored_error(code: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The error object of a `{code, params}`, its words in the request's language."""
    return {"code": code, "message": words.text(code, params), "params": params}


def read_object(request: HttpRequest, fields: Mapping[str, tuple[type, bool]]) -> dict[str, Any]:
    """The JSON object of the body; `fields` name each field's type and whether it is required.

    Raises an error naming the field for anything unknown, absent or of another type.
    """
    value = _parsed(_body(request))
    if not isinstance(value, dict):
        raise MalformedJson()
    for name in value:
        if name not in fields:
            raise UnknownField(field=str(name)[:60])
    for name, (kind, is_required) in fields.items():
        if name not in value:
            if is_required:
                raise MissingField(field=name)
        elif type(value[name]) is not kind:
            raise WrongType(field=name, expected=_TYPE_NAMES[kind])
    return value


def read_count(request: HttpRequest, name: str) -> int:
    """A small non-negative integer of the query string; absent means 0."""
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise WrongType(field=name, expected="integer")
    return int(text)


_TYPE_NAMES: dict[type, str] = {str: "string", dict: "object"}


def _body(request: HttpRequest) -> bytes:
    if request.content_type not in ("application/json", "text/json"):
        raise JsonExpected()
    try:
        declared = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        declared = 0
    if declared > MOST_BODY_BYTES:
        raise BodyTooLarge(most=MOST_BODY_BYTES)
    try:
        body = request.read(MOST_BODY_BYTES + 1)
    except (UnreadablePostError, RawPostDataException) as error:
        raise MalformedJson() from error
    if len(body) > MOST_BODY_BYTES:
        raise BodyTooLarge(most=MOST_BODY_BYTES)
    return body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MalformedJson() from error


def _integer(text: str) -> int:
    if len(text) > MOST_INTEGER_DIGITS:
        raise ValueError("integer too long")
    return int(text)


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _allowed(views: Mapping[str, View]) -> str:
    return ", ".join([*views, "HEAD", "OPTIONS"] if "GET" in views else [*views, "OPTIONS"])


def _open(response: HttpResponse) -> HttpResponse:
    # Any origin may call: without cookies it learns no more than any other stranger.
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "Content-Type, Accept-Language"
    response["Access-Control-Allow-Methods"] = response.get("Allow", "GET, POST, OPTIONS")
    response.setdefault("Cache-Control", "no-store")
    return response
