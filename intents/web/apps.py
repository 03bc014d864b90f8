"""Apps that take transfers on arrival: their list, and on local test chains the page of a demonstration app."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.errors import WaymeetError
from intents.selectors.network import connected_chains, is_local_network
from intents.services.destination import Destination, destination_of

from .pay import anywhere_link, pay_path
from .ready import has_chains, not_started
from .wallet import wallet_page

EXAMPLE_AMOUNT = "25"


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """`/apps`: every app of the connected chains, reachable from all of them."""
    if not has_chains():
        return not_started(request, missing="chains")
    chains = list(connected_chains().values())
    apps = [Destination(chain, chain.token(app.token), app) for chain in chains for app in chain.apps]
    listed = [{"destination": app, "link": anywhere_link(app)} for app in apps]
    return render(request, "apps.html", {"apps": listed, "chains": chains})


@require_safe
@never_cache
def page(request: HttpRequest, name: str) -> HttpResponse:
    """`/apps/<chain>-<app>`: the wallet's shares, and the link, button and frame that bring funds here."""
    chain, _, app = name.rpartition("-")
    try:
        destination = destination_of(f"{chain}:{app}")
    except WaymeetError as error:
        raise Http404 from error
    if destination.app is None or not is_local_network():
        raise Http404
    link = pay_path(destination, amount=EXAMPLE_AMOUNT)
    site = request.build_absolute_uri("/").rstrip("/")
    frame = link.replace("/pay?", "/pay/embed?")
    context = {
        "destination": destination,
        "amount": EXAMPLE_AMOUNT,
        "link": link,
        "frame": frame,
        "snippet": f'<iframe src="{site}{frame}" width="360" height="544" title="Waymeet"></iframe>',
        "shares": {"chain": str(destination.chain.chain_id), "vault": destination.app.target},
    }
    response = wallet_page(request, "app.html", context)
    allowed = {**getattr(response, "_csp_update", {}), "frame-src": ["'self'"]}
    response._csp_update = allowed  # type: ignore[attr-defined]
    return response
