"""The starting inventory: gas for those who send, and stock from the operator's account, both within one cap.

Once, before the chain is connected: afterwards stock moves by rebalancing, and a second grant takes two people.
"""

from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

from intents.chains import accounts
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.solver.gas import GasRules

from .errors import GasAboveGrant, NoPrices
from .prices import units_for, usd_e8, value_of
from .shared import message_fee
from .work import Joining, Look, Note

NAME: Final = "inventory"
USD_E8: Final = 10**8
# Of what gas on arrival takes, as stock of the chain's own coin.
ARRIVALS: Final = 200
# Orders that the senders' gas lasts for; the chain pauses itself at a third of that.
ORDERS_OF_GAS: Final = 75
# Part of the most that we would ever pay for gas which a busy day costs.
BUSY_PART: Final = 5
# A validator offers the most for its announcement, and half of what it was given must be enough.
ANNOUNCE_GAS: Final = 1_000_000
TRANSFER_GAS: Final = 150_000
PLAIN_GAS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Grant:
    """Base units of an asset for our account, and what they are worth."""

    token: TokenManifest
    amount: int
    value_usd_e8: int


def look(joining: Joining) -> Look:
    """What is missing of gas and stock. A chain that is connected has had its grant.

    Raises NoPrices, GasAboveGrant.
    """
    if joining.manifest.chain_id in joining.peers:
        return Look(joining.manifest, (), (Note("join_granted_before"),))
    coin = joining.manifest.native_token
    price = usd_e8(joining.manifest, coin)
    if price is None:
        raise NoPrices("no price of the chain's coin", coin=coin.symbol)
    gas, for_gas_wei = _gas(joining)
    for_gas = value_of(for_gas_wei, coin, price)
    if for_gas > _cap():
        raise GasAboveGrant(
            f"gas for {for_gas / USD_E8:,.0f} USD",
            chain=joining.manifest.name,
            need=f"{for_gas / USD_E8:,.0f}",
            most=f"{settings.JOIN_GRANT_USD:,}",
        )
    reserved_wei = sum(call.value_wei for _, call in gas)
    grants, notes, given = _grants(joining, reserved_wei=reserved_wei, granted=for_gas)
    account = joining.manifest.address("solver_account")
    stock = [(f"grant {_shown(grant)}", _sent(grant, account)) for grant in grants]
    told = {
        "gas": f"{for_gas / USD_E8:,.0f}",
        "all": f"{given / USD_E8:,.0f}",
        "most": f"{settings.JOIN_GRANT_USD:,}",
    }
    return Look(joining.manifest, joining.priced([*gas, *stock]), (*notes, Note("join_granted", told)))


def _cap() -> int:
    """USD × 10^8 that gas and stock may be worth together."""
    return int(settings.JOIN_GRANT_USD) * USD_E8


def _gas(joining: Joining) -> tuple[list[tuple[str, Call]], int]:
    """Coins for our two senders and for the validators' announcements, where they have less than they need.

    And how much of what they then have is for that, in wei.
    """
    # A chain that nobody uses yet asks for next to nothing; soon it asks for more.
    rules, most = GasRules(), joining.manifest.max_fee_wei
    price = max(3 * joining.sender.fees().max_fee_wei, most // BUSY_PART)
    senders = {
        accounts.address(accounts.OPERATOR): rules.open + rules.fill + rules.pool,
        accounts.address(accounts.RELAYER): rules.dispatch + rules.process + rules.finalise + rules.refund,
    }
    wanted = {sender: ORDERS_OF_GAS * units * price for sender, units in senders.items()}
    if joining.manifest.has_shared_mailbox:
        fee = message_fee(joining, joining.manifest)
        wanted[accounts.address(accounts.RELAYER)] += ORDERS_OF_GAS * fee
    wanted |= {each.address: ANNOUNCE_GAS * most for each in joining.manifest.validators}
    answers = joining.chain.batch([("eth_getBalance", [address, "latest"]) for address in wanted])
    held = {address: int(answer, 16) for address, answer in zip(wanted, answers, strict=True)}
    # Half of it is enough: a run that goes on must not send again what was spent meanwhile.
    short = {address: least - held[address] for address, least in wanted.items() if held[address] * 2 < least}
    sent = [
        (f"gas for {address}", Call(address, value_wei=missing, gas_limit=PLAIN_GAS))
        for address, missing in short.items()
    ]
    return sent, sum(min(held[each] + short.get(each, 0), least) for each, least in wanted.items())


def _grants(joining: Joining, *, reserved_wei: int, granted: int) -> tuple[list[Grant], list[Note], int]:
    """Stock that fits below the cap besides what is `granted` already, and the worth of all, USD × 10^8."""
    manifest, cap = joining.manifest, _cap()
    account = manifest.address("solver_account")
    grants: list[Grant] = []
    notes: list[Note] = []
    given = granted
    for asset in _wanted(manifest):
        price = usd_e8(manifest, asset)
        if price is None:
            notes.append(Note("join_unpriced", {"token": asset.symbol}))
            continue
        held = joining.chain.token_balance(asset.address, account)
        has = joining.chain.token_balance(asset.address, joining.owner)
        if asset.address == ZERO_ADDRESS:
            has = max(0, has - 2 * reserved_wei)
        given += value_of(held, asset, price)
        missing = max(0, asset.stock_target - held)
        most = units_for(max(0, cap - given), asset, price)
        amount = min(missing, most, has)
        if amount < missing:
            notes.append(_short(asset, has=has, most=most, missing=missing))
        # What rounding or a fill of dust leaves open is no reason for another transaction.
        if amount * 100 > asset.stock_target:
            grants.append(Grant(asset, amount, value_of(amount, asset, price)))
            given += grants[-1].value_usd_e8
    return grants, notes, given


def _wanted(manifest: ChainManifest) -> list[TokenManifest]:
    """The assets that stock is wanted of, with how much of it: the coin for gas on arrival."""
    coin = manifest.native_token
    price = usd_e8(manifest, coin)
    if price is not None and manifest.gas_on_arrival_usd_e8:
        target = units_for(ARRIVALS * manifest.gas_on_arrival_usd_e8, coin, price)
        coin = replace(coin, stock_target=target)
    return [asset for asset in (*manifest.tokens, coin) if asset.stock_target]


def _short(asset: TokenManifest, *, has: int, most: int, missing: int) -> Note:
    code = "join_cap_reached" if most <= has else "join_operator_short"
    return Note(
        code, {"token": asset.symbol, "missing": str(missing - min(most, has)), "decimals": asset.decimals}
    )


def _sent(grant: Grant, account: str) -> Call:
    if grant.token.address == ZERO_ADDRESS:
        return Call(account, value_wei=grant.amount, gas_limit=TRANSFER_GAS)
    data = encode_call("transfer(address,uint256)", (account, grant.amount))
    return Call(grant.token.address, data, gas_limit=TRANSFER_GAS)


def _shown(grant: Grant) -> str:
    whole = grant.amount / 10**grant.token.decimals
    return f"{whole:.6g} {grant.token.symbol} (${grant.value_usd_e8 / USD_E8:,.0f})"
