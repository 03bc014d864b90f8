"""Signing in: name and password, then the second factor where it is asked, with lock-out after failed tries."""

from typing import Any
from urllib.parse import urlencode

import django_otp
import segno
from django.contrib import auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from intents.api.limits import counted
from intents.services.limits import LOGINS
from intents.services.staff import factor, sessions
from intents.services.staff.audit import record
from intents.services.staff.roles import needs_second_factor

from .gate import actor_of, is_signed_in, sent_to


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@counted(LOGINS)
def login(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; who has both goes on to the second factor, or where they wanted to go."""
    if request.method == "GET":
        return _login_page(request)
    user = auth.authenticate(
        request, username=request.POST.get("username", ""), password=request.POST.get("password", "")
    )
    if getattr(request, "axes_locked_out", False):
        return _login_page(
            request,
            _("Too many failed tries. This name is locked here for a quarter of an hour."),
            status=429,
        )
    if user is None:
        return _login_page(request, _("Name or password is wrong."), status=400)
    auth.login(request, user)
    record(actor_of(request), "login", kind="staff", subject=user.get_username())
    return HttpResponseRedirect(_next_of(request))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@counted(LOGINS)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set the authenticator app up the first time, ask for its code from then on."""
    if not is_signed_in(request):
        return sent_to(request, "console:login")
    if request.user.is_verified():  # type: ignore[attr-defined, union-attr]
        return _codes(request)
    device = factor.app_of(request.user)
    if device is None and request.session.get(sessions.WAS_LET_IN):
        # It was reset since: whoever holds this session is not asked for a new app before they know the password.
        auth.logout(request)
        return sent_to(request, "console:login")
    return _enrol(request) if device is None else _verify(request)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Leave; the session is gone."""
    if request.user.is_authenticated:
        record(actor_of(request), "logout", kind="staff", subject=request.user.get_username())
    auth.logout(request)
    return HttpResponseRedirect(reverse("console:login"))


def of_admin(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The admin pages have no login of their own: who is logged in and still not let in may not see them."""
    if not is_signed_in(request):
        return _on(request, "console:login")
    if needs_second_factor() and not request.user.is_verified():  # type: ignore[attr-defined, union-attr]
        return _on(request, "console:second_factor")
    raise PermissionDenied


def may_see_admin(request: HttpRequest) -> bool:
    """The gate of the admin pages: staff, with the second factor where it is asked."""
    if not is_signed_in(request):
        return False
    user: Any = request.user
    if not (user.is_active and user.is_staff):
        return False
    return not needs_second_factor() or bool(user.is_verified())


def _on(request: HttpRequest, name: str) -> HttpResponse:
    """To another page, and from there where the asked page was to lead."""
    query = request.GET.urlencode()
    return HttpResponseRedirect(f"{reverse(name)}?{query}" if query else reverse(name))


def _enrol(request: HttpRequest) -> HttpResponse:
    device = factor.new_app(request.user)
    said, status = "", 200
    if request.method == "POST":
        if factor.confirm_app(device, request.POST.get("code", "")):
            _let_in(request, device)
            record(actor_of(request), "second_factor_set", kind="staff", subject=request.user.get_username())
            request.session[sessions.NEW_CODES] = factor.new_recovery_codes(request.user)
            return _again(request)
        said, status = _("This code is wrong or too old. Wait for the next one."), 400
    code = segno.make(device.config_url, micro=False)
    context = {
        "qr": code.svg_data_uri(scale=5, border=3, dark="#000", light="#fff"),
        "secret": device.config_url.partition("secret=")[2].partition("&")[0],
        "said": said,
        "next": _asked_next(request),
    }
    return render(request, "console/enrol.html", context, status=status)


def _verify(request: HttpRequest) -> HttpResponse:
    said, status = "", 200
    if request.method == "POST":
        device = factor.verified_by(request.user, request.POST.get("code", ""))
        if device is not None:
            _let_in(request, device)
            record(actor_of(request), "second_factor", kind="staff", subject=request.user.get_username())
            return HttpResponseRedirect(_next_of(request))
        said = _("This code is wrong, was used before, or came too soon after wrong ones. Try the next one.")
        status = 400
    context = {"said": said, "next": _asked_next(request)}
    return render(request, "console/second_factor.html", context, status=status)


def _codes(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session[sessions.NEW_CODES] = factor.new_recovery_codes(request.user)
        record(actor_of(request), "recovery_codes", kind="staff", subject=request.user.get_username())
        return _again(request)
    codes = request.session.pop(sessions.NEW_CODES, [])
    context = {"codes": codes, "left": factor.codes_left(request.user), "next": _next_of(request)}
    return render(request, "console/codes.html", context)


def _let_in(request: HttpRequest, device: Any) -> None:
    django_otp.login(request, device)
    request.session[sessions.WAS_LET_IN] = True
    # What was known of the session before the second factor is of no use after it.
    request.session.cycle_key()


def _login_page(request: HttpRequest, said: str = "", *, status: int = 200) -> HttpResponse:
    context = {"said": said, "next": _asked_next(request), "name": request.POST.get("username", "")}
    return render(request, "console/login.html", context, status=status)


def _again(request: HttpRequest) -> HttpResponse:
    """Back to the second factor's page, which keeps where the person wanted to go."""
    query = urlencode({"next": _asked_next(request)})
    return HttpResponseRedirect(f"{reverse('console:second_factor')}?{query}")


def _asked_next(request: HttpRequest) -> str:
    url = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else ""


def _next_of(request: HttpRequest) -> str:
    return _asked_next(request) or reverse("console:home")
