"""What an order costs its user, in exact integers: costs round up, outputs round down."""

from dataclasses import dataclass, field
from math import ceil

from intents.amounts import BPS, bps_up, divide_up
from intents.solver.company import CompanyRules
from intents.solver.gas import (
    GasRules,
    charged,
    fill_units,
    gas_usd,
    message_fee_wei,
    open_units,
    settling,
)
from intents.solver.prices import USD, from_usd_up, native_usd_up, price_of, usd_up
from intents.solver.world import ChainWorld, Price, Token, World


@dataclass(frozen=True, slots=True)
class PricingRules:
    """What we charge and offer. `*_bps` are of the input amount; `tolerance_bps` is of a swap's output.

    Gas is charged as what it costs and `gas_margin_bps` of that, for what no price counts on (see `GasRules`): its
    price falls as often as it rises until we have sent everything, and the service fee bears what is left.
    `arrival_wei` of the destination's native coin is delivered besides the output, for its price. `way` is how it
    is confirmed, where that is known.
    `stock_share_bps` is the most of a stock that one order may claim, as reservations have it. A route over a
    bridge may be expected to take `bridge_time_bps` of the time an order has to be filled, no more.
    """

    service_bps: int = 4
    service_fixed_usd_e8: int = USD // 100
    volatility_bps_per_minute: int = 4
    exchange_bps: int = 10
    exact_output_swap_bps: int = 10
    tolerance_bps: int = 30
    gas_margin_bps: int = 250
    refund_share_bps: int = 200
    minimum_order_in_gas_costs: int = 20
    stock_share_bps: int = 2_500
    disagreement_bps: int = 200
    reaction_seconds: float = 1.0
    proof_seconds: float = 2.0
    bridge_time_bps: int = 6_000
    arrival_wei: int = 0
    way: str = ""
    gas: GasRules = field(default_factory=GasRules)
    company: CompanyRules = field(default_factory=CompanyRules)


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of a quote's fees; `is_gain` marks a swap whose pools pay more than the feeds."""

    kind: str
    chain_id: int
    token: str
    amount: int
    usd_e8: int
    is_gain: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """The charges of one route on its input: fixed lines, and rates on the gross amount."""

    token: Token
    chain_id: int
    price: Price
    network: int
    proof: int
    service_fixed: int
    service_bps: int
    margin_bps: int
    arrival: int = 0

    @property
    def gas(self) -> int:
        """What the transactions cost us, in input base units."""
        return self.network + self.proof

    def net(self, gross: int) -> int:
        """What is left of `gross` to buy the output with; negative when the fees are more than it."""
        return gross - sum(self._amounts(gross))

    def gross_for(self, net: int) -> int:
        """The least input that leaves at least `net`."""
        fixed = self.gas + self.service_fixed + self.arrival
        gross = divide_up((net + fixed) * BPS, BPS - self.service_bps - self.margin_bps)
        while self.net(gross) < net:
            gross += 1
        return gross

    def lines(self, gross: int) -> tuple[FeeLine, ...]:
        """The lines whose sum is `gross - net(gross)`; empty ones are left out, but for the service fee."""
        kinds = ("network_fee", "proof", "service_fee", "margin", "gas_on_arrival")
        return tuple(
            FeeLine(
                kind, self.chain_id, self.token.address, amount, usd_up(amount, self.token, self.price.low_e8)
            )
            for kind, amount in zip(kinds, self._amounts(gross), strict=True)
            if amount or kind == "service_fee"
        )

    def _amounts(self, gross: int) -> tuple[int, int, int, int, int]:
        service = bps_up(gross, self.service_bps) + self.service_fixed
        return self.network, self.proof, service, bps_up(gross, self.margin_bps), self.arrival


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be charged: `token` of the origin is taken, `output` (an address) arrives `eta` seconds later.

    `pools` is how many of them the fill swaps through, `wraps` how often the coin is wrapped or unwrapped on the way;
    `is_exchange` that the stock is not the input asset, `source` the chain from which stock comes over a bridge.
    """

    origin: ChainWorld
    destination: ChainWorld
    token: Token
    eta: int
    output: str = ""
    pools: int = 0
    wraps: int = 0
    is_exchange: bool = False
    is_exact_output: bool = False
    source: ChainWorld | None = None


def eta_seconds(
    origin: ChainWorld,
    destination: ChainWorld,
    *,
    value_usd_e8: int,
    rules: PricingRules,
    source: ChainWorld | None = None,
) -> int:
    """From the confirmation to the delivery: the open's block, the depth its value asks, the fill's block.

    Stock from a `source` leaves only after that depth: its own block, finality there, the validators'
    signatures and the block it arrives in come on top.
    """
    depth = origin.depth_for(value_usd_e8)
    seconds = depth * origin.block_seconds + destination.block_seconds + rules.reaction_seconds
    if source is not None:
        finality = max(source.final_blocks, 1) * source.block_seconds
        seconds += finality + destination.block_seconds + rules.proof_seconds + rules.reaction_seconds
    return max(ceil(seconds), 1)


def tariff(world: World, delivery: Delivery, rules: PricingRules) -> Tariff:
    """The charges of a delivery; raises Unpriced when gas, a message or the input token has no price."""
    return _Charging(world, delivery, rules).tariff()


class _Charging:
    """One delivery in one world; amounts are in base units of its input, rounded up."""

    def __init__(self, world: World, delivery: Delivery, rules: PricingRules) -> None:
        self.world, self.delivery, self.rules = world, delivery, rules
        self.settled = settling(
            world, delivery.origin, delivery.destination, gas=rules.gas, company=rules.company
        )
        self.price = price_of(world, delivery.token.canonical_id)

    def tariff(self) -> Tariff:
        return Tariff(
            token=self.delivery.token,
            chain_id=self.delivery.origin.chain_id,
            price=self.price,
            network=self._network() + self._carriage(),
            proof=self._proof(),
            service_fixed=self._input(self.rules.service_fixed_usd_e8),
            service_bps=self.rules.service_bps,
            margin_bps=self._margin_bps(),
            arrival=self._coin(self.rules.arrival_wei),
        )

    def _network(self) -> int:
        """The open, the fill, the collecting, and the part of the orders that are refunded."""
        origin, gas = self.delivery.origin, self.rules.gas
        opening = open_units(origin, self.delivery.token.address, way=self.rules.way, gas=gas)
        refund_share = divide_up(charged(origin, gas).refund * self.rules.refund_share_bps, BPS)
        filling = fill_units(
            self.delivery.destination,
            self.delivery.output,
            gas,
            pools=self.delivery.pools,
            wraps=self.delivery.wraps,
        )
        return self._gas(opening + self.settled.finalise + refund_share, filling)

    def _proof(self) -> int:
        return self._gas(self.settled.process, self.settled.dispatch) + self._coin(self.settled.message_wei)

    def _carriage(self) -> int:
        """Stock brought over a bridge; 0 where it is there already."""
        source, destination, gas = self.delivery.source, self.delivery.destination, self.rules.gas
        if source is None:
            return 0
        usd = self._gas_usd(source, charged(source, gas).bridge)
        usd += self._gas_usd(destination, charged(destination, gas).arrive)
        usd += native_usd_up(self.world, source, message_fee_wei(source, destination.chain_id))
        return self._input(usd)

    def _margin_bps(self) -> int:
        """For prices that move until the delivery, at most half of the input."""
        delivery, rules = self.delivery, self.rules
        moving = divide_up(rules.volatility_bps_per_minute * delivery.eta, 60)
        margin = rules.exchange_bps + moving if delivery.is_exchange else 0
        if delivery.pools:
            margin = max(margin, moving)
        if delivery.pools and delivery.is_exact_output:
            margin += rules.exact_output_swap_bps
        return min(margin, BPS // 2)

    def _gas(self, at_origin: int, at_destination: int) -> int:
        usd = self._gas_usd(self.delivery.origin, at_origin)
        return self._input(usd + self._gas_usd(self.delivery.destination, at_destination))

    def _gas_usd(self, chain: ChainWorld, units: int) -> int:
        return gas_usd(self.world, chain, units, margin_bps=self.rules.gas_margin_bps)

    def _coin(self, wei: int) -> int:
        return self._input(native_usd_up(self.world, self.delivery.destination, wei))

    def _input(self, usd_e8: int) -> int:
        return from_usd_up(usd_e8, self.delivery.token, self.price.low_e8)
