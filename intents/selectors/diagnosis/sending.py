"""Causes that lie with our own transactions: queues of nonces, fees, gas."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from intents.amounts import format_units
from intents.chains.calls import ZERO_ADDRESS
from intents.models import Attempt

from .acts import BUMP
from .facts import Facts
from .finding import Cause, Numbers, Severity
from .scene import ChainFacts, Queued

STUCK_SECONDS: Final = 6.0
STUCK_BLOCKS: Final = 2
_TOO_DEAR: Final = frozenset({"gas_price_too_high", "fees_too_high"})
# What an order is told first when a risen fee eats its profit.
_ATE_PROFIT: Final = "not_profitable"


def _queue(facts: Facts) -> tuple[Attempt, Queued] | None:
    """The order's transaction in no block, and the first of its sender's, once that one stands still."""
    flying = facts.flying
    if flying is None or facts.is_ended:
        return None
    first = facts.scene.queue(flying.chain_id, flying.sender)
    if first is None or facts.scene.now - first.waits_since < STUCK_SECONDS:
        return None
    head = facts.scene.chain(flying.chain_id).head or 0
    if first.sent_block is not None and head < first.sent_block + STUCK_BLOCKS:
        return None
    return flying, first


def _numbers(facts: Facts, flying: Attempt, first: Queued) -> Numbers:
    chain = facts.scene.chain(first.chain_id)
    return {
        "chain": chain.name,
        "nonce": first.nonce,
        "own": flying.nonce,
        "behind": flying.nonce - first.nonce,
        "seconds": facts.scene.now - first.waits_since,
        "purpose": first.purpose,
        "tx_hash": first.tx_hash,
        "sender": first.sender,
        "offer": gwei(first.max_fee_wei),
        "base_fee": gwei(chain.base_fee_wei),
        "key": f"{first.chain_id}:{first.sender}",
    }


def _behind(facts: Facts) -> Numbers | None:
    found = _queue(facts)
    if found is None or found[0].nonce <= found[1].nonce:
        return None
    return _numbers(facts, *found)


def _stuck(facts: Facts) -> Numbers | None:
    found = _queue(facts)
    if found is None or found[0].nonce != found[1].nonce:
        return None
    return _numbers(facts, *found)


def _is_too_dear(chain: ChainFacts) -> bool:
    manifest = chain.manifest
    return manifest is not None and chain.base_fee_wei + manifest.priority_fee_wei > manifest.max_fee_wei


def _too_dear(facts: Facts) -> Numbers | None:
    if facts.is_ended:
        return None
    is_told = facts.code in _TOO_DEAR
    flying = facts.flying
    for chain in facts.chains:
        is_shut_out = flying is not None and flying.chain_id == chain.chain_id
        if not _is_too_dear(chain) or not (is_told or is_shut_out or facts.code == _ATE_PROFIT):
            continue
        cap = chain.manifest.max_fee_wei if chain.manifest else 0
        return {
            "chain": chain.name,
            "base_fee": gwei(chain.base_fee_wei),
            "cap": gwei(cap),
            "key": str(chain.chain_id),
        }
    if not is_told:
        return None
    step = facts.running
    chain = facts.scene.chain(step.chain_id if step is not None else facts.order.destination_id)
    cap = chain.manifest.max_fee_wei if chain.manifest else 0
    return {
        "chain": chain.name,
        "base_fee": gwei(chain.base_fee_wei),
        "cap": gwei(cap),
        "key": str(chain.chain_id),
    }


def _gas_low(facts: Facts) -> Numbers | None:
    if facts.is_ended:
        return None
    short = facts.code == "no_stock" and str(facts.waits.get("token", "")).lower() == ZERO_ADDRESS
    for chain in facts.chains:
        is_paused = chain.pause_code == "gas_low" and facts.code in ("chain_paused", "", "no_stock")
        alert = facts.scene.gas_alerts.get(chain.chain_id)
        if not is_paused and not (short and alert) and not (alert and _is_unsent(facts, chain)):
            continue
        native = chain.manifest.native if chain.manifest else None
        held, wanted = (int((alert or {}).get(name, 0)) for name in ("held_wei", "wanted_wei"))
        decimals, symbol = (native.decimals, native.symbol) if native else (18, "wei")
        return {
            "chain": chain.name,
            "role": str((alert or {}).get("role", "?")),
            "held": f"{_short(held, decimals)} {symbol}",
            "wanted": f"{_short(wanted, decimals)} {symbol}",
            "key": str(chain.chain_id),
        }
    return None


def _is_unsent(facts: Facts, chain: ChainFacts) -> bool:
    flying = facts.flying
    return flying is not None and flying.chain_id == chain.chain_id and flying.state == "planned"


def gwei(wei: int) -> str:
    """An amount of wei a unit of gas costs, in gwei."""
    return f"{_short(wei, 9)} gwei"


def _short(units: int, decimals: int) -> str:
    whole, _dot, fraction = format_units(units, decimals).partition(".")
    kept = fraction[:6].rstrip("0")
    return f"{whole}.{kept}" if kept else whole


CAUSES: Final = (
    Cause(
        code="sender_stuck",
        weight=810,
        severity=Severity.TROUBLE,
        title=_("Our account stands behind nonce %(nonce)s on %(chain)s"),
        words=_(
            "The transaction with nonce %(nonce)s (%(purpose)s, %(tx_hash)s) of %(sender)s is in no "
            "block for %(seconds)s; "
            "this order's own has nonce %(own)s and waits for it. It offers %(offer)s, the base fee "
            "is %(base_fee)s."
        ),
        person="our_side",
        find=_behind,
        act=BUMP,
    ),
    Cause(
        code="transaction_stuck",
        weight=800,
        severity=Severity.TROUBLE,
        title=_("Its transaction gets into no block of %(chain)s"),
        words=_(
            "Nonce %(nonce)s (%(purpose)s, %(tx_hash)s) is in no block for %(seconds)s. It offers "
            "%(offer)s, the base fee is "
            "%(base_fee)s."
        ),
        person="our_side",
        find=_stuck,
        act=BUMP,
    ),
    Cause(
        code="fees_above_cap",
        weight=830,
        severity=Severity.TROUBLE,
        title=_("Gas on %(chain)s costs more than we may pay"),
        words=_("The base fee of %(chain)s is %(base_fee)s; its manifest lets us pay %(cap)s at most."),
        person="fees",
        find=_too_dear,
    ),
    Cause(
        code="gas_low",
        weight=865,
        severity=Severity.TROUBLE,
        title=_("We are short of gas on %(chain)s"),
        words=_("Our %(role)s account holds %(held)s on %(chain)s and should hold %(wanted)s."),
        person="our_side",
        find=_gas_low,
    ),
)
