"""What a second person must know before a chain is declared gone: how silent it is, and what becomes of whose money."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.chains import registry
from intents.engine.departures import moves_of, open_orders
from intents.engine.gone import open_by_fate, silence_of
from intents.models import Order, Stock

from .amounts import shown_amount
from .network import chain_name, token_name

Line = tuple[str, str]
MOST_NAMED: Final = 20
FATES: Final[dict[str, Any]] = {
    "returned": gettext_lazy("Go back to their users on other chains by themselves"),
    "kept": gettext_lazy("Users' money in the contract there: only the chain itself can give it back"),
    "not_begun": gettext_lazy("Nothing was seen taken there"),
    "ours": gettext_lazy("Delivered by us and not repaid: our loss unless it comes back"),
    "others": gettext_lazy("Delivered by others: theirs"),
}


def gone_lines(chain_id: int) -> Iterator[Line]:
    """Since when, the newest block, the transfers by what becomes of them, and our own stock there."""
    yield _("Chain"), f"{chain_name(chain_id)} ({chain_id})"
    found = silence_of(chain_id)
    if found is None:
        yield _("Its nodes"), _("one of them answers, or nobody looks")
    else:
        yield _("No node has answered since"), _utc(found.since)
        if found.block is not None and found.block_at is not None:
            yield _("Newest block that was read"), f"{found.block} · {_utc(found.block_at)}"
    for fate, orders in open_by_fate(open_orders(chain_id), chain_id).items():
        if orders:
            yield str(FATES[fate]), _transfers(orders)
    yield _("Our stock there, when it was last read"), ", ".join(_stock(chain_id)) or _("none")
    moves = moves_of(chain_id).count()
    if moves:
        yield _("Our stock on its way from or to it"), str(moves)


def _transfers(orders: Sequence[Order]) -> str:
    """How many, of how much, and which."""
    sums: Counter[tuple[int, str]] = Counter()
    for order in orders:
        sums[order.origin_id, order.input_token] += order.input_amount
    money = ", ".join(_amount(chain_id, token, amount) for (chain_id, token), amount in sorted(sums.items()))
    named = ", ".join(order.order_id[:10] for order in orders[:MOST_NAMED])
    more = ", …" if len(orders) > MOST_NAMED else ""
    return f"{len(orders)} · {money} · {named}{more}"


def _stock(chain_id: int) -> Iterator[str]:
    manifest = registry.once_connected(chain_id)
    if manifest is None:
        return
    rows = Stock.objects.filter(chain_id=chain_id, holder=manifest.address("solver_account"), balance__gt=0)
    for token, balance in rows.order_by("token").values_list("token", "balance"):
        yield _amount(chain_id, token, balance)


def _amount(chain_id: int, address: str, units: int) -> str:
    token = token_name(chain_id, address)
    return f"{shown_amount(units, token.decimals)} {token.symbol}"


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
