"""What a person gets who does it alone: exchange, send over the bridge, change the network, exchange again.

The same pools and the same bridge as ours, from a wallet that has approved nothing yet. Every way of up to
three pools on either chain is tried and the one with the most left after gas is taken. A third chain in the
middle is no way of its own: a route's ends reach each other directly, one for one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Final

from intents.solver.candidates import Candidate
from intents.solver.gas import message_fee_wei
from intents.solver.markets import Market, is_wrapper, other_token
from intents.solver.prices import Unpriced, from_usd_up, native_usd_up, price_of
from intents.solver.world import Bridge, ChainWorld, Token, World

MOST_POOLS: Final = 3
EXCHANGE_SITE: Final = "Uniswap"
BRIDGE_SITE: Final = "Warp route"


@dataclass(frozen=True, slots=True)
class HandRules:
    """Gas of each transaction, measured on the local network, and how long a signed message travels.

    The delivery of the message is paid by its sender at cost: what an interchain gas payment asks at least.
    """

    approve: int = 50_000
    exchange_v2: int = 70_000
    pool_v2: int = 70_000
    exchange_v3: int = 60_000
    pool_v3: int = 75_000
    wrap: int = 15_000
    send_bridged: int = 130_000
    send_collateral: int = 160_000
    deliver: int = 126_000
    relay_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class HandStep:
    """One transaction the person confirms: `approve`, `exchange` or `send`; `amounts[i]` is there of `path[i]`."""

    kind: str
    chain_id: int
    gas: int
    path: tuple[str, ...]
    amounts: tuple[int, ...] = ()
    venues: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ByHand:
    """The best way alone. `output_amount` arrives; `net_output` is that less the worth of all gas, output units."""

    origin_id: int
    destination_id: int
    input_amount: int
    output_amount: int
    net_output: int
    gas_usd_e8: int
    seconds: int
    steps: tuple[HandStep, ...]

    @property
    def confirmations(self) -> int:
        """Transactions to confirm, approvals among them."""
        return len(self.steps)

    @property
    def sites(self) -> tuple[str, ...]:
        """The pages that are visited."""
        exchanges = any(step.kind == "exchange" for step in self.steps)
        return (EXCHANGE_SITE, BRIDGE_SITE) if exchanges else (BRIDGE_SITE,)

    @property
    def switches(self) -> int:
        """Changes of the wallet's network: one when there is something to do on the destination."""
        return sum(before.chain_id != after.chain_id for before, after in pairwise(self.steps))

    @property
    def prompts(self) -> int:
        """Everything the wallet asks: connecting to each site, changing the network, each transaction."""
        return len(self.sites) + self.switches + self.confirmations


def is_known(world: World, *chain_ids: int) -> bool:
    """Whether all of these chains is known: otherwise there may be a better way than `by_hand` finds."""
    chains = [world.chains.get(chain_id) for chain_id in chain_ids]
    return all(chain is not None and not chain.excluded and not chain.paused_reason for chain in chains)


def by_hand(
    world: World,
    *,
    origin_id: int,
    destination_id: int,
    input_token: str,
    output_token: str,
    amount: int,
    rules: HandRules | None = None,
) -> ByHand | None:
    """The best way alone with `amount` of the input; None when pools and bridges lead nowhere.

    Raises KeyError for a chain or token that is not in the world, Unpriced when gas, message or output has no price.
    """
    rules = rules or HandRules()
    origin, destination = world.chains[origin_id], world.chains[destination_id]
    asked = destination.tokens[output_token]
    found: ByHand | None = None
    for near, far in _routes(origin, destination):
        departures = list(_sold(origin, input_token, near.token, amount))
        for departure in departures:
            for arrival in _sold(destination, far.token, output_token, departure.amounts[-1]):
                way = _Way(world, origin, destination, departure, arrival, near, rules)
                result = way.result(amount, asked)
                if found is None or result.net_output > found.net_output:
                    found = result
    return found


def by_hand_to_json(found: ByHand | None) -> dict[str, Any]:
    """For the quote's row and the card; amounts as decimal text."""
    if found is None:
        return {"is_possible": False}
    return {
        "is_possible": True,
        "confirmations": found.confirmations,
        "prompts": found.prompts,
        "sites": list(found.sites),
        "seconds": found.seconds,
        "output_amount": str(found.output_amount),
        "net_output": str(found.net_output),
        "gas_usd_e8": str(found.gas_usd_e8),
        "steps": [{"kind": step.kind, "chain_id": step.chain_id, "gas": step.gas} for step in found.steps],
    }


@dataclass(frozen=True, slots=True)
class _Sale:
    """A path on one chain with what is there of each token; a single token when nothing is exchanged."""

    path: tuple[str, ...]
    markets: tuple[Market, ...]
    amounts: tuple[int, ...]


def _routes(origin: ChainWorld, destination: ChainWorld) -> Iterator[tuple[Bridge, Bridge]]:
    for near in origin.bridges:
        for far in destination.bridges:
            first, last = origin.handled(near.token), destination.handled(far.token)
            if near.route == far.route and first and last and first.decimals == last.decimals:
                yield near, far


def _sold(chain: ChainWorld, given: str, wanted: str, amount: int) -> Iterator[_Sale]:
    """Every way to sell `amount` of one token of a chain for another, whatever it yields."""
    for path, markets in _paths(chain, given, wanted):
        if not markets:
            yield _Sale(path, (), (amount,))
            continue
        rows = Candidate(path, markets).sell(amount)
        if rows is not None:
            yield _Sale(path, markets, rows[0])


def _paths(
    chain: ChainWorld, given: str, wanted: str
) -> Iterator[tuple[tuple[str, ...], tuple[Market, ...]]]:
    begun: list[tuple[tuple[str, ...], tuple[Market, ...]]] = [((given,), ())]
    while begun:
        path, markets = begun.pop()
        if path[-1] == wanted:
            yield path, markets
            continue
        for market in chain.markets:
            if path[-1] not in (market.token0, market.token1):
                continue
            after = other_token(market, path[-1])
            pools = [each for each in (*markets, market) if not is_wrapper(each)]
            if after not in path and chain.handled(after) is not None and len(pools) <= MOST_POOLS:
                begun.append(((*path, after), (*markets, market)))


@dataclass(frozen=True, slots=True)
class _Way:
    world: World
    origin: ChainWorld
    destination: ChainWorld
    departure: _Sale
    arrival: _Sale
    near: Bridge
    rules: HandRules

    def result(self, amount: int, asked: Token) -> ByHand:
        rules = self.rules
        before = [*_exchanges(self.origin, self.departure, rules), *self._sending()]
        after = list(_exchanges(self.destination, self.arrival, rules))
        fee = message_fee_wei(self.origin, self.destination.chain_id)
        usd = native_usd_up(self.world, self.origin, _wei(self.origin, before) + fee)
        usd += native_usd_up(self.world, self.destination, _wei(self.destination, after))
        usd += native_usd_up(self.world, self.destination, rules.deliver * self.destination.gas_price_wei)
        received = self.arrival.amounts[-1]
        worth = from_usd_up(usd, asked, price_of(self.world, asked.canonical_id).low_e8)
        return ByHand(
            origin_id=self.origin.chain_id,
            destination_id=self.destination.chain_id,
            input_amount=amount,
            output_amount=received,
            net_output=received - worth,
            gas_usd_e8=usd,
            seconds=self._seconds(len(before), len(after)),
            steps=(*before, *after),
        )

    def _sending(self) -> Iterator[HandStep]:
        token, amount = self.near.token, self.departure.amounts[-1]
        is_collateral = token not in self.origin.bridged
        if is_collateral:
            yield HandStep("approve", self.origin.chain_id, self.rules.approve, (token,), (amount,))
        gas = self.rules.send_collateral if is_collateral else self.rules.send_bridged
        yield HandStep("send", self.origin.chain_id, gas, (token,), (amount,))

    def _seconds(self, before: int, after: int) -> int:
        """Each transaction waits for its block; the message for finality, its signatures and its block."""
        origin, destination = self.origin, self.destination
        departing = (before + max(origin.final_blocks, 1)) * origin.block_seconds
        arriving = (1 + after) * destination.block_seconds
        return ceil(departing + self.rules.relay_seconds + arriving)


def _wei(chain: ChainWorld, steps: list[HandStep]) -> int:
    return sum(step.gas for step in steps) * chain.gas_price_wei


def _exchanges(chain: ChainWorld, sale: _Sale, rules: HandRules) -> Iterator[HandStep]:
    """An approval and a transaction for each run of pools of one kind; the coin itself needs no approval."""
    for start, end in _runs(sale.markets):
        markets, path = sale.markets[start:end], sale.path[start : end + 1]
        if int(path[0], 16):
            yield HandStep(
                "approve", chain.chain_id, rules.approve, path[:1], sale.amounts[start : start + 1]
            )
        yield HandStep(
            "exchange",
            chain.chain_id,
            _exchange_gas(markets, rules),
            path,
            sale.amounts[start : end + 1],
            tuple(market.venue for market in markets),
        )


def _runs(markets: tuple[Market, ...]) -> Iterator[tuple[int, int]]:
    """Neighbours that one router call can do: pools of one kind, and the wrapping of the coin at either end."""
    start = 0
    for at in range(1, len(markets) + 1):
        kinds = {market.kind for market in markets[start : at + 1] if not is_wrapper(market)}
        if at == len(markets) or len(kinds) > 1:
            yield start, at
            start = at


def _exchange_gas(markets: tuple[Market, ...], rules: HandRules) -> int:
    gas = 0
    for market in markets:
        if is_wrapper(market):
            gas += rules.wrap
        else:
            gas += rules.pool_v3 if market.kind == "uniswap_v3" else rules.pool_v2
    is_v3 = any(market.kind == "uniswap_v3" for market in markets)
    return gas + (rules.exchange_v3 if is_v3 else rules.exchange_v2)


def found_or_unknown(world: World, **asked: Any) -> dict[str, Any] | None:
    """`by_hand` as JSON; None when not everything that matters is known or has a price."""
    if not is_known(world, asked["origin_id"], asked["destination_id"]):
        return None
    try:
        return by_hand_to_json(by_hand(world, **asked))
    except (KeyError, Unpriced):
        return None
