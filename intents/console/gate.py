"""The only way into the console's pages: logged in, second factor given where it is asked, permission held."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from intents.api.limits import client_address
from intents.services.staff import sessions
from intents.services.staff.audit import Actor
from intents.services.staff.roles import PERMISSIONS, may, needs_second_factor

View = Callable[..., HttpResponse]


def staff(permission: str, *, is_use: bool = True) -> Callable[[View], View]:
    """A view for staff who hold `permission`; it finds them as `request.staff`, an Actor.

    Who is not logged in goes to the login page and comes back, who lacks the permission reads so (403). What an open
    page asks for by itself is no `is_use` of the login.
    """
    if permission not in PERMISSIONS:
        raise ValueError(f"no such permission: {permission}")

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_signed_in(request, is_use=is_use):
                return sent_to(request, "console:login")
            if needs_second_factor() and not request.user.is_verified():  # type: ignore[attr-defined, union-attr]
                return sent_to(request, "console:second_factor")
            if not may(request.user, permission):
                raise PermissionDenied
            request.staff = actor_of(request)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        wrapper.staff_permission = permission  # type: ignore[attr-defined]
        return wrapper

    return decorate


def is_signed_in(request: HttpRequest, *, is_use: bool = True) -> bool:
    """Whether a name and password were given, and not too long ago; a login that is over ends here."""
    if not request.user.is_authenticated:
        return False
    if sessions.is_over(request.session):
        sessions.end(request.session)
        request.user = AnonymousUser()
        messages.info(request, _("You were signed out after a while. Sign in to go on where you were."))
        return False
    if is_use:
        sessions.note_use(request.session)
    return True


def actor_of(request: HttpRequest) -> Actor:
    """Who makes this request, for the record."""
    user = request.user
    return Actor(user=user, name=str(user.get_username()), client_address=client_address(request))


def sent_to(request: HttpRequest, name: str) -> HttpResponse:
    """To another page of ours and back again; parts of a page take the whole page along."""
    is_part = bool(getattr(request, "htmx", False))
    back = request.htmx.current_url_abs_path if is_part else request.get_full_path()  # type: ignore[attr-defined]
    url = f"{reverse(name)}?{urlencode({'next': back or ''})}"
    if is_part:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
