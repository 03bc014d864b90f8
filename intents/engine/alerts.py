"""Alerts: a row that staff see, and one line of log at error level, when something costs us money or soon will."""

from typing import Any

import structlog
from django.utils import timezone

from intents.models import Alert, Order

from . import ledger

log = structlog.get_logger(__name__)


def begin(
    kind: Alert.Kind, key: str, *, order: Order | None = None, chain_id: int | None = None, **data: Any
) -> bool:
    """Alert staff; False when they are alerted of this very trouble already."""
    _, is_new = Alert.objects.get_or_create(
        key=key, ended_at=None, defaults={"kind": kind, "order": order, "chain_id": chain_id, "data": data}
    )
    if is_new:
        order_id = order.order_id if order is not None else ""
        log.error(f"alert.{kind.value}", key=key, order_id=order_id, chain=chain_id, **data)
    return is_new


def end(key: str) -> bool:
    """The trouble is over; False when there was none."""
    ended = Alert.objects.filter(key=key, ended_at=None).update(ended_at=timezone.now())
    if ended:
        log.warning("alert.ended", key=key)
    return bool(ended)


def book_loss(order: Order, *, tx_hash: str = "") -> bool:
    """We delivered, and the input that should have paid us is gone; `tx_hash` took it, if anything did.

    False, and nothing is booked, when it was not our inventory that paid.
    """
    if not ledger.is_filled(order):
        return False
    ledger.book_loss(order)
    end(gone_key(order))
    data = {**_input(order), "tx_hash": tx_hash}
    return begin(Alert.Kind.LOSS, loss_key(order), order=order, chain_id=order.origin_id, **data)


def deposit_gone(order: Order) -> bool:
    """We delivered, and a reorganised chain took back the deposit that should pay us: it is put in again.

    False when staff are told of it already, also when it is booked as lost.
    """
    if ledger.is_lost(order):
        return False
    key = gone_key(order)
    return begin(Alert.Kind.DEPOSIT_GONE, key, order=order, chain_id=order.origin_id, **_input(order))


def _input(order: Order) -> dict[str, Any]:
    return {"token": order.input_token, "amount": str(order.input_amount)}


def gone_key(order: Order) -> str:
    """The key of an order that we delivered and that is not open any more."""
    return f"deposit_gone:{order.order_id}"


def unfinished(order_id: str, *, looks: int) -> bool:
    """So many looks at an order in a row never came to an end: nothing moves it.

    False when staff are told of it already.
    """
    order = Order.objects.get(order_id=order_id)
    key = unfinished_key(order_id)
    return begin(Alert.Kind.UNFINISHED, key, order=order, chain_id=order.origin_id, looks=looks)


def unfinished_key(order_id: str) -> str:
    """The key of an order that no look brings forward."""
    return f"unfinished:{order_id}"


def undo_loss(order: Order) -> None:
    """What should have paid us is not gone after all."""
    ledger.unbook(order, memo="loss")
    end(loss_key(order))


def loss_key(order: Order) -> str:
    """The key of an order that we delivered and that was refunded as well."""
    return f"loss:{order.order_id}"
