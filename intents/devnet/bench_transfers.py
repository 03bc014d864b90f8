"""Times of real transfers over the HTTP API, one in flight, and what of them is our own doing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from intents.client.api import Network, WaymeetClient
from intents.client.signing import checked_order, signed, typed_data
from intents.client.transfer import DEMO_KEY, Asked, intent_fields, understood

from .bench_blocks import BlockListener

PATIENCE_SECONDS: Final = 90.0
BLOCK_PATIENCE_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.15


class TransferFailed(Exception):
    """A measured transfer was not delivered."""

    code = "transfer_failed"


@dataclass(frozen=True, slots=True)
class Timing:
    """One transfer in seconds."""

    total: float
    origin_inclusion: float
    destination_inclusion: float

    @property
    def own_share(self) -> float:
        """What is left after both chains took their time to include our transactions."""
        return self.total - self.origin_inclusion - self.destination_inclusion


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
    """Make one transfer, settled to its end so that the next finds a quiet system, and time it."""
    wish, key = understood(asked, network)
    quote = client.quote(**intent_fields(asked, wish))
    data = typed_data(wish, checked_order(wish, quote), way=quote["confirm_way"])
    submitted = client.submit(
        quote_id=quote["quote_id"], order=quote["order"], signature=signed(data, key=key or DEMO_KEY)
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    delivered_at = 0.0
    order: dict[str, Any] = {}
    while time.monotonic() < deadline:
        if not delivered_at:
            delivered_at = _delivered_at(client.events(submitted)["events"])
        else:
            order = client.order(submitted)
            if order["state"] == "settled":
                break
        time.sleep(POLL_SECONDS)
    if not delivered_at:
        raise TransferFailed(f"{submitted.order_id} is {client.order(submitted)['state']}")
    return Timing(
        total=delivered_at - float(order["received_at"]),
        origin_inclusion=_inclusion(order, "open", blocks),
        destination_inclusion=_inclusion(order, "fill", blocks),
    )


def _delivered_at(events: list[dict[str, Any]]) -> float:
    for event in events:
        if event["kind"] == "delivered":
            return datetime.fromisoformat(event["at"]).timestamp()
    return 0.0


def _inclusion(order: dict[str, Any], kind: str, blocks: BlockListener) -> float:
    step = next(step for step in order["steps"] if step["kind"] == kind)
    for attempt in reversed(step["attempts"]):
        if attempt["state"] != "confirmed" or attempt["block"] is None:
            continue
        arrival = _arrival(step["chain_id"], attempt["block"], blocks)
        return arrival - float(attempt["broadcast_at"])
    raise TransferFailed(f"{order['order_id']} has no confirmed {kind} transaction of ours")


def _arrival(chain_id: int, number: int, blocks: BlockListener) -> float:
    deadline = time.monotonic() + BLOCK_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        arrival = blocks.arrival(chain_id, number)
        if arrival is not None:
            return arrival
        time.sleep(0.05)
    raise TransferFailed(f"the listener saw no block {number} of chain {chain_id}")
