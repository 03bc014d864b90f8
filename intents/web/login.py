"""Signing a wallet in to see its whole history."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from intents.api.http import read_object
from intents.api.limits import counted
from intents.errors import WaymeetError
from intents.selectors.network import connected_chains
from intents.services import login as service
from intents.services.limits import LOGINS

from .failures import refusal


@require_safe
@never_cache
@counted(LOGINS)
def message(request: HttpRequest) -> HttpResponse:
    """The text that the wallet at `?address=` shall sign; kept in this session for one attempt."""
    try:
        text = service.login_message(
            address=request.GET.get("address", "")[:100],
            domain=request.get_host(),
            uri=request.build_absolute_uri("/"),
            chain_id=_chain_id(request.GET.get("chain", "")),
            session=request.session,
        )
    except WaymeetError as error:
        return refusal(request, error)
    return JsonResponse({"message": text})


@require_POST
@counted(LOGINS)
def login(request: HttpRequest) -> HttpResponse:
    """Check the signature; the session then reads all orders of that wallet."""
    try:
        body = read_object(request, {"signature": (str, True)})
        wallet = service.login_verify(signature=body["signature"], session=request.session)
    except WaymeetError as error:
        return refusal(request, error)
    return JsonResponse({"address": wallet})


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Forget the wallet."""
    if request.session.session_key is not None:
        service.logout(request.session)
    return redirect("web:history")


def _chain_id(text: str) -> int:
    known = connected_chains()
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) in known:
        return int(text)
    return min(known, default=1)
