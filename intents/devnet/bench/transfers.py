"""Times of real transfers over the HTTP API, one in flight, and what of them is our own doing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from intents.client.api import Network, Submitted, WaymeetClient
from intents.client.signing import checked_order, signed, typed_data
from intents.client.transfer import Asked, intent_fields, understood

from .blocks import BlockListener

PATIENCE_SECONDS: Final = 90.0
BLOCK_PATIENCE_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.15


class TransferFailed(Exception):
    """A measured transfer was not delivered."""

    code = "transfer_failed"
    retry = False


@dataclass(frozen=True, slots=True)
class Inclusion:
    """When a transaction was broadcast and when its block arrived, wall time in seconds."""

    broadcast: float
    arrival: float


@dataclass(frozen=True, slots=True)
class Timing:
    """One transfer in seconds: what the chains took, and the three stretches that are ours."""

    origin_inclusion: float
    destination_inclusion: float
    before_open: float
    before_fill: float
    after_fill: float

    @property
    def own_share(self) -> float:
        """Submitted → open broadcast, its block → fill broadcast, its block → delivered event written."""
        return self.before_open + self.before_fill + self.after_fill

    @property
    def total(self) -> float:
        """Submitted → delivered."""
        return self.own_share + self.origin_inclusion + self.destination_inclusion


def measure(
    asked: Asked,
    *,
    count: int,
    client: WaymeetClient,
    network: Network,
    blocks: BlockListener,
    progress: Callable[[int], None],
) -> list[Timing]:
    """Make `count` transfers one after another; raises TransferFailed, ApiError, RefusedToSign."""
    timings = []
    for done in range(count):
        timings.append(one(asked, client=client, network=network, blocks=blocks))
        progress(done + 1)
    return timings


def one(asked: Asked, *, client: WaymeetClient, network: Network, blocks: BlockListener) -> Timing:
    """Make one transfer and time it from its submission to its delivered event, on one host clock."""
    wish, key = understood(asked, network)
    quote = client.quote(**intent_fields(asked, wish))
    data = typed_data(wish, checked_order(wish, quote), way=quote["confirm_way"])
    submitted = client.submit(
        quote_id=quote["quote_id"], order=quote["order"], signature=signed(data, key=key)
    )
    events = _delivered_events(client, submitted)
    order = client.order(submitted)
    opened = _inclusion(order, events["opened"], blocks)
    filled = _inclusion(order, events["filled"], blocks)
    return Timing(
        origin_inclusion=opened.arrival - opened.broadcast,
        destination_inclusion=filled.arrival - filled.broadcast,
        before_open=opened.broadcast - float(order["received_at"]),
        before_fill=filled.broadcast - opened.arrival,
        after_fill=_at(events["delivered"]) - filled.arrival,
    )


def delivered_seconds(client: WaymeetClient, submitted: Submitted) -> float:
    """Seconds from the order's arrival here to its delivered event. Raises TransferFailed."""
    events = _delivered_events(client, submitted)
    return _at(events["delivered"]) - float(client.order(submitted)["received_at"])


def _delivered_events(client: WaymeetClient, submitted: Submitted) -> dict[str, Any]:
    """The first event of each kind, once the delivered one is among them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    events: dict[str, Any] = {}
    after = 0
    while time.monotonic() < deadline:
        answer = client.events(submitted, after=after)
        for event in answer["events"]:
            after = event["seq"]
            events.setdefault(event["kind"], event)
        if "delivered" in events:
            return events
        if answer["is_ended"] and not answer["events"]:
            break
        time.sleep(POLL_SECONDS)
    state = client.order(submitted)["state"]
    raise TransferFailed(f"{submitted.order_id} is {state}, not delivered")


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def _inclusion(order: dict[str, Any], event: dict[str, Any], blocks: BlockListener) -> Inclusion:
    tx_hash, chain_id = event["data"]["tx_hash"], int(event["data"]["chain_id"])
    for step in order["steps"]:
        for attempt in step["attempts"]:
            if attempt["tx_hash"] == tx_hash and attempt["broadcast_at"]:
                arrival = _arrival(chain_id, int(event["data"]["block"]), blocks)
                return Inclusion(broadcast=float(attempt["broadcast_at"]), arrival=arrival)
    raise TransferFailed(f"{order['order_id']}: {tx_hash} is not a transaction we broadcast")


def _arrival(chain_id: int, number: int, blocks: BlockListener) -> float:
    deadline = time.monotonic() + BLOCK_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        arrival = blocks.arrival(chain_id, number)
        if arrival is not None:
            return arrival
        time.sleep(0.05)
    raise TransferFailed(f"the listener saw no block {number} of chain {chain_id}")
