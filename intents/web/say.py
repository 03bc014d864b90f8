"""`/say`: a sentence fills the form. With scripts the form's fields alone, else the whole page."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import counted
from intents.errors import WaymeetError
from intents.services.intent import address_in
from intents.services.limits import BALANCES
from intents.services.saying import Saying, understood
from intents.services.spendable import spendable

from .failures import refusal
from .ready import has_chains, not_started
from .said import shown
from .transfer import form_context, form_page, linked


@require_safe
@never_cache
@counted(BALANCES)
def say(request: HttpRequest) -> HttpResponse:
    """Understand `say`; `user` is the connected wallet, for sentences that send everything."""
    if not has_chains():
        return not_started(request, missing="chains")
    text = str(request.GET.get("say", ""))
    try:
        user = address_in(request.GET, "user")
    except WaymeetError as error:
        return refusal(request, error)
    if not text.strip():
        return form_page(request, linked(request.GET))
    saying = understood(text)
    amount = _amount(saying, user)
    said = shown(saying, lacks_wallet=saying.is_all and not amount)
    values = linked(request.GET) | saying.values | {"amount": amount}
    if not request.htmx:  # type: ignore[attr-defined]
        return form_page(request, values, saying=said)
    fields = render_to_string("parts/fields.html", form_context(request, values), request)
    return HttpResponse(
        fields + render_to_string("parts/said.html", {"saying": said, "is_oob": True}, request)
    )


def _amount(saying: Saying, user: str) -> str:
    if not saying.is_all:
        return saying.values["amount"]
    source = saying.values["from"]
    return (spendable(user, source) or "") if user and source else ""
