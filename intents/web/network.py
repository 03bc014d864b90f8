"""`/network`: the connected chains, their heads, tokens and stock."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors.connectivity import connectivity_view
from intents.selectors.network import chain_views

from .ready import has_chains, not_started


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """What one confirmation reaches, and one card per chain."""
    if not has_chains():
        return not_started(request, missing="chains")
    return render(request, "network.html", {"chains": chain_views(), "connectivity": connectivity_view()})
