"""Pages of the support console, under `CONSOLE_PATH`."""

from django.urls import path

from . import acts, export, lists, login, network, requests, search, shell

app_name = "console"
urlpatterns = [
    path("", shell.home, name="home"),
    path("search", search.results, name="search"),
    path("list/<str:view>/", lists.show, name="list"),
    path("list/<str:view>/export.csv", export.export, name="export"),
    path("t/<str:order_id>/act/<slug:name>/", acts.act, name="act"),
    path("requests/", requests.listed, name="requests"),
    path("requests/ask/<slug:kind>/", requests.ask, name="ask"),
    path("requests/<uuid:request_id>/", requests.show, name="request"),
    path("network/", network.network, name="network"),
    path("network/pause/", network.pause, name="pause"),
    path("login/", login.login, name="login"),
    path("second-factor/", login.second_factor, name="second_factor"),
    path("logout/", login.logout, name="logout"),
]
