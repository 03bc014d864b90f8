"""The best way to deliver an output: from stock, or by swapping stock in the very transaction of the fill.

Exact and exhaustive: every stocked token, every path of one or two pools and every pair of pools side by side
is tried with the real amounts, so the answer is the best of all of them. Only when nothing on the destination
will do is stock brought from another chain first. What is not offered keeps its reason.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from intents.amounts import BPS, bps_down, bps_up
from intents.solver.candidates import Candidate, Source, swaps_to
from intents.solver.markets import Market, is_wrapper
from intents.solver.prices import Unpriced, exchange_back_up, exchange_down, price_of, usd_down, usd_up
from intents.solver.pricing import Delivery, FeeLine, PricingRules, Tariff, eta_seconds, tariff
from intents.solver.routes import Carriage, Refusal, Rejected, Route, Routes, Swap, Wanted
from intents.solver.world import ChainWorld, Token, World

__all__ = ["Carriage", "Refusal", "Rejected", "Route", "Routes", "Swap", "Wanted", "find_routes"]

DEFAULT_RULES: Final = PricingRules()


# Of several reasons the person is told the one that says most about what to change.
_TELLING: Final = (
    "below_minimum_order",
    "amount_too_small",
    "amount_too_large",
    "insufficient_liquidity",
    "bridge_too_slow",
    "token_paused",
    "no_message_fee",
    "no_data_fee",
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
    # Another chain's stock takes minutes, not seconds: only when nothing on the destination will do.
    for ways in (search.candidates(), search.bridged_candidates()):
        if routes:
            break
        for way in ways:
            outcome = search.priced(way)
            if isinstance(outcome, Route):
                routes.append(outcome)
            elif outcome.code != "one_pool_is_better":
                rejected.append(Rejected(way.kind, way.path, outcome))
    routes.sort(key=_rank(wanted))
    if routes:
        return Routes(chosen=routes[0], alternatives=tuple(routes[1:]), rejected=tuple(rejected))
    return Routes(chosen=None, rejected=tuple(rejected), refusal=_most_telling(rejected))


def _rank(wanted: Wanted) -> Any:
    if wanted.is_exact_output:
        return lambda route: (route.input_amount, _pools(route), route.eta_seconds)
    return lambda route: (-route.output_expected, _pools(route), route.eta_seconds)


def _pools(route: Route) -> int:
    return route.swap.pools if route.swap else 0


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


def _held_on(way: Candidate, destination: ChainWorld) -> Refusal | None:
    """What is found wanting of the tokens that the output would be bought with."""
    used = [(destination, token) for token in way.path[:-1]]
    if way.source:
        used.append((way.source.chain, way.source.token.address))
    for chain, address in used:
        token = chain.handled(address)
        if token is not None and address in chain.held:
            params = {"token": token.symbol, "chain": str(chain.chain_id), "reason": chain.held[address]}
            return Refusal("token_paused", params)
    return None


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

    def candidates(self) -> Iterator[Candidate]:
        """Every way with what is on the destination."""
        yield Candidate((self.asked.address,))
        yield from swaps_to(self.destination, self.asked.address)

    def bridged_candidates(self) -> Iterator[Candidate]:
        """Every way whose first token a bridge can bring to the destination."""
        for end in self.destination.bridges:
            for chain in self.world.chains.values():
                if chain.chain_id == self.destination.chain_id or chain.paused_reason:
                    continue
                for far in chain.bridges:
                    token = chain.handled(far.token)
                    if far.route == end.route and token is not None:
                        yield from self._over(end.token, Source(chain, token, end.route))

    def _over(self, arriving: str, source: Source) -> Iterator[Candidate]:
        for way in swaps_to(self.destination, self.asked.address):
            if way.path[0] == arriving:
                yield replace(way, source=source)

    def priced(self, way: Candidate) -> Route | Refusal:
        """The route along this way with exact amounts, or why it is not offered."""
        first = self.destination.handled(way.path[0])
        if first is None or any(self.destination.handled(token) is None for token in way.path):
            return Refusal("token_not_supported", {"token": way.path[0]})
        held = _held_on(way, self.destination)
        if held is not None:
            return held
        if way.source and way.source.token.decimals != first.decimals:
            return Refusal("token_not_supported", {"token": way.source.token.symbol})
        try:
            return self._priced(way, way.source.token if way.source else first)
        except Unpriced as error:
            return Refusal(error.code, {"asset": error.asset})

    def _priced(self, way: Candidate, stock: Token) -> Route | Refusal:
        source = way.source.chain if way.source else None
        holder = source or self.destination
        held = holder.stocks.get(stock.address)
        free = min(held.unreserved, bps_down(held.balance, self.rules.stock_share_bps)) if held else 0
        if free == 0:
            return Refusal("no_stock", {"token": stock.symbol, "chain": str(holder.chain_id)})
        value = self._value_usd()
        eta = eta_seconds(self.origin, self.destination, value_usd_e8=value, rules=self.rules, source=source)
        if source and eta * BPS > self.origin.fill_seconds * self.rules.bridge_time_bps:
            return Refusal("bridge_too_slow", {"seconds": eta, "chain": str(source.chain_id)})
        pools = len(_priced_pools(way.markets))
        delivery = Delivery(
            origin=self.origin, destination=self.destination, token=self.given, eta=eta,
            output=self.asked.address, pools=pools, wraps=len(way.markets) - pools,
            is_exchange=self._is_exchange(stock), is_exact_output=self.wanted.is_exact_output, source=source,
        )  # fmt: skip
        charges = tariff(self.world, delivery, self.rules)
        if self.wanted.is_exact_output:
            amounts = self._exact_output(stock, way, charges)
        else:
            amounts = self._exact_input(stock, way, charges)
        if isinstance(amounts, Refusal):
            return amounts
        gross, rows, expected, minimum = amounts
        swap = self._swap(way, rows)
        spent = swap.spent if swap else rows[0][0]
        floor = charges.gas * self.rules.minimum_order_in_gas_costs
        if gross < floor:
            return Refusal("below_minimum_order", self._in_input("minimum", floor))
        if spent > free:
            return self._too_large(stock, free, charges)
        disagreement = self._disagreement(stock, value)
        if disagreement:
            return disagreement
        return Route(
            kind=way.kind,
            input_amount=gross, output_expected=expected, output_minimum=minimum, eta_seconds=eta,
            value_usd_e8=usd_up(gross, self.given, charges.price.low_e8), depth=self.origin.depth_for(value),
            fees=charges.lines(gross) + self._swap_lines(charges.net(gross), expected, way.markets),
            minimum_input=floor, stock_token=way.path[0], stock_amount=spent, swap=swap,
            carriage=_carriage(way, spent),
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
        self, stock: Token, way: Candidate, charges: Tariff
    ) -> tuple[int, tuple[tuple[int, ...], ...], int, int] | Refusal:
        net = charges.net(self.wanted.amount)
        if net <= 0:
            floor = charges.gas * self.rules.minimum_order_in_gas_costs
            return Refusal("below_minimum_order", self._in_input("minimum", max(floor, charges.gross_for(1))))
        spent = exchange_down(net, self.given, stock, self.world)
        if spent == 0:
            return Refusal("amount_too_small")
        rows = way.sell(spent)
        if rows is None:
            return self._not_possible(way)
        amount = sum(row[-1] for row in rows)
        tolerance = bps_up(amount, self.rules.tolerance_bps) if _priced_pools(way.markets) else 0
        if amount - tolerance <= 0:
            return Refusal("amount_too_small")
        return self.wanted.amount, rows, amount, amount - tolerance

    def _exact_output(
        self, stock: Token, way: Candidate, charges: Tariff
    ) -> tuple[int, tuple[tuple[int, ...], ...], int, int] | Refusal:
        rows = way.buy(self.wanted.amount)
        if rows is None:
            return self._not_possible(way)
        needed = sum(row[0] for row in rows)
        gross = charges.gross_for(exchange_back_up(needed, self.given, stock, self.world))
        return gross, rows, self.wanted.amount, self.wanted.amount

    def _not_possible(self, way: Candidate) -> Refusal:
        if way.is_split:
            return Refusal("one_pool_is_better")
        return Refusal("insufficient_liquidity", {"token": self.asked.symbol})

    def _swap(self, way: Candidate, rows: tuple[tuple[int, ...], ...]) -> Swap | None:
        """The swaps of a way, the second side of a split beside the first."""
        swap: Swap | None = None
        if not way.markets:
            return None
        is_exact_output = self.wanted.is_exact_output
        for at in reversed(range(len(rows))):
            most = rows[at][0]
            if is_exact_output and _priced_pools(way.markets):
                most += bps_up(most, self.rules.tolerance_bps)
            pools = way.markets[at : at + 1] if way.is_split else way.markets
            venues = tuple(market.venue for market in pools)
            swap = Swap(venues, way.path, rows[at], most, is_exact_output, beside=swap)
        return swap

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


def _carriage(way: Candidate, amount: int) -> Carriage | None:
    if way.source is None:
        return None
    return Carriage(
        route=way.source.route,
        chain_id=way.source.chain.chain_id,
        token=way.source.token.address,
        amount=amount,
    )
