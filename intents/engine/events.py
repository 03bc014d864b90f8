"""The append-only story of an order. Every entry point that tells something goes through here."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max

from intents import publish
from intents.models import Event


def record(order_id: str, kind: str, **data: Any) -> Event:
    """Append one event and tell listeners after the commit.

    Only the holder of the order's lease (or the transaction that creates the order) may call this:
    numbers are gapless because there is one writer.
    """
    with transaction.atomic(savepoint=False):
        last = Event.objects.filter(order_id=order_id).aggregate(last=Max("seq"))["last"] or 0
        event = Event.objects.create(order_id=order_id, seq=last + 1, kind=kind, data=data)
        transaction.on_commit(partial(publish.order_changed, order_id, event.seq))
    return event
