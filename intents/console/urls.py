"""Pages of the support console, under `CONSOLE_PATH`."""

from django.urls import path

from . import (
    acts,
    causes,
    export,
    joins,
    lists,
    login,
    network,
    people,
    record,
    requests,
    search,
    shell,
    tickets,
    transfer,
)

app_name = "console"
urlpatterns = [
    path("", shell.home, name="home"),
    path("search", search.results, name="search"),
    path("list/<str:view>/", lists.show, name="list"),
    path("list/<str:view>/export.csv", export.export, name="export"),
    path("causes/", causes.causes, name="causes"),
    path("causes/<slug:code>/", causes.who_else, name="who_else"),
    path("t/<str:order_id>/act/<slug:name>/", acts.act, name="act"),
    path("requests/", requests.listed, name="requests"),
    path("requests/ask/<slug:kind>/", requests.ask, name="ask"),
    path("requests/<uuid:request_id>/", requests.show, name="request"),
    path("record/", record.record, name="record"),
    path("record/export.csv", record.export, name="record_export"),
    path("tickets/", tickets.listed, name="tickets"),
    path("tickets/<uuid:ticket_id>/", tickets.show, name="ticket"),
    path("joins/", joins.listed, name="joins"),
    path("network/", network.network, name="network"),
    path("network/pause/", network.pause, name="pause"),
    path("network/chain/<slug:slug>/", network.chain, name="chain"),
    path("people/", people.listed, name="people"),
    path("people/<str:name>/<slug:what>/", people.help_in, name="help_in"),
    path("login/", login.login, name="login"),
    path("second-factor/", login.second_factor, name="second_factor"),
    path("logout/", login.logout, name="logout"),
    path("t/<str:order_id>/", transfer.page, name="transfer"),
    path("t/<str:order_id>/person/", transfer.person_now, name="transfer_person"),
    path("t/<str:order_id>/chains/", transfer.chains_now, name="transfer_chains"),
]
