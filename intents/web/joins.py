"""`/joins`: the part of the network page that shows chains on their way in, for pages without a socket."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors.joins import joins_view


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The list as it is now, to be swapped into the page."""
    return render(request, "parts/joins.html", {"joins": joins_view(), "is_oob": True})
