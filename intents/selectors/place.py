"""Where the money of an order is, from chain evidence first and the order's state second."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from intents.lifecycle import DELIVERED, IN_ESCROW, OrderState
from intents.models import ChainLog, Order


class Place(StrEnum):
    """Who holds the input, or what became of it."""

    WALLET = "wallet"
    ESCROW = "escrow"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CLAIMABLE = "claimable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The logs about one order that our follower holds; a reorganised log is gone from here."""

    open_block: int | None
    is_refunded: bool


def evidence(order: Order) -> Evidence:
    """What the input settler on the origin logged about this order.

    Only its logs count here: anybody can make an output settler log a worthless fill for any id, so
    a delivery is believed from the order's state, which the engine checked against the output.
    """
    return evidence_in(
        ChainLog.objects.filter(
            order_id=order.order_id, chain_id=order.origin_id, kind__in=("Open", "Refunded")
        ).only("kind", "block_number")
    )


def evidence_in(logs: Iterable[ChainLog]) -> Evidence:
    """The same from logs that are at hand: those of one order on its origin."""
    logs = list(logs)
    blocks = [log.block_number for log in logs if log.kind == "Open"]
    kinds = {log.kind for log in logs}
    return Evidence(max(blocks, default=None), "Refunded" in kinds)


def place_of(order: Order, seen: Evidence) -> Place:
    """Where the input is now."""
    state = OrderState(order.state)
    if state in DELIVERED or state is OrderState.SETTLED or order.delivered_amount is not None:
        return Place.DELIVERED
    if seen.is_refunded or state is OrderState.REFUNDED:
        return Place.CLAIMABLE if order.payout == "claimable" else Place.RETURNED
    if seen.open_block is not None or state in IN_ESCROW:
        return Place.ESCROW
    if state is OrderState.NEEDS_ATTENTION and order.resume_state in IN_ESCROW:
        return Place.ESCROW
    return Place.WALLET
