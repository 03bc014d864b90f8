"""`/developers`: what programs can ask of this site, with an example that works as it stands."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from .ready import has_chains, not_started
from .said import example


@gzip_page
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The addresses of the API, a request to copy, and how money comes to a page of one's own."""
    if not has_chains():
        return not_started(request, missing="chains")
    site = request.build_absolute_uri("/").rstrip("/")
    found = example()
    context = {"site": site}
    if found:
        body = json.dumps(found.request, indent=2)
        ends = found.request
        context |= {
            "request_line": (
                f"curl -s {site}/api/v1/quotes \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"
            ),
            "pay_link": f"{site}/pay?to={ends['origin']}:{ends['input_token']}&amount={found.amount}",
        }
    return render(request, "developers.html", context)
