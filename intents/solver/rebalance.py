"""Where our stock should be moved so that every chain holds what it is meant to hold. Pure.

Targets say how much of a token a chain should have. What is missing by more than the threshold is brought from
where there is more than the target: over a bridge, by a swap on the same chain, or by a swap onto the bridge
first. Nothing moves that is promised or waited for, and nothing that costs more than the cap.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from intents.amounts import BPS, bps_down
from intents.solver.candidates import Candidate
from intents.solver.gas import GasRules, charged, gas_usd, message_fee_wei
from intents.solver.markets import other_token
from intents.solver.prices import Unpriced, exchange_down, native_usd_up, price_of, usd_down, usd_up
from intents.solver.pricing import PricingRules
from intents.solver.routes import Swap
from intents.solver.world import ChainWorld, Token, World

USD = 10**8
Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class RebalanceRules:
    """Less than `threshold_bps` of a target is let be; values are USD × 10^8, costs bps of what is moved."""

    threshold_bps: int = 2_000
    smallest_usd_e8: int = 500 * USD
    largest_usd_e8: int = 20_000 * USD
    cost_cap_bps: int = 40
    tolerance_bps: int = 20
    pricing: PricingRules = field(default_factory=PricingRules)


@dataclass(frozen=True, slots=True)
class Shift:
    """One move: `amount` of the source token, over the bridge `route` or through the pools of `swap`."""

    source: Place
    destination: Place
    amount: int
    route: str = ""
    swap: Swap | None = None
    least: int = 0


def shifts(
    world: World,
    targets: Mapping[Place, int],
    *,
    needed: Collection[Place] = (),
    coming: Mapping[Place, int] | None = None,
    rules: RebalanceRules | None = None,
) -> list[Shift]:
    """What to move now, the largest want first; each stock gives or takes once.

    `needed` are places that open orders wait for: they give nothing. `coming` is what is under way already.
    """
    search = _Search(world, targets, set(needed), coming or {}, rules or RebalanceRules())
    found: list[Shift] = []
    for place in search.wants():
        shift = search.best_for(place)
        if shift is not None:
            found.append(shift)
            search.used |= {shift.source, shift.destination}
    return found


class _Search:
    def __init__(
        self,
        world: World,
        targets: Mapping[Place, int],
        needed: set[Place],
        coming: Mapping[Place, int],
        rules: RebalanceRules,
    ) -> None:
        self.world = world
        self.targets = targets
        self.coming = coming
        self.rules = rules
        self.used = set(needed)

    def wants(self) -> list[Place]:
        """Places that miss more than the threshold, the dearest want first."""
        missing = {place: self.value(place, self.missing(place)) for place in self.targets}
        wanted = [place for place, value in missing.items() if value >= self.rules.smallest_usd_e8]
        return sorted(wanted, key=lambda place: (-missing[place], place))

    def best_for(self, place: Place) -> Shift | None:
        """The first way that is cheap enough: over a bridge, through a pool here, or onto a bridge."""
        for way in (self._bridges(place), self._pools(place, self.missing(place)), self._ways_onto(place)):
            for shift in way:
                return shift
        return None

    def token(self, place: Place) -> Token | None:
        chain = self.world.chains.get(place[0])
        return chain.handled(place[1]) if chain and not chain.paused_reason else None

    def value(self, place: Place, amount: int) -> int:
        """USD × 10^8, rounded down; 0 for what cannot be valued or handled now."""
        token = self.token(place)
        if token is None or amount <= 0:
            return 0
        try:
            return usd_down(amount, token, price_of(self.world, token.canonical_id).low_e8)
        except Unpriced:
            return 0

    def missing(self, place: Place) -> int:
        """Base units below the target, 0 while that is within the threshold."""
        target = self.targets.get(place, 0)
        have = self._balance(place) + self.coming.get(place, 0)
        return target - have if have < bps_down(target, BPS - self.rules.threshold_bps) else 0

    def spare(self, place: Place) -> int:
        """Unreserved base units above the target, no more than one move may take."""
        token = self.token(place)
        if token is None or place in self.used:
            return 0
        # What nobody set a target for is not ours to sell, but for what a bridge brought.
        if place not in self.targets and token.address not in self.world.chains[place[0]].bridged:
            return 0
        held = self.world.chains[place[0]].stocks.get(place[1])
        spare = max(held.unreserved - self.targets.get(place, 0), 0) if held else 0
        value = self.value(place, spare)
        return spare * self.rules.largest_usd_e8 // value if value > self.rules.largest_usd_e8 else spare

    def _balance(self, place: Place) -> int:
        held = self.world.chains[place[0]].stocks.get(place[1]) if place[0] in self.world.chains else None
        return held.balance if held else 0

    def _ends_to(self, place: Place) -> Iterator[tuple[str, Place]]:
        """Other chains' ends of the bridges that end in this very token."""
        here = self.world.chains.get(place[0])
        routes = {end.route for end in here.bridges if end.token == place[1]} if here else set()
        for chain in self.world.chains.values():
            if chain.chain_id != place[0]:
                yield from (
                    (end.route, (chain.chain_id, end.token)) for end in chain.bridges if end.route in routes
                )

    def _bridges(self, place: Place) -> Iterator[Shift]:
        rules = self.rules
        for route, source in self._ends_to(place):
            amount = min(self.spare(source), self.missing(place))
            value = self.value(source, amount)
            if value < rules.smallest_usd_e8:
                continue
            cost = self._gas(source[0], lambda gas: gas.bridge) + self._gas(place[0], lambda gas: gas.arrive)
            cost += self._message(source[0], place[0])
            if cost * BPS <= value * rules.cost_cap_bps:
                yield Shift(source=source, destination=place, amount=amount, route=route)

    def _ways_onto(self, place: Place) -> Iterator[Shift]:
        """A swap elsewhere into a bridge's token, which the next look then sends here."""
        for _route, end in self._ends_to(place):
            token, wanted = self.token(end), self.token(place)
            if token is not None and wanted is not None and token.decimals == wanted.decimals:
                yield from self._pools(end, self.missing(place))

    def _pools(self, place: Place, missing: int) -> Iterator[Shift]:
        """Swaps of one pool on the place's chain that bring about what is missing, the cheapest first."""
        chain, wanted = self.world.chains[place[0]], self.token(place)
        if wanted is None or missing <= 0 or place in self.used:
            return
        found = []
        for market in chain.markets:
            if place[1] not in (market.token0, market.token1):
                continue
            source = (chain.chain_id, other_token(market, place[1]))
            given = self.token(source)
            way = Candidate((source[1], place[1]), (market,))
            shift = self._swap(chain, way, given, wanted, missing) if given else None
            if shift is not None:
                found.append(shift)
        yield from (shift for _cost, shift in sorted(found, key=lambda each: each[0]))

    def _swap(
        self, chain: ChainWorld, way: Candidate, given: Token, wanted: Token, missing: int
    ) -> tuple[int, Shift] | None:
        """As much of what is missing as the pool gives within the cost cap, by halves."""
        source = (chain.chain_id, given.address)
        try:
            amount = min(self.spare(source), exchange_down(missing, wanted, given, self.world))
        except Unpriced:
            return None
        while self.value(source, amount) >= self.rules.smallest_usd_e8:
            found = self._exchange(chain, way, given, wanted, amount)
            if found is not None:
                return found
            amount //= 2
        return None

    def _exchange(
        self, chain: ChainWorld, way: Candidate, given: Token, wanted: Token, amount: int
    ) -> tuple[int, Shift] | None:
        source, place = (chain.chain_id, given.address), (chain.chain_id, wanted.address)
        rows, value = way.sell(amount), self.value(source, amount)
        if rows is None:
            return None
        try:
            bought = rows[0][-1]
            gained = usd_down(bought, wanted, price_of(self.world, wanted.canonical_id).low_e8)
            whole = usd_up(amount, given, price_of(self.world, given.canonical_id).high_e8)
        except Unpriced:
            return None
        cost = whole - gained + self._gas(chain.chain_id, lambda gas: gas.pool * 2)
        if cost * BPS > value * self.rules.cost_cap_bps:
            return None
        swap = Swap((way.markets[0].venue,), way.path, rows[0], amount, is_exact_output=False)
        least = bought - bps_down(bought, self.rules.tolerance_bps)
        return cost, Shift(source=source, destination=place, amount=amount, swap=swap, least=least)

    def _message(self, source_id: int, destination_id: int) -> int:
        source = self.world.chains[source_id]
        try:
            return native_usd_up(self.world, source, message_fee_wei(source, destination_id))
        except Unpriced:
            return self.rules.largest_usd_e8

    def _gas(self, chain_id: int, units: Callable[[GasRules], int]) -> int:
        chain, pricing = self.world.chains[chain_id], self.rules.pricing
        try:
            taken = units(charged(chain, pricing.gas))
            return gas_usd(self.world, chain, taken, margin_bps=pricing.gas_margin_bps)
        except Unpriced:
            return self.rules.largest_usd_e8
