"""WebSocket addresses."""

from django.urls import path

from .orders import OrderConsumer
from .quotes import QuoteConsumer

websocket_urlpatterns = [
    path("ws/quotes/<uuid:quote_id>/", QuoteConsumer.as_asgi()),
    path("ws/orders/<str:order_id>/", OrderConsumer.as_asgi()),
]
