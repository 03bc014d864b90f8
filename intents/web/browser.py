"""The cookie by which this browser reads its own quotes and orders again."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from intents.selectors.access import Viewer, viewer
from intents.services.login import BROWSER_COOKIE, BROWSER_COOKIE_SECONDS, browser_key, new_browser_cookie


def viewer_of(request: HttpRequest) -> Viewer:
    """Who the request proves to come from; reads a session only when its cookie was sent."""
    has_session = request.session.session_key is not None
    return viewer(
        cookies=request.COOKIES,
        session=request.session if has_session else None,  # type: ignore[arg-type]
        share_key=request.GET.get("k", ""),
        shown_key=request.GET.get("s", ""),
    )


def access_query(request: HttpRequest) -> str:
    """The keys of the link that was followed, for the links of its page: "" or ?k=… or ?s=…"""
    keys = {name: request.GET[name][:64] for name in ("k", "s") if request.GET.get(name)}
    return f"?{urlencode(keys)}" if keys else ""


def known_or_new(request: HttpRequest) -> tuple[str, str]:
    """(browser key, cookie to set): the cookie is "" when the browser already has a valid one."""
    known = browser_key(request.COOKIES)
    if known:
        return known, ""
    cookie = new_browser_cookie()
    return browser_key({BROWSER_COOKIE: cookie}), cookie


def remember(request: HttpRequest, response: HttpResponse, cookie: str) -> HttpResponse:
    """Set the browser cookie when `known_or_new` made one. Only answers that kept something may do so."""
    if cookie:
        response.set_cookie(
            BROWSER_COOKIE,
            cookie,
            max_age=BROWSER_COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response
