"""`/choices`: what may be chosen at the ends of the form, for the page's list with a search box."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import counted
from intents.errors import WaymeetError
from intents.selectors.choices import choices
from intents.services.intent import address_in
from intents.services.limits import BALANCES

from .failures import refusal


@require_safe
@never_cache
@counted(BALANCES)
def show(request: HttpRequest) -> HttpResponse:
    """Every choice with its mark and price; with `user` what that wallet holds, with `from` what can be reached."""
    try:
        user = address_in(request.GET, "user")
    except WaymeetError as error:
        return refusal(request, error)
    found = choices(user=user, source=str(request.GET.get("from", ""))[:80])
    return JsonResponse({"choices": [choice.to_json() for choice in found], "has_wallet": bool(user)})
