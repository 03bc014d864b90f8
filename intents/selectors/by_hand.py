"""What the same transfer would take without us, as the card shows it."""

from dataclasses import dataclass

from intents.models import Quote


@dataclass(frozen=True, slots=True)
class ByHand:
    """The best way alone over the pools and bridges we know; without one `is_possible` is false.

    `net_output` is in base units of the output, after the worth of all gas; never negative.
    """

    is_possible: bool
    confirmations: int = 0
    seconds: int = 0
    net_output: int = 0


def by_hand(quote: Quote) -> ByHand | None:
    """None when not everything that matters was known as the quote was made."""
    found = (quote.routes[0] if quote.routes else {}).get("by_hand")
    if not found:
        return None
    if not found["is_possible"]:
        return ByHand(is_possible=False)
    return ByHand(
        is_possible=True,
        confirmations=int(found["confirmations"]),
        seconds=int(found["seconds"]),
        net_output=max(int(found["net_output"]), 0),
    )
