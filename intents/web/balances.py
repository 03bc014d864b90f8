"""`/balances`: what the connected wallet holds on all chains, a part of the form."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import counted
from intents.errors import WaymeetError
from intents.selectors.balances import wallet_balances
from intents.services.assets import ANY
from intents.services.intent import address_in
from intents.services.limits import BALANCES

from .failures import refusal


@require_safe
@never_cache
@counted(BALANCES)
def show(request: HttpRequest) -> HttpResponse:
    """One balance of the asset that is about to be sent, and where it is."""
    source = str(request.GET.get("from", ""))[:80]
    try:
        user = address_in(request.GET, "user")
    except WaymeetError as error:
        return refusal(request, error)
    if not user:
        return HttpResponse("")
    context = {
        "wallet": wallet_balances(user, source=source),
        "can_use": not source.startswith(f"{ANY}:"),
    }
    return render(request, "parts/balances.html", context)
