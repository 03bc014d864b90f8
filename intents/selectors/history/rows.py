"""One transfer as one line of a history, with a few queries for all lines together."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from intents.models import ChainHead, ChainLog, Order
from intents.selectors.network import TokenName, chain_name, token_name
from intents.selectors.place import Evidence, evidence_in, place_of
from intents.selectors.sight import Past
from intents.selectors.timeline import (
    ENDED_SHOWN,
    elapsed_seconds,
    eta_of,
    headline_of,
    is_slow,
    shown_state,
)

ORIGIN_KINDS = ("Open", "Refunded")


@dataclass(frozen=True, slots=True)
class Row:
    """What a line says. Amounts are base units; `received` is what arrived, or at least will."""

    order: Order
    shown: str
    headline: str
    input_token: TokenName
    output_token: TokenName
    origin: str
    destination: str
    received: int
    seconds: float | None

    @property
    def order_id(self) -> str:
        return self.order.order_id

    @property
    def created_at(self) -> datetime:
        return self.order.created_at

    @property
    def is_ended(self) -> bool:
        """Nothing more happens that the person waits for."""
        return self.shown in ENDED_SHOWN


def rows_of(orders: Sequence[Order], *, now: float | None = None) -> list[Row]:
    """Lines for the orders, in their order."""
    moment = time.time() if now is None else now
    logs: dict[str, list[ChainLog]] = defaultdict(list)
    for log in ChainLog.objects.filter(
        order_id__in=[order.order_id for order in orders], kind__in=ORIGIN_KINDS
    ).only("order_id", "chain_id", "kind", "block_number"):
        logs[log.order_id].append(log)
    heads = dict(ChainHead.objects.values_list("chain_id", "number"))
    return [
        row_of(order, seen=_seen(order, logs[order.order_id]), heads=heads, now=moment) for order in orders
    ]


def row_of(order: Order, *, seen: Evidence, heads: dict[int, int], now: float) -> Row:
    """One line from what was read for all of them."""
    place = place_of(order, seen)
    sight = Past(
        have=_have(order, seen, heads), destination_time=0.0, arrived=_arrived(order), returned=0, call=None
    )
    elapsed = elapsed_seconds(order, now)
    shown = shown_state(order, place, sight, is_slow=is_slow(elapsed, eta_of(order)))
    return Row(
        order=order,
        shown=shown,
        headline=headline_of(order, shown),
        input_token=token_name(order.origin_id, order.input_token),
        output_token=token_name(order.destination_id, order.output_token),
        origin=chain_name(order.origin_id),
        destination=chain_name(order.destination_id),
        received=order.output_amount if order.delivered_amount is None else order.delivered_amount,
        seconds=elapsed if shown == "delivered" else None,
    )


def _seen(order: Order, logs: Iterable[ChainLog]) -> Evidence:
    return evidence_in([log for log in logs if log.chain_id == order.origin_id])


def _have(order: Order, seen: Evidence, heads: dict[int, int]) -> int:
    head = heads.get(order.origin_id)
    return 0 if head is None or seen.open_block is None else max(0, head - seen.open_block + 1)


def _arrived(order: Order) -> int:
    deposit = getattr(order, "deposit", None)
    return 0 if deposit is None else int(deposit.held.get(deposit.token, 0))
