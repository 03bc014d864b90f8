"""The gas our accounts keep for what must not fail: a chain whose reserve is thin takes no new money from us."""

from dataclasses import dataclass
from typing import Any

import structlog

from intents.chains import accounts, registry
from intents.chains.endpoints import RpcUnavailable
from intents.chains.fees import FeeAboveCap, fees
from intents.chains.manifest import ChainManifest
from intents.chains.manifest_checks import OPSTACK
from intents.models import Alert, Chain, Stock
from intents.solver.data_fees import DATA, data_wei
from intents.solver.gas import GasRules
from intents.solver.prices import Unpriced
from intents.solver.world import ChainWorld

from . import alerts
from .reservations import NATIVE
from .world import load_prices

log = structlog.get_logger(__name__)

RESERVE_ORDERS = 20
# Packed bytes of the transactions that an order takes of each account.
_SENT = {
    accounts.OPERATOR: (DATA.open, DATA.fill + DATA.pool),
    accounts.RELAYER: (
        DATA.dispatch_fixed + DATA.dispatch_each,
        DATA.process_fixed + DATA.process_each,
        DATA.finalise_fixed + DATA.finalise_each,
        DATA.refund,
    ),
}
# A reserve that is full again by a hair would be thin again with the next order.
ENOUGH_PERCENT = 120
GAS_LOW = "gas_low"


@dataclass(frozen=True, slots=True)
class Reserve:
    """Wei of one account on one chain: what it has, and what RESERVE_ORDERS orders would take now."""

    chain_id: int
    role: str
    sender: str
    held_wei: int
    wanted_wei: int


def watch_reserves() -> list[Reserve]:
    """Alert staff of thin reserves and pause their chains, resume those that are full again; the thin ones.

    Fills and new orders wait or are refused with the reason; proofs, finalising and refunds go on.
    Reads balances that the follower wrote, and asks no chain.
    """
    found = _reserves()
    thin = [each for each in found if each.held_wei < each.wanted_wei]
    for each in thin:
        data: dict[str, Any] = {
            "role": each.role,
            "held_wei": str(each.held_wei),
            "wanted_wei": str(each.wanted_wei),
        }
        alerts.begin(Alert.Kind.GAS_LOW, _key(each), chain_id=each.chain_id, sender=each.sender, **data)
    full = {_key(each) for each in found if each.held_wei * 100 >= each.wanted_wei * ENOUGH_PERCENT}
    for key in full & _alerted().keys():
        alerts.end(key)
    _pause({chain_id for chain_id in _alerted().values() if chain_id is not None})
    return thin


def _reserves() -> list[Reserve]:
    gas = GasRules()
    needed = {
        accounts.OPERATOR: gas.open + gas.fill + gas.pool,
        accounts.RELAYER: gas.dispatch + gas.process + gas.finalise + gas.refund,
    }
    senders = {role: accounts.address(role) for role in needed}
    rows = Stock.objects.filter(token=NATIVE, holder__in=senders.values())
    held = {(chain, holder): wei for chain, holder, wei in rows.values_list("chain_id", "holder", "balance")}
    chains = registry.all_chains()
    seen = load_prices().chains if any(map(_asks_besides, chains.values())) else {}
    found = []
    for chain_id, manifest in chains.items():
        try:
            max_fee_wei = fees(chain_id).max_fee_wei
            data = {role: _data_wei(manifest, seen.get(chain_id), sizes) for role, sizes in _SENT.items()}
        except (FeeAboveCap, RpcUnavailable, Unpriced):
            # Nothing is sent at such a price, or at all; the other chains are watched all the same.
            continue
        for role, units in needed.items():
            if (chain_id, senders[role]) in held:
                besides = _message_wei(manifest, seen.get(chain_id)) if role == accounts.RELAYER else 0
                wanted = RESERVE_ORDERS * (units * max_fee_wei + data[role] + besides)
                found.append(Reserve(chain_id, role, senders[role], held[chain_id, senders[role]], wanted))
    return found


def _asks_besides(manifest: ChainManifest) -> bool:
    """Whether transactions there may cost something besides their gas."""
    return manifest.stack == OPSTACK or manifest.has_shared_mailbox


def _data_wei(manifest: ChainManifest, seen: ChainWorld | None, sizes: tuple[int, ...]) -> int:
    """What the chain takes for data of transactions of these sizes, as the follower read it; raises Unpriced."""
    if manifest.stack != OPSTACK or seen is None or seen.data_fees is None:
        return 0
    if not seen.data_fees:
        raise Unpriced("no_data_fee", seen.native_id)
    return sum(data_wei(seen.data_fees, size) for size in sizes)


def _message_wei(manifest: ChainManifest, seen: ChainWorld | None) -> int:
    """The most that a Mailbox that is not ours asks for a message, as the follower read it."""
    if not manifest.has_shared_mailbox or seen is None:
        return 0
    return max((seen.message_fees or {}).values(), default=0)


def _alerted() -> dict[str, int | None]:
    rows = Alert.objects.filter(kind=Alert.Kind.GAS_LOW, ended_at=None)
    return dict(rows.values_list("key", "chain_id"))


def _pause(chain_ids: set[int]) -> None:
    if set(Chain.objects.filter(paused_reason=GAS_LOW).values_list("chain_id", flat=True)) == chain_ids:
        return
    # A pause for another reason stands, and ends by its own rule.
    paused = Chain.objects.filter(chain_id__in=chain_ids, paused_reason="").update(paused_reason=GAS_LOW)
    resumed = (
        Chain.objects.filter(paused_reason=GAS_LOW).exclude(chain_id__in=chain_ids).update(paused_reason="")
    )
    if paused or resumed:
        log.warning("gas.pauses", paused=paused, resumed=resumed)


def _key(reserve: Reserve) -> str:
    return f"gas:{reserve.chain_id}:{reserve.sender}"
