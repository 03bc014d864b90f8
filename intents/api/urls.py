"""Addresses of the HTTP API, included under `api/v1/`."""

from django.urls import path, re_path

from . import network, orders, quotes
from .http import endpoint

app_name = "api"
urlpatterns = [
    path("quotes", endpoint(POST=quotes.create)),
    path("quotes/<str:quote_id>", endpoint(GET=quotes.show)),
    path("orders", endpoint(POST=orders.create)),
    path("orders/<str:order_id>", endpoint(GET=orders.show)),
    path("orders/<str:order_id>/events", endpoint(GET=orders.events)),
    path("network", endpoint(GET=network.show)),
    path("connectivity", endpoint(GET=network.connectivity)),
    re_path(r"^.*$", endpoint(GET=network.absent, POST=network.absent)),
]
