"""`/rescue`: the page that needs none of our servers, served here for those who can still reach one."""

import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors.rescue import RescuePageNotBuilt, rescue_page

from .failures import refusal

_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The file as anybody may host it, with the connected chains written into it."""
    try:
        text = rescue_page()
    except RescuePageNotBuilt as error:
        return refusal(request, error)
    response = HttpResponse(text)
    found = _POLICY.search(text)
    assert found, "the build writes the page's policy"
    # The page's own policy in place of the site's: it reads chains, and its script stands inside it.
    response["Content-Security-Policy"] = f"{found[1]}; frame-ancestors 'none'"
    return response
