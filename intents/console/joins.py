"""A chain joins: its manifest is handed in here, and how far it came is seen."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from intents.errors import WaymeetError
from intents.selectors.joins import all_joins
from intents.services.staff import joins, requests
from intents.services.staff.roles import ASK_REQUESTS

from .forms import actor, page, sent, tell
from .gate import staff


@require_http_methods(["GET", "POST"])
@staff(ASK_REQUESTS)
def listed(request: HttpRequest) -> HttpResponse:
    """Every join and the form; a local chain begins at once, any other waits for a second person."""
    context = {"joins": all_joins(), "expected": _("the chain's slug as it stands in the manifest")}
    if request.method == "GET":
        return page(request, "console/joins.html", context)
    who, form = actor(request), sent(request)
    try:
        asked = joins.read(request.POST.get("manifest", ""))
        if joins.takes_two(asked):
            made = requests.ask(requests.join(asked), who, form)
            tell(request)
            return HttpResponseRedirect(reverse("console:request", args=[made.pk]))
        is_new = joins.begin(asked, who, form)
    except WaymeetError as error:
        return page(request, "console/joins.html", context, error=error)
    tell(request, is_repeat=not is_new)
    return HttpResponseRedirect(reverse("console:joins"))
