"""Every URL of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.generic.base import RedirectView
from django.views.i18n import set_language

from intents.console import login

admin.site.site_header = _("Waymeet")
admin.site.site_title = _("Waymeet")
admin.site.index_title = _("Transfers and chains")
# One login for all staff pages: it counts, locks out, and asks for the second factor.
admin.site.login = login.of_admin  # type: ignore[method-assign]
admin.site.has_permission = login.may_see_admin  # type: ignore[method-assign]

urlpatterns = [
    path(settings.STAFF_PATH, admin.site.urls),
    path(settings.CONSOLE_PATH, include("intents.console.urls")),
    # Changes nothing but the language cookie, and works on pages that set no other cookie.
    path("i18n/setlang/", csrf_exempt(set_language), name="set_language"),
    path("api/v1/", include("intents.api.urls")),
    path("favicon.ico", RedirectView.as_view(url=settings.STATIC_URL + "icons/favicon.svg", permanent=True)),
    path("", include("intents.web.urls")),
]

handler400 = "intents.web.failures.bad_request"
handler403 = "intents.web.failures.forbidden"
handler404 = "intents.web.failures.not_found"
handler500 = "intents.web.failures.server_error"
