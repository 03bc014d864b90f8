"""The one search box."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from intents.selectors.search import search
from intents.selectors.search.reading import LONGEST, SHORTEST, masked_echo

from .gate import staff


@require_safe
@staff("view_transfers")
def results(request: HttpRequest) -> HttpResponse:
    """Straight to the transfer when exactly one bears exactly what was typed; else all that may be meant."""
    pasted = request.GET.get("q", "").replace("\x00", "")[:LONGEST]
    may_see = request.staff.may("view_addresses")  # type: ignore[attr-defined]
    found = search(pasted, may_see=may_see)
    if found.only:
        return redirect("console:transfer", found.only)
    shown = pasted if may_see else masked_echo(pasted)
    context = {
        "query": shown,
        "here": f"{request.path}?{urlencode({'q': shown})}",
        "found": found,
        "is_empty": not pasted.strip(),
        "shortest": SHORTEST,
    }
    return render(request, "console/search.html", context)
