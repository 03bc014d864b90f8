"""`/receiver`: what is known about the address that was typed, a part of the form."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.api.limits import client_address, counted
from intents.errors import WaymeetError
from intents.selectors.receiver import Receiver, receiver
from intents.services.intent import address_in
from intents.services.limits import BALANCES, spend
from intents.services.names import takes_names

from .browser import viewer_of


@require_safe
@never_cache
@counted(BALANCES)
def show(request: HttpRequest) -> HttpResponse:
    """The notes on `recipient`, for a transfer of `user` from the choice `from` to the choice `to`."""
    values = {name: str(request.GET.get(name, ""))[:80] for name in ("recipient", "to", "from", "user")}
    return render(request, "parts/receiver.html", {"receiver": looked_at(request, values)})


def with_receiver(request: HttpRequest, values: dict[str, str]) -> dict[str, Any]:
    """What a form needs of its receiver. A name is looked up once: the form has the address it led to.

    Counted like the receiver alone: a link that names one has chains asked, too. Raises TooManyRequests.
    """
    if values["recipient"]:
        spend(BALANCES, client_address(request))
    found = looked_at(request, values)
    recipient = found.address if found and found.typed else values["recipient"]
    return {"values": values | {"recipient": recipient}, "receiver": found, "takes_names": takes_names()}


def looked_at(request: HttpRequest, values: dict[str, str]) -> Receiver | None:
    """What is known about the receiver of a form; None when none was typed."""
    try:
        user = address_in(values, "user")
    except WaymeetError:
        user = ""
    return receiver(
        values["recipient"], target=values["to"], source=values["from"], seen_by=viewer_of(request), user=user
    )
