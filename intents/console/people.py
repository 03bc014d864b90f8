"""Who is staff, and the two things that help a colleague in."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from intents.services.staff import people
from intents.services.staff.errors import ActRefused
from intents.services.staff.roles import MANAGE_STAFF

from .forms import actor, page, sent, tell
from .gate import staff


@require_safe
@staff(MANAGE_STAFF)
def listed(request: HttpRequest) -> HttpResponse:
    """Everybody with a role."""
    return render(request, "console/people.html", {"members": people.members()})


@require_http_methods(["GET", "POST"])
@staff(MANAGE_STAFF)
def help_in(request: HttpRequest, name: str, what: str) -> HttpResponse:
    """The form to end a lock-out or to have a second factor set up anew."""
    if what not in people.HELPS:
        raise Http404
    context = {"name": name, "what": what, "expected": name}
    if request.method == "GET":
        return page(request, "console/help_in.html", context)
    try:
        is_new = people.help_in(name, what, actor(request), sent(request))
    except ActRefused as error:
        return page(request, "console/help_in.html", context, error=error)
    tell(request, is_repeat=not is_new)
    return HttpResponseRedirect(reverse("console:people"))
