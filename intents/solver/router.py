"""The best way to deliver an output: from stock, or by swapping stock in the very transaction of the fill.

Exact and exhaustive: every stocked token and every path of one or two pools is tried with the real amounts,
so the answer is the best of all of them. What is not offered keeps its reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from intents.amounts import BPS, bps_down, bps_up
from intents.solver.markets import Market, is_wrapper, other_token
from intents.solver.pricing import (
    FeeLine,
    PricingRules,
    Tariff,
    Unpriced,
    eta_seconds,
    exchange_back_up,
    exchange_down,
    price_of,
    tariff,
    usd_down,
    usd_up,
)
from intents.solver.world import ChainWorld, Token, World

DEFAULT_RULES: Final = PricingRules()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: `amount` is of the input token, or of the output token when `is_exact_output`."""

    origin_id: int
    destination_id: int
    input_token: str
    output_token: str
    amount: int
    is_exact_output: bool = False


@dataclass(frozen=True, slots=True)
class Swap:
    """Stock to be sold on the destination: `path[0]` through `venues`, of which at most `max_input` is spent.

    `amounts[i]` is what is predicted to be there of `path[i]`. An exact input sells `amounts[0]` whole, an
    exact output buys `amounts[-1]` whole.
    """

    venues: tuple[int, ...]
    path: tuple[str, ...]
    amounts: tuple[int, ...]
    max_input: int
    is_exact_output: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A priced way. The user gives `input_amount`, is shown `output_expected` and signs `output_minimum`."""

    kind: str
    input_amount: int
    output_expected: int
    output_minimum: int
    eta_seconds: int
    value_usd_e8: int
    depth: int
    fees: tuple[FeeLine, ...]
    minimum_input: int
    stock_token: str
    stock_amount: int
    swap: Swap | None = None

    @property
    def output_usd_e8(self) -> int:
        """What is received, in USD × 10^8: the input's value less the fee lines."""
        return self.value_usd_e8 - sum(-line.usd_e8 if line.is_gain else line.usd_e8 for line in self.fees)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no route, or not this one: a stable code with JSON parameters."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A route that was looked at and is not offered."""

    kind: str
    path: tuple[str, ...]
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Routes:
    """The answer: the best route with the others in order, or the reason why there is none."""

    chosen: Route | None
    alternatives: tuple[Route, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    refusal: Refusal | None = None


# Of several reasons the person is told the one that says most about what to change.
_TELLING: Final = (
    "below_minimum_order",
    "amount_too_small",
    "amount_too_large",
    "insufficient_liquidity",
    "no_stock",
    "price_disagreement",
    "stale_price",
    "no_price",
)


def find_routes(wanted: Wanted, world: World, rules: PricingRules = DEFAULT_RULES) -> Routes:
    """Every way to deliver `wanted` in this world, best net output (or least input) first; never raises."""
    refusal = _first_refusal(wanted, world) or _price_refusal(wanted, world)
    if refusal is not None:
        return Routes(chosen=None, refusal=refusal)
    search = _Search(wanted, world, rules)
    routes: list[Route] = []
    rejected = list(search.excluded())
    for path, markets in search.paths():
        outcome = search.priced(path, markets)
        if isinstance(outcome, Route):
            routes.append(outcome)
        else:
            rejected.append(Rejected("swap_fill" if markets else "in_stock", path, outcome))
    routes.sort(key=_rank(wanted))
    if routes:
        return Routes(chosen=routes[0], alternatives=tuple(routes[1:]), rejected=tuple(rejected))
    return Routes(chosen=None, rejected=tuple(rejected), refusal=_most_telling(rejected))


def _rank(wanted: Wanted) -> Any:
    if wanted.is_exact_output:
        return lambda route: (route.input_amount, _pools(route), route.eta_seconds)
    return lambda route: (-route.output_expected, _pools(route), route.eta_seconds)


def _pools(route: Route) -> int:
    return len(route.swap.venues) if route.swap else 0


def _priced_pools(markets: tuple[Market, ...]) -> tuple[Market, ...]:
    return tuple(market for market in markets if not is_wrapper(market))


def _first_refusal(wanted: Wanted, world: World) -> Refusal | None:
    for chain_id, token in (
        (wanted.origin_id, wanted.input_token),
        (wanted.destination_id, wanted.output_token),
    ):
        chain = world.chains.get(chain_id)
        if chain is None:
            return Refusal("chain_not_supported", {"chain": str(chain_id)})
        if chain.paused_reason:
            return Refusal("chain_paused", {"chain": str(chain_id), "reason": chain.paused_reason})
        if token not in chain.tokens:
            return Refusal("token_not_supported", {"chain": str(chain_id), "token": token})
    if wanted.origin_id == wanted.destination_id:
        return Refusal("same_token" if wanted.input_token == wanted.output_token else "same_chain")
    return Refusal("amount_too_small") if wanted.amount <= 0 else None


def _price_refusal(wanted: Wanted, world: World) -> Refusal | None:
    """Without these prices no route whatever can be valued."""
    origin, destination = world.chains[wanted.origin_id], world.chains[wanted.destination_id]
    given, asked = origin.tokens[wanted.input_token], destination.tokens[wanted.output_token]
    try:
        for asset in (given.canonical_id, asked.canonical_id, origin.native_id, destination.native_id):
            price_of(world, asset)
    except Unpriced as error:
        return Refusal(error.code, {"asset": error.asset})
    return None


def _most_telling(rejected: list[Rejected]) -> Refusal:
    reasons = [each.reason for each in rejected]
    for code in _TELLING:
        told = [reason for reason in reasons if reason.code == code]
        if told:
            return _kindest(told)
    return Refusal("no_route")


def _kindest(reasons: list[Refusal]) -> Refusal:
    """Of equal codes the one that asks for the least change: the lowest minimum, the highest maximum."""
    return min(
        reasons,
        key=lambda reason: (int(reason.params.get("minimum", 0)), -int(reason.params.get("maximum", 0))),
    )


class _Search:
    """One question's fixed parts, and the pricing of each candidate."""

    def __init__(self, wanted: Wanted, world: World, rules: PricingRules) -> None:
        self.wanted = wanted
        self.world = world
        self.rules = rules
        self.origin: ChainWorld = world.chains[wanted.origin_id]
        self.destination: ChainWorld = world.chains[wanted.destination_id]
        self.given: Token = self.origin.tokens[wanted.input_token]
        self.asked: Token = self.destination.tokens[wanted.output_token]

    def excluded(self) -> Iterator[Rejected]:
        """Pools of the output token that are out of use now."""
        for pool in self.destination.excluded:
            if self.asked.address in (pool.token0, pool.token1):
                params = {"venue": pool.venue, "chain": str(self.destination.chain_id)}
                yield Rejected("swap_fill", (pool.token0, pool.token1), Refusal(pool.reason, params))

    def paths(self) -> Iterator[tuple[tuple[str, ...], tuple[Market, ...]]]:
        """Token paths from a token we may hold to the output, with the pool of each stretch."""
        yield (self.asked.address,), ()
        for last in self._pools_of(self.asked.address):
            before = other_token(last, self.asked.address)
            yield (before, self.asked.address), (last,)
            for first in self._pools_of(before):
                start = other_token(first, before)
                if first.venue != last.venue and start != self.asked.address:
                    yield (start, before, self.asked.address), (first, last)

    def priced(self, path: tuple[str, ...], markets: tuple[Market, ...]) -> Route | Refusal:
        """The route along this path with exact amounts, or why it is not offered."""
        stock = self.destination.tokens.get(path[0])
        if stock is None or any(token not in self.destination.tokens for token in path):
            return Refusal("token_not_supported", {"token": path[0]})
        try:
            return self._priced(stock, path, markets)
        except Unpriced as error:
            return Refusal(error.code, {"asset": error.asset})

    def _priced(self, stock: Token, path: tuple[str, ...], markets: tuple[Market, ...]) -> Route | Refusal:
        held = self.destination.stocks.get(stock.address)
        free = min(held.unreserved, bps_down(held.balance, self.rules.stock_share_bps)) if held else 0
        if free == 0:
            return Refusal("no_stock", {"token": stock.symbol, "chain": str(self.destination.chain_id)})
        value = self._value_usd()
        eta = eta_seconds(self.origin, self.destination, value_usd_e8=value, rules=self.rules)
        charges = tariff(
            self.world, origin=self.origin, destination=self.destination, token=self.given,
            pools=len(_priced_pools(markets)), exchanges=int(self._is_exchange(stock)),
            is_exact_output=self.wanted.is_exact_output, eta=eta, rules=self.rules,
        )  # fmt: skip
        if self.wanted.is_exact_output:
            amounts = self._exact_output(stock, path, markets, charges)
        else:
            amounts = self._exact_input(stock, path, markets, charges)
        if isinstance(amounts, Refusal):
            return amounts
        gross, along, expected, minimum = amounts
        spent = along[0]
        if _priced_pools(markets) and self.wanted.is_exact_output:
            spent += bps_up(spent, self.rules.tolerance_bps)
        floor = charges.gas * self.rules.minimum_order_in_gas_costs
        if gross < floor:
            return Refusal("below_minimum_order", self._in_input("minimum", floor))
        if spent > free:
            return self._too_large(stock, free, charges)
        disagreement = self._disagreement(stock, value)
        if disagreement:
            return disagreement
        return Route(
            kind="swap_fill" if markets else "in_stock",
            input_amount=gross, output_expected=expected, output_minimum=minimum, eta_seconds=eta,
            value_usd_e8=usd_up(gross, self.given, charges.price.low_e8), depth=self.origin.depth_for(value),
            fees=charges.lines(gross) + self._swap_lines(charges.net(gross), expected, markets),
            minimum_input=floor, stock_token=stock.address, stock_amount=spent,
            swap=_swap(path, markets, along, spent, self.wanted) if markets else None,
        )  # fmt: skip

    def _is_exchange(self, stock: Token) -> bool:
        """Whether prices may move between what we are given and what we pay with."""
        assets = {stock.canonical_id, self.given.canonical_id}
        wrapped = {
            self.destination.tokens[token].canonical_id
            for market in self.destination.markets
            if is_wrapper(market)
            for token in (market.token0, market.token1)
        }
        return len(assets) > 1 and not assets <= wrapped

    def _exact_input(
        self, stock: Token, path: tuple[str, ...], markets: tuple[Market, ...], charges: Tariff
    ) -> tuple[int, tuple[int, ...], int, int] | Refusal:
        net = charges.net(self.wanted.amount)
        if net <= 0:
            floor = charges.gas * self.rules.minimum_order_in_gas_costs
            return Refusal("below_minimum_order", self._in_input("minimum", max(floor, charges.gross_for(1))))
        spent = exchange_down(net, self.given, stock, self.world)
        if spent == 0:
            return Refusal("amount_too_small")
        along = [spent]
        for token, market in zip(path, markets, strict=False):
            paid = market.output_for(token, along[-1])
            if not paid:
                return Refusal("insufficient_liquidity", {"token": self.asked.symbol})
            along.append(paid)
        amount = along[-1]
        tolerance = bps_up(amount, self.rules.tolerance_bps) if _priced_pools(markets) else 0
        if amount - tolerance <= 0:
            return Refusal("amount_too_small")
        return self.wanted.amount, tuple(along), amount, amount - tolerance

    def _exact_output(
        self, stock: Token, path: tuple[str, ...], markets: tuple[Market, ...], charges: Tariff
    ) -> tuple[int, tuple[int, ...], int, int] | Refusal:
        along = [self.wanted.amount]
        for token, market in zip(reversed(path), reversed(markets), strict=False):
            needed = market.input_for(token, along[0])
            if not needed:
                return Refusal("insufficient_liquidity", {"token": self.asked.symbol})
            along.insert(0, needed)
        gross = charges.gross_for(exchange_back_up(along[0], self.given, stock, self.world))
        return gross, tuple(along), self.wanted.amount, self.wanted.amount

    def _too_large(self, stock: Token, free: int, charges: Tariff) -> Refusal:
        most = charges.gross_for(exchange_back_up(free, self.given, stock, self.world))
        return Refusal("amount_too_large", self._in_input("maximum", most * (BPS - 10) // BPS))

    def _in_input(self, name: str, amount: int) -> dict[str, Any]:
        return {
            name: str(amount),
            "token": self.given.symbol,
            "decimals": self.given.decimals,
            "address": self.given.address,
        }

    def _value_usd(self) -> int:
        token = self.asked if self.wanted.is_exact_output else self.given
        price = price_of(self.world, token.canonical_id)
        return usd_up(self.wanted.amount, token, price.high_e8)

    def _disagreement(self, stock: Token, value: int) -> Refusal | None:
        """Sources too far apart serve only orders of the smallest tier."""
        for asset in {self.given.canonical_id, self.asked.canonical_id, stock.canonical_id}:
            apart = price_of(self.world, asset).disagreement_bps
            if apart > self.rules.disagreement_bps and value > self.origin.smallest_tier_usd_e8():
                return Refusal("price_disagreement", {"asset": asset, "apart_bps": apart})
        return None

    def _swap_lines(self, net: int, expected: int, markets: tuple[Market, ...]) -> tuple[FeeLine, ...]:
        """What the pools cost against the feeds, in output token; dust of plain exchanges is no line."""
        fair = exchange_down(net, self.given, self.asked, self.world)
        if not markets or fair == expected:
            return ()
        price = self._output_price()
        chain_id, token = self.destination.chain_id, self.asked
        if fair > expected:
            lost = fair - expected
            return (FeeLine("swap_cost", chain_id, token.address, lost, usd_up(lost, token, price)),)
        gained = expected - fair
        return (
            FeeLine(
                "swap_cost", chain_id, token.address, gained, usd_down(gained, token, price), is_gain=True
            ),
        )

    def _output_price(self) -> int:
        price = price_of(self.world, self.asked.canonical_id)
        return price.low_e8 if self.asked.canonical_id == self.given.canonical_id else price.high_e8

    def _pools_of(self, token: str) -> Iterator[Market]:
        return (market for market in self.destination.markets if token in (market.token0, market.token1))


def _swap(
    path: tuple[str, ...], markets: tuple[Market, ...], along: tuple[int, ...], most: int, wanted: Wanted
) -> Swap:
    return Swap(
        venues=tuple(market.venue for market in markets),
        path=path,
        amounts=along,
        max_input=most,
        is_exact_output=wanted.is_exact_output,
    )
