"""“Bring funds here”: a page whose destination a link names, and the frame that leads to it."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from intents.errors import WaymeetError
from intents.selectors.choices import held_back
from intents.selectors.network import connected_chains
from intents.services.assets import assets
from intents.services.destination import Destination, destination_of

from .failures import said
from .ready import has_chains, not_started
from .receiver import with_receiver
from .transfer import Choice, anywhere_choices, tokens_of
from .wallet import wallet_page

_FIELDS = ("to", "token", "amount", "recipient", "from")


@gzip_page
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """`/pay?to=birch:vault&amount=25`: the payer chooses what to pay with, and confirms once."""
    if not has_chains():
        return not_started(request, missing="chains")
    asked = _asked(request)
    try:
        destination = destination_of(asked["to"], token=asked["token"])
    except WaymeetError as error:
        words = said(error) if asked["to"] else _("The link does not say where the money should go.")
        problem = {"code": error.code, "words": words}
        return render(request, "pay_unknown.html", {"problem": problem}, status=error.status)
    values = {
        "from": asked["from"] or _first_source(destination),
        "to": destination.value,
        "amount": asked["amount"],
        "recipient": asked["recipient"],
        "user": "",
    }
    context = {
        "destination": destination,
        "groups": _sources(destination),
        "anywhere": anywhere_choices(besides=destination.chain.chain_id),
        **with_receiver(request, values),
    }
    return wallet_page(request, "pay.html", context)


@require_safe
@never_cache
@xframe_options_exempt
def embed(request: HttpRequest) -> HttpResponse:
    """`/pay/embed?to=…`: the one page that other sites may frame. It asks nothing of a wallet.

    A page around it could cover what it shows and lead a click to its confirmation, so that one is made in a
    tab of its own, where the address bar says whose page it is.
    """
    if not has_chains():
        return not_started(request, missing="chains")
    asked = _asked(request)
    context: dict[str, Any] = {"values": asked}
    status = 200
    try:
        destination = destination_of(asked["to"], token=asked["token"])
        context |= {"destination": destination, "groups": _sources(destination)}
        context["chosen"] = _first_source(destination)
    except WaymeetError as error:
        context["problem"] = {"code": error.code, "words": said(error)}
        status = error.status
    response = render(request, "pay_embed.html", context, status=status)
    response._csp_replace = {"frame-ancestors": settings.EMBED_ANCESTORS}  # type: ignore[attr-defined]
    return response


def pay_path(destination: Destination, *, amount: str) -> str:
    """The link that brings `amount` there."""
    return "/pay?" + urlencode({"to": destination.name, "amount": amount}, safe=":")


def anywhere_link(destination: Destination) -> str:
    """The link that brings any amount there, paid with the same asset wherever the payer has it."""
    token, besides = destination.token, destination.chain.chain_id
    same = [asset.value for asset in assets() if asset.asset_id == token.canonical_id]
    offered = {choice.value for choice in anywhere_choices(besides=besides)}
    fields = {"to": destination.name, **({"from": same[0]} if same and same[0] in offered else {})}
    return "/pay?" + urlencode(fields, safe=":")


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: str(request.GET.get(name, ""))[:80].strip() for name in _FIELDS}


def _sources(destination: Destination) -> list[tuple[Any, list[Choice]]]:
    """Every token of the other chains."""
    why = held_back()
    return [
        (chain, tokens_of(chain, why=why))
        for chain in connected_chains().values()
        if chain.chain_id != destination.chain.chain_id
    ]


def _first_source(destination: Destination) -> str:
    """The same asset on the first other chain that has it, the parent last: what people most likely pay with."""
    choices = [
        (token.canonical_id != wanted, chain.parent_id is None, number, f"{chain.slug}:{token.symbol}")
        for wanted in [destination.token.canonical_id]
        for number, chain in enumerate(connected_chains().values())
        for token in chain.assets
        if chain.chain_id != destination.chain.chain_id
    ]
    return min(choices)[-1] if choices else ""
