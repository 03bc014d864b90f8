"""What an order may take from stock and gas, as reservations count it."""

from collections.abc import Mapping, Sequence
from typing import Any

from intents.chains import accounts, registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import client
from intents.chains.fees import fees
from intents.chains.manifest import ChainManifest
from intents.models import Stock
from intents.settlement.destination_call import arrival_gas
from intents.settlement.order import StandardOrder, bytes32_to_address
from intents.solver.gas import GasRules

from . import reservations
from .reservations import Claim


def claims_of(
    order: StandardOrder,
    *,
    origin: ChainManifest,
    destination: ChainManifest,
    fill_details: Mapping[str, Any],
    is_opened: bool = False,
) -> list[Claim]:
    """The stock its fill needs and the gas of its open and fill, at the fees of now.

    Gas of proofs, finalising and refunds is the relayer's, an account fills cannot drain. Raises
    FeeAboveCap.
    """
    output = order.outputs[0]
    token = fill_details.get("stock_token") or bytes32_to_address(output.token)
    amount = int(fill_details.get("stock_amount") or output.amount)
    operator = accounts.address(accounts.OPERATOR)
    bridge = fill_details.get("bridge")
    taken = {} if bridge else {token: amount}
    for besides in order.outputs[1:]:
        coin = bytes32_to_address(besides.token)
        taken[coin] = taken.get(coin, 0) + besides.amount
    account = destination.address("solver_account")
    claims = [Claim(destination.chain_id, each, account, wanted) for each, wanted in taken.items()]
    if bridge and not bridge.get("move"):
        # What is under way already is claimed where it arrives.
        claims.insert(0, bridge_claim(bridge))
    claims.append(gas_claim(destination.chain_id, operator, fill_gas(order, fill_details)))
    if not is_opened:
        claims.append(gas_claim(origin.chain_id, operator, GasRules().open))
    return claims


def fill_gas(order: StandardOrder, fill_details: Mapping[str, Any]) -> int:
    """Units of gas that a fill may take, as quotes have it."""
    gas = GasRules()
    return gas.fill + gas.pool * _pools(fill_details.get("swap") or {}) + arrival_gas(order.outputs)


def bridge_claim(bridge: Mapping[str, Any]) -> Claim:
    """The stock on another chain that is to be brought for a fill."""
    source = registry.chain(int(bridge["chain_id"]))
    return Claim(source.chain_id, bridge["token"], source.address("solver_account"), int(bridge["amount"]))


def _pools(swap: Mapping[str, Any]) -> int:
    return len(swap["venues"]) + _pools(swap.get("beside") or {}) if swap else 0


def ensure_stocks(claims: Sequence[Claim]) -> None:
    """Read from the chain what no block of the follower has written yet."""
    for claim in claims:
        chain_id, token, holder = claim.chain_id, claim.token, claim.holder
        if Stock.objects.filter(chain_id=chain_id, token=token, holder=holder).exists():
            continue
        balance = client(chain_id).token_balance(token, holder)
        reservations.refresh(chain_id=chain_id, token=token, holder=holder, balance=balance, block_number=0)


def gas_claim(chain_id: int, holder: str, units: int) -> Claim:
    """Wei for `units` of gas at the most we would offer now."""
    return Claim(chain_id, ZERO_ADDRESS, holder, units * fees(chain_id).max_fee_wei, is_gas=True)
