"""What happened to a transfer, event by event, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intents.models import Event, Order

from .network import chain_name, explorer_url
from .sentences import EVENTS, words
from .steps import amount_words


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the story; `seq` never repeats and never has a gap."""

    seq: int
    kind: str
    at: datetime
    words: str
    tx_hash: str
    chain: str
    explorer_url: str = ""

    def to_json(self) -> dict[str, Any]:
        """As sent to programs."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "words": self.words,
            "tx_hash": self.tx_hash,
            "chain": self.chain,
        }


def events_after(order: Order, seq: int) -> list[EventView]:
    """Events numbered above `seq`, oldest first."""
    return [event_view(event) for event in Event.objects.filter(order=order, seq__gt=seq).order_by("seq")]


def event_view(event: Event) -> EventView:
    """One event in words."""
    data: Mapping[str, Any] = event.data or {}
    chain_id = data.get("chain_id")
    return EventView(
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        words=words(EVENTS, event.kind, _with_amounts(data)),
        tx_hash=str(data.get("tx_hash") or ""),
        chain=chain_name(int(chain_id)) if chain_id else "",
        explorer_url=explorer_url(int(chain_id), str(data["tx_hash"]))
        if chain_id and data.get("tx_hash")
        else "",
    )


def _with_amounts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Base units of a named token as people read them."""
    if not ("token" in data and "chain_id" in data):
        return dict(data)
    said = {
        name: amount_words(int(data["chain_id"]), str(data["token"]), int(data[name]))
        for name in ("amount", "need")
        if name in data
    }
    return {**data, **said}
