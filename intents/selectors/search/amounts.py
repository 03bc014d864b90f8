"""Orders by an amount as people remember it."""

from collections import defaultdict

from django.db.models import F

from intents.models import Order
from intents.selectors.network import NATIVE, connected_chains

from .reading import Wanted

FIELDS = ("input_amount", "delivered_amount", "output_expected", "output_amount")
# Of one amount so many are looked at, newest first, for those of the token that was named.
MOST_LOOKED_AT = 5000
MOST_DECIMALS = 36


def by_amount(wanted: Wanted, *, most: int) -> dict[str, list[str]]:
    """Order ids by the field that holds the amount, nearest to what was typed first, then newest first.

    What was typed with two or more decimals also stands for what is shown cut off there: 99.97 finds 99.9734.
    """
    found: dict[str, list[str]] = {}
    tokens = _tokens_by_decimals(wanted.symbol)
    for field in FIELDS:
        ids: list[str] = []
        for decimals, (least, beyond) in _ranges(wanted.text, tokens).items():
            ids += _orders(field, least, beyond, tokens=tokens[decimals], most=most)
        if ids:
            found[field] = ids
    return found


def _orders(field: str, least: int, beyond: int, *, tokens: set[tuple[int, str]], most: int) -> list[str]:
    chain, token = (
        ("origin_id", "input_token") if field == "input_amount" else ("destination_id", "output_token")
    )
    nearest = (
        Order.objects.filter(**{f"{field}__gte": least, f"{field}__lt": beyond})
        .order_by(field, F("created_at").desc())
        .values_list("pk", chain, token)
    )
    ids: list[str] = []
    for looked_at in (2 * most, MOST_LOOKED_AT):
        rows = list(nearest[:looked_at])
        ids = [order_id for order_id, chain_id, address in rows if (chain_id, address.lower()) in tokens]
        if len(ids) >= most or len(rows) < looked_at:
            break
    return ids[:most]


def _ranges(text: str, tokens: dict[int, set[tuple[int, str]]]) -> dict[int, tuple[int, int]]:
    """Base units [from, to) by number of decimals."""
    whole, _, fraction = text.partition(".")
    ranges = {}
    for decimals in tokens:
        if len(fraction) > decimals:
            if fraction[decimals:].strip("0"):
                continue
            fraction = fraction[:decimals]
        least = int((whole or "0") + fraction.ljust(decimals, "0"))
        is_cut = len(fraction) >= 2 and len(fraction) < decimals
        ranges[decimals] = (least, least + (10 ** (decimals - len(fraction)) if is_cut else 1))
    return {decimals: pair for decimals, pair in ranges.items() if pair[0] > 0 and pair[1] < 2**256}


def _tokens_by_decimals(symbol: str) -> dict[int, set[tuple[int, str]]]:
    """(chain, address in lower case) of every token with this symbol, or of all, by number of decimals."""
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for chain_id, manifest in connected_chains().items():
        native = manifest.native
        named = [(token.symbol, token.decimals, token.address.lower()) for token in manifest.tokens]
        for name, decimals, address in [*named, (native.symbol, native.decimals, NATIVE)]:
            if (not symbol or name.upper() == symbol) and decimals <= MOST_DECIMALS:
                found[decimals].add((chain_id, address))
    return found
