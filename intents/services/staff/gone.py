"""Declaring a chain gone: only after its nodes answered nobody for long, with what is known of it put on record."""

from collections import Counter
from typing import Any

from intents.chains import registry
from intents.engine import departures, gone
from intents.engine.departures import open_orders
from intents.models import Departure, Order
from intents.settlement.acceptance import Refusal

from .errors import NotOffered
from .pauses import DRAIN, MOST_SHOWN, brake_named


def evidence(chain: str) -> dict[str, Any]:
    """What speaks for it, as JSON values; amounts in base units by token. Raises ActRefused."""
    brake = brake_named(DRAIN, chain)
    found = require_silent(brake.chain_id)
    if Departure.objects.filter(chain_id=brake.chain_id, ended_at=None, kind=Departure.Kind.GONE).exists():
        raise NotOffered(Refusal("gone_already"))
    fates = gone.open_by_fate(open_orders(brake.chain_id), brake.chain_id)
    return {
        "chain_id": str(brake.chain_id),
        "subject": chain,
        "silent_since": round(found.since),
        "block": found.block,
        "block_at": found.block_at,
        "orders": {fate: len(orders) for fate, orders in fates.items() if orders},
        "money": {fate: _sums(orders) for fate, orders in fates.items() if orders},
    }


def require_silent(chain_id: int) -> gone.Silence:
    """Raises ActRefused while a node answers, or has not been silent for long enough."""
    found, manifest = gone.silence_of(chain_id), registry.chain(chain_id)
    if found is None:
        raise NotOffered(Refusal("still_answers"))
    needed = gone.gone_after_seconds(manifest)
    if found.seconds < needed:
        said = {"minutes": str(int(found.seconds // 60)), "needed": str(int(needed // 60))}
        raise NotOffered(Refusal("silent_too_short", said))
    return found


def declare(chain_id: int, *, reason: str, user: Any) -> None:
    """Let it go; the nodes are asked about once more. Raises ActRefused."""
    require_silent(chain_id)
    departures.begin(
        chain_id,
        kind=Departure.Kind.GONE,
        stock=Departure.Stock.LEFT,
        reason=reason.strip()[:MOST_SHOWN],
        user=user,
    )


def _sums(orders: list[Order]) -> dict[str, str]:
    sums: Counter[str] = Counter()
    for order in orders:
        sums[f"{order.origin_id}:{order.input_token}"] += order.input_amount
    return {token: str(amount) for token, amount in sorted(sums.items())}
