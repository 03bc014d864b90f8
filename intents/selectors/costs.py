"""What a transfer that is over was offered for, and what it cost."""

from collections import defaultdict
from dataclasses import dataclass

from intents.models import LedgerEntry, Order

from .fees import fees_json
from .network import NATIVE, chain_name
from .steps import amount_words


@dataclass(frozen=True, slots=True)
class Costs:
    """USD × 10^8 at the prices of the offer, None when nobody can say; `gas` is what networks took of us."""

    offered_usd_e8: int | None
    actual_usd_e8: int | None
    gas: tuple[str, ...]


def costs_of(order: Order) -> Costs:
    """The sums of a transfer's receipt."""
    fees = fees_json(order) or {}
    sums: dict[int, int] = defaultdict(int)
    booked = LedgerEntry.objects.filter(order=order, credit=LedgerEntry.Account.GAS)
    for chain_id, wei in booked.values_list("chain_id", "amount"):
        sums[chain_id] += wei
    return Costs(
        offered_usd_e8=_number(fees.get("quoted_usd_e8")),
        actual_usd_e8=_number(fees.get("actual_usd_e8")),
        gas=tuple(
            f"{amount_words(chain_id, NATIVE, wei)} ({chain_name(chain_id)})"
            for chain_id, wei in sums.items()
        ),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
