"""Addresses of the HTTP API, included under `api/v1/`."""

from django.urls import path, re_path

from intents.services.limits import BALANCES, ORDERS, QUOTES

from . import balances, lists, network, orders, quotes
from .http import endpoint
from .limits import counted, looked_up

app_name = "api"
urlpatterns = [
    path("quotes", endpoint(POST=counted(QUOTES)(quotes.create))),
    path("quotes/<str:quote_id>", endpoint(GET=looked_up(quotes.show))),
    path("orders", endpoint(POST=counted(ORDERS)(orders.create))),
    path("orders/<str:order_id>", endpoint(GET=looked_up(orders.show))),
    path("orders/<str:order_id>/events", endpoint(GET=looked_up(orders.events))),
    path("orders/<str:order_id>/receipt", endpoint(GET=looked_up(orders.receipt))),
    path("balances", endpoint(GET=counted(BALANCES)(balances.show))),
    path("network", endpoint(GET=network.show), name="network"),
    path("network/<slug:slug>/passport", endpoint(GET=network.passport)),
    path("connectivity", endpoint(GET=network.connectivity), name="connectivity"),
    path("lists/chains.json", endpoint(GET=lists.chains), name="lists_chains"),
    path("lists/tokens.json", endpoint(GET=lists.tokens), name="lists_tokens"),
    path("lists/apps.json", endpoint(GET=lists.apps), name="lists_apps"),
    path("lists/wallets.json", endpoint(GET=lists.wallets)),
    path("lists/wallets/<int:chain_id>.json", endpoint(GET=lists.wallet)),
    path("lists/manifests/<int:chain_id>.toml", endpoint(GET=lists.manifest)),
    path("icons/<int:chain_id>.svg", endpoint(GET=lists.icon)),
    re_path(r"^.*$", endpoint(GET=network.absent, POST=network.absent)),
]
