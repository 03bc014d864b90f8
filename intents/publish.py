"""The one place that sends to browsers: high-level hints, after the commit, one group per thing.

A message says only that something changed; the consumer reads what from the database. A layer that
is down is logged: pages catch up by sequence number.
"""

from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def order_group(order_id: str) -> str:
    """Channels group of one order; half the id, because group names end at 100 characters."""
    return f"order.{order_id[2:34]}"


def quote_group(quote_id: UUID | str) -> str:
    """Channels group of one quote."""
    return f"quote.{UUID(str(quote_id)).hex}"


def ticket_group(ticket_id: UUID | str) -> str:
    """Channels group of one ticket."""
    return f"ticket.{UUID(str(ticket_id)).hex}"


JOINS_GROUP = "joins"


def joins_changed() -> None:
    """Hint that a chain on its way in came further, once that is in the database."""
    _after_commit(JOINS_GROUP, {"type": "joins.changed"})


def order_changed(order_id: str, seq: int) -> None:
    """Hint that event `seq` of this order is in the database, once it is."""
    _after_commit(order_group(order_id), {"type": "order.changed", "order_id": order_id, "seq": seq})


def quote_changed(quote_id: UUID | str) -> None:
    """Hint that this quote has a new state or route, once it is in the database."""
    _after_commit(quote_group(quote_id), {"type": "quote.changed", "quote_id": str(quote_id)})


def ticket_changed(ticket_id: UUID | str, seq: int) -> None:
    """Hint that this ticket has message `seq`, or another state, once that is in the database."""
    _after_commit(
        ticket_group(ticket_id), {"type": "ticket.changed", "ticket_id": str(ticket_id), "seq": seq}
    )


def _after_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send(group, message))


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except (RedisError, OSError) as error:
        log.warning("publish.layer_unreachable", group=group, error=str(error))
