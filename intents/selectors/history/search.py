"""Finding one's own transfers by a number, a transaction, an address, an amount, a token or a chain."""

import re
from typing import Final

from django.db.models import Q

from intents.amounts import AmountError, parse_units
from intents.chains.manifest import ChainManifest
from intents.models import Attempt, ChainLog
from intents.selectors.network import NATIVE, connected_chains

_HEX: Final = re.compile(r"(?:0x)?[0-9a-f]{4,64}")
_HASH: Final = re.compile(r"0x[0-9a-f]{64}")
_SHORT: Final = re.compile(r"(0x[0-9a-f]{2,})(?:…|\.{2,3})([0-9a-f]{2,})")
_ORDER_IN_LINK: Final = re.compile(r"/t/(0x[0-9a-f]{64})")
_AMOUNT: Final = re.compile(r"([\d][\d,' ]*(?:\.\d*)?|\.\d+)\s*([^\s\d]\S*)?")
NOTHING: Final = Q(pk__in=[])


def found_by(text: str) -> Q:
    """What the orders must be for the text to name them; nothing for a text that names nothing."""
    plain = text.strip().lower()
    link = _ORDER_IN_LINK.search(plain)
    if link:
        return Q(pk=link[1])
    short = _SHORT.fullmatch(plain)
    if short:
        return _between(*short.groups())
    found = _by_name(plain)
    if _HASH.fullmatch(plain):
        return found | _by_transaction(plain)
    if _HEX.fullmatch(plain):
        start = plain if plain.startswith("0x") else f"0x{plain}"
        found |= Q(pk__startswith=start) | Q(user__istartswith=start) | Q(recipient__istartswith=start)
    amount = _AMOUNT.fullmatch(plain)
    return found | _by_amount(amount[1], amount[2] or "") if amount else found


def _between(first: str, last: str) -> Q:
    ends = (
        Q(**{f"{name}__istartswith": first, f"{name}__iendswith": last})
        for name in ("pk", "user", "recipient")
    )
    found = NOTHING
    for each in ends:
        found |= each
    return found


def _by_transaction(tx_hash: str) -> Q:
    ids = {tx_hash}
    ids.update(
        Attempt.objects.filter(tx_hash=tx_hash, step__isnull=False).values_list("step__order_id", flat=True)
    )
    ids.update(
        ChainLog.objects.filter(tx_hash=tx_hash).exclude(order_id="").values_list("order_id", flat=True)
    )
    return Q(pk__in=ids)


def _by_name(text: str) -> Q:
    found = NOTHING
    for chain in connected_chains().values():
        if text in (chain.slug.lower(), chain.name.lower()):
            found |= Q(origin_id=chain.chain_id) | Q(destination_id=chain.chain_id)
        addresses = [address for address, symbol, _decimals in _tokens(chain) if symbol.lower() == text]
        found |= _input(chain, addresses) | _output(chain, addresses)
    return found


def _by_amount(number: str, symbol: str) -> Q:
    """Exactly that much given or received; the amounts of a token differ by its decimals."""
    found = NOTHING
    for chain in connected_chains().values():
        for address, known, decimals in _tokens(chain):
            if symbol and known.lower() != symbol:
                continue
            try:
                units = parse_units(number.replace("'", ""), decimals)
            except AmountError:
                continue
            found |= _input(chain, [address]) & Q(input_amount=units)
            found |= _output(chain, [address]) & (
                Q(delivered_amount=units) | Q(delivered_amount=None, output_amount=units)
            )
    return found


def _tokens(chain: ChainManifest) -> list[tuple[str, str, int]]:
    listed = [(token.address, token.symbol, token.decimals) for token in chain.tokens]
    return [*listed, (NATIVE, chain.native.symbol, chain.native.decimals)]


def _input(chain: ChainManifest, addresses: list[str]) -> Q:
    return Q(origin_id=chain.chain_id, input_token__in=addresses) if addresses else NOTHING


def _output(chain: ChainManifest, addresses: list[str]) -> Q:
    return Q(destination_id=chain.chain_id, output_token__in=addresses) if addresses else NOTHING
