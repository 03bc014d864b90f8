"""Views that are counted per client address; `intents.services.limits` has the rules."""

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from intents.errors import WaymeetError
from intents.services.limits import LOOKUPS, refuse_if_spent, spend

from .http import View


def counted(kind: str) -> Any:
    """Every request counts; the one beyond the limit raises `TooManyRequests`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            spend(kind, client_address(request))
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def looked_up(view: View) -> View:
    """Requests that find nothing count; who only guesses is soon answered nothing but `TooManyRequests`."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = client_address(request)
        refuse_if_spent(LOOKUPS, address)
        try:
            return view(request, *args, **kwargs)
        except (Http404, WaymeetError) as error:
            if isinstance(error, Http404) or error.status == 404:
                spend(LOOKUPS, address)
            raise

    return wrapper


def client_address(request: HttpRequest) -> str:
    """Where it comes from; behind a proxy the server puts the proxy's word there (FORWARDED_ALLOW_IPS)."""
    return str(request.META.get("REMOTE_ADDR") or "")
