"""`/network/known`: chains and bridge routes of the world, known and not connected."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors import known


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Searched and narrowed by its address alone, thirty at a time."""
    asked = known.read_asked(request.GET)
    found = known.known_page(asked, number=request.GET.get("page", "1"))
    context = {
        "asked": asked,
        "counts": known.counts(),
        "found": found,
        "query": urlencode(asked.params),
        "kinds": known.KINDS.items(),
        "stacks": known.STACKS.items(),
    }
    return render(request, "known.html", context)


@require_safe
@never_cache
def chain(request: HttpRequest, name: str) -> HttpResponse:
    """What the registry says about one chain, and the routes that end there."""
    line = known.known_chain(name)
    if line is None:
        raise Http404
    found = known.routes_page(line.chain, number=request.GET.get("page", "1"))
    return render(request, "known_chain.html", {"line": line, "chain": line.chain, "found": found})
