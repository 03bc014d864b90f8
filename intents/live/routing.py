"""WebSocket addresses."""

from django.urls import path

from .console_rows import ConsoleRowsConsumer
from .console_tickets import ConsoleTicketConsumer, ConsoleTicketsConsumer
from .history import HistoryConsumer
from .joins import JoinsConsumer
from .orders import OrderConsumer
from .quotes import QuoteConsumer
from .tickets import TicketConsumer

websocket_urlpatterns = [
    path("ws/console/rows/", ConsoleRowsConsumer.as_asgi()),
    path("ws/console/tickets/", ConsoleTicketsConsumer.as_asgi()),
    path("ws/console/tickets/<uuid:ticket_id>/", ConsoleTicketConsumer.as_asgi()),
    path("ws/history/", HistoryConsumer.as_asgi()),
    path("ws/joins/", JoinsConsumer.as_asgi()),
    path("ws/quotes/<uuid:quote_id>/", QuoteConsumer.as_asgi()),
    path("ws/orders/<str:order_id>/", OrderConsumer.as_asgi()),
    path("ws/tickets/<uuid:ticket_id>/", TicketConsumer.as_asgi()),
]
