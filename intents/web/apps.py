"""Pages of demonstration apps, on local test chains only: what a site that takes transfers could look like."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.errors import WaymeetError
from intents.selectors.network import is_local_network
from intents.services.destination import destination_of

from .pay import pay_path
from .wallet import wallet_page

EXAMPLE_AMOUNT = "25"


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
