"""Paying from two chains at once: two offers tied together, each confirmed, carried out and returned on its own."""

from dataclasses import dataclass, replace
from typing import Any, Final

from intents.amounts import BPS
from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.errors import WaymeetError
from intents.solver.crowded import after_swap
from intents.solver.router import Refusal
from intents.solver.world import World

from .assets import Asset
from .intent import Intent
from .solving import NotOffered, Solved, behind, offer, own_open_wei, solve

MOST_PARTS: Final = 2
# Above the least that is worth sending, and below the most that can go at once: both move from block to block.
MINIMUM_BPS: Final = 10_500
MAXIMUM_BPS: Final = 9_500


@dataclass(frozen=True, slots=True)
class Purse:
    """What one chain can give, in base units of the asset."""

    chain_id: int
    spendable: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one chain is asked for, in base units of the asset."""

    chain_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class Together:
    """What is written to the quote of the first part, and the second part's wish with what is written to its own."""

    first: dict[str, Any]
    second_intent: Intent
    second: dict[str, Any]
    shares: tuple[Share, Share]


def purses(asset: Asset, held: dict[int, int | None]) -> list[Purse]:
    """Where there is anything, most first; of a coin that pays for gas, what opening may cost stays there."""
    found = []
    for chain_id, have in held.items():
        kept = own_open_wei(registry.chain(chain_id)) if asset.tokens[chain_id].address == ZERO_ADDRESS else 0
        if have is not None and have > kept:
            found.append(Purse(chain_id, asset.scaled(chain_id, have - kept)))
    return sorted(found, key=lambda purse: (-purse.spendable, purse.chain_id))


def split(asset: Asset, found: list[Purse], amount: int, *, least_second: int = 0) -> tuple[Share, Share]:
    """The largest purse whole and the rest from the next, which gives `least_second` at least.

    Raises NotOffered: `not_enough_anywhere`, or `more_than_two_chains` when only three or more would do.
    """
    figures = {"token": asset.symbol, "decimals": asset.decimals, "need": str(amount)}
    total = sum(purse.spendable for purse in found)
    if total < amount:
        raise NotOffered(Refusal("not_enough_anywhere", {**figures, "have": str(total)}))
    two = found[:MOST_PARTS]
    unit = int(10 ** (asset.decimals - min(asset.tokens[purse.chain_id].decimals for purse in two)))
    rest = max(amount - two[0].spendable // unit * unit, -(-least_second // unit) * unit)
    if len(two) < MOST_PARTS or rest > two[1].spendable or rest >= amount:
        have = sum(purse.spendable for purse in two)
        raise NotOffered(Refusal("more_than_two_chains", {**figures, "have": str(have)}))
    return Share(two[0].chain_id, amount - rest), Share(two[1].chain_id, rest)


def pay_together(intent: Intent, asset: Asset, held: dict[int, int | None], world: World) -> Together:
    """Both parts with everything that is signed. Raises NotOffered."""
    found = purses(asset, held)
    shares = split(asset, found, intent.amount)
    try:
        parts = _solved(intent, asset, shares, world)
    except NotOffered as none:
        least = _least(none, asset, shares)
        if not least:
            raise
        shares = split(asset, found, intent.amount, least_second=least)
        parts = _solved(intent, asset, shares, world)
    try:
        first, second = (offer(part) for part in parts)
    except WaymeetError as error:
        raise NotOffered(Refusal(error.code, error.params)) from error
    given = {"origin_id": shares[0].chain_id, "input_token": parts[0].intent.input_token, "confirmations": 2}
    return Together(first=first | given, second_intent=parts[1].intent, second=second, shares=shares)


def _solved(intent: Intent, asset: Asset, shares: tuple[Share, Share], world: World) -> tuple[Solved, Solved]:
    """Both parts; the second in a world where the first has taken its stock and made its swap already."""
    wishes = []
    for share in shares:
        amount = asset.on_chain(share.chain_id, share.amount)
        if amount is None:
            raise NotOffered(Refusal("amount_too_precise", {"field": "amount"}))
        wishes.append(intent.on_chain(share.chain_id, asset.tokens[share.chain_id], amount=amount))
    first = solve(wishes[0], world)
    # Gas on arrival comes with the first part alone.
    second = solve(replace(wishes[1], gas_on_arrival="no"), _after(first, world))
    # Whichever comes first: the first part signs no more than it would get after the second.
    return behind(first, _after(second, world)), second


def _after(solved: Solved, world: World) -> World:
    route, carriage = solved.route, solved.route.carriage
    taken = {(solved.destination.chain_id, ZERO_ADDRESS): solved.gas_wei}
    if carriage is not None:
        taken[carriage.chain_id, carriage.token] = carriage.amount
    else:
        place = solved.destination.chain_id, route.stock_token
        taken[place] = taken.get(place, 0) + route.stock_amount
    chains = dict(world.chains)
    there = chains[solved.destination.chain_id]
    chains[there.chain_id] = replace(there, markets=after_swap(there.markets, route.swap))
    for (chain_id, token), amount in taken.items():
        stock = chains[chain_id].stocks.get(token)
        if stock is not None and amount:
            stocks = {**chains[chain_id].stocks, token: replace(stock, reserved=stock.reserved + amount)}
            chains[chain_id] = replace(chains[chain_id], stocks=stocks)
    return replace(world, chains=chains)


def _least(none: NotOffered, asset: Asset, shares: tuple[Share, Share]) -> int:
    """What the second part has to be at least, in base units of the asset; 0 when the shares are not the matter."""
    first, second = shares
    code, params = none.refusal.code, none.refusal.params
    if code == "amount_too_large" and none.chain_id == first.chain_id and "maximum" in params:
        most = asset.scaled(first.chain_id, int(params["maximum"]) * MAXIMUM_BPS // BPS)
        return first.amount + second.amount - most
    is_too_small = code in ("below_minimum_order", "amount_too_small") and "minimum" in params
    if not is_too_small or none.chain_id != second.chain_id:
        return 0
    return asset.scaled(second.chain_id, int(params["minimum"]) * MINIMUM_BPS // BPS)
