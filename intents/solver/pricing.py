"""What an order costs its user, in exact integers: costs round up, outputs round down."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final

from intents.amounts import BPS, bps_up, divide_down, divide_up, rescale_down
from intents.solver.company import ALONE, CompanyRules, Shared
from intents.solver.data_fees import data_units
from intents.solver.world import ChainWorld, Price, Token, World

USD: Final = 10**8


class Unpriced(Exception):
    """An amount cannot be valued: `code` is no_price, stale_price, no_message_fee or no_data_fee, `asset` the
    canonical id."""

    def __init__(self, code: str, asset: str) -> None:
        super().__init__(f"{code}: {asset}")
        self.code = code
        self.asset = asset


@dataclass(frozen=True, slots=True)
class GasRules:
    """Gas of each of our transactions, measured on the local network and rounded up.

    What settles orders can settle several: `*_fixed` is there however many they are, `*_each` for every one. A fill
    that swaps takes `pool` more for each pool and `wrap` more for wrapping or unwrapping the coin. Recipients are
    taken to have nothing of the token yet.

    What happens once for many orders is not in these figures: the first fill of a token in an hour (17,100 more, for
    the hour's count of what leaves), the first deposit of a token while the escrow has none of it (17,100 more) and
    the first messages of a young Mailbox, which open the branches of its tree (up to 80,000 more). Opens and fills out
    of stock are charged as they were of late, these where nothing is known of them. `told_bytes` is how much longer
    the outputs are than one plain output; what a chain takes for data besides gas, `charged` adds.
    """

    open: int = 142_000
    refund: int = 75_000
    fill: int = 134_500
    pool: int = 104_500
    wrap: int = 48_000
    attest: int = 55_000
    dispatch_fixed: int = 153_000
    dispatch_each: int = 10_500
    process_fixed: int = 90_000
    process_each: int = 27_000
    finalise_fixed: int = 54_500
    finalise_each: int = 28_500
    bridge: int = 192_000
    arrive: int = 127_000
    told_bytes: int = 0

    @property
    def dispatch(self) -> int:
        """A message of one order alone, where it is sent."""
        return self.dispatch_fixed + self.dispatch_each

    @property
    def process(self) -> int:
        """A message of one order alone, where it arrives."""
        return self.process_fixed + self.process_each

    @property
    def finalise(self) -> int:
        """Collecting one order alone."""
        return self.finalise_fixed + self.finalise_each


# Gas of the open that is not the usual one: a transaction of the user's own is none of ours, a token that is paid
# by its own signature needs no contract between, and a permit makes the order's address work besides.
OPEN_GAS: Final = {"native": 0, "batch": 0, "onchain": 0, "eip3009": 133_000, "permit": 190_000}


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
class Settling:
    """Units of gas that settling one order takes, its part of what it shares with others.

    `message_wei` is its part of what its destination's Mailbox asks for the message besides gas.
    """

    dispatch: int
    process: int
    finalise: int
    message_wei: int = 0


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


def price_of(world: World, canonical_id: str) -> Price:
    """The fresh price of an asset; raises Unpriced."""
    price = world.prices.get(canonical_id)
    if price is None:
        raise Unpriced("stale_price" if canonical_id in world.stale else "no_price", canonical_id)
    return price


def usd_down(amount: int, token: Token, price_e8: int) -> int:
    """USD × 10^8, rounded down."""
    return divide_down(amount * price_e8, 10**token.decimals)


def usd_up(amount: int, token: Token, price_e8: int) -> int:
    """USD × 10^8, rounded up."""
    return divide_up(amount * price_e8, 10**token.decimals)


def from_usd_up(usd_e8: int, token: Token, price_e8: int) -> int:
    """Base units worth at least `usd_e8`."""
    return divide_up(usd_e8 * 10**token.decimals, price_e8)


def exchange_down(amount: int, given: Token, wanted: Token, world: World) -> int:
    """What `amount` of one token is worth in another, never more; 1 : 1 for one asset on two chains."""
    if given.canonical_id == wanted.canonical_id:
        return rescale_down(amount, from_decimals=given.decimals, to_decimals=wanted.decimals)
    low, high = price_of(world, given.canonical_id).low_e8, price_of(world, wanted.canonical_id).high_e8
    return divide_down(amount * low * 10**wanted.decimals, high * 10**given.decimals)


def exchange_back_up(amount: int, given: Token, wanted: Token, world: World) -> int:
    """The least of `given` for which `exchange_down` pays at least `amount` of `wanted`."""
    if given.canonical_id == wanted.canonical_id:
        shift = wanted.decimals - given.decimals
        return divide_up(amount * 10 ** max(-shift, 0), 10 ** max(shift, 0))
    low, high = price_of(world, given.canonical_id).low_e8, price_of(world, wanted.canonical_id).high_e8
    return divide_up(amount * high * 10**given.decimals, low * 10**wanted.decimals)


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


def message_fee_wei(source: ChainWorld, to_chain: int) -> int:
    """Wei that a message from `source` costs besides gas; raises Unpriced while that is not known."""
    if source.message_fees is None:
        return 0
    if to_chain not in source.message_fees:
        raise Unpriced("no_message_fee", source.native_id)
    return source.message_fees[to_chain]


def charged(chain: ChainWorld, gas: GasRules) -> GasRules:
    """`gas` as this chain charges it, its fee for data as the gas to be had for that now; raises Unpriced."""
    if chain.data_fees is None:
        return gas
    if not chain.data_fees:
        raise Unpriced("no_data_fee", chain.native_id)
    more = data_units(
        tuple(chain.data_fees.items()),
        chain.gas_price_wei,
        payloads=gas.dispatch_each // GasRules().dispatch_each,
        told_bytes=gas.told_bytes,
    )
    # What somebody else sends costs us nothing here either.
    return replace(gas, **{name: had + more[name] for name in more if (had := getattr(gas, name))})


def message_usd(world: World, origin: ChainWorld, destination: ChainWorld, gas: GasRules) -> int:
    """USD × 10^8 of bringing the proof of one order alone from its destination to its origin; raises Unpriced."""
    fee = message_fee_wei(destination, origin.chain_id)
    there, here = charged(destination, gas).dispatch, charged(origin, gas).process
    sent = native_usd_up(world, destination, there * destination.gas_price_wei + fee)
    return sent + native_usd_up(world, origin, here * origin.gas_price_wei)


def finalise_usd(world: World, origin: ChainWorld, gas: GasRules) -> int:
    """USD × 10^8 of collecting one order alone; raises Unpriced."""
    return native_usd_up(world, origin, charged(origin, gas).finalise * origin.gas_price_wei)


def settling(
    world: World,
    origin: ChainWorld,
    destination: ChainWorld,
    *,
    gas: GasRules | None = None,
    company: CompanyRules | None = None,
) -> Settling:
    """What settling an order takes in the company that orders on this way have of late; raises Unpriced."""
    gas, company = gas or GasRules(), company or CompanyRules()
    is_dear = company.is_dear(message_usd(world, origin, destination, gas))
    together = origin.messages.get(destination.chain_id, Shared())
    message_bps = company.share_bps(together, is_dear=is_dear)
    # Nobody counts on company to pay somebody else's fee before there was any.
    fee_bps = company.share_bps(together, is_dear=False)
    is_dear = company.is_dear(finalise_usd(world, origin, gas))
    finalise_bps = company.share_bps(origin.finalises, is_dear=is_dear)
    there, here = charged(destination, gas), charged(origin, gas)
    return Settling(
        dispatch=there.dispatch_each + divide_up(there.dispatch_fixed * message_bps, ALONE),
        process=here.process_each + divide_up(here.process_fixed * message_bps, ALONE),
        finalise=here.finalise_each + divide_up(here.finalise_fixed * finalise_bps, ALONE),
        message_wei=divide_up(message_fee_wei(destination, origin.chain_id) * fee_bps, ALONE),
    )


def open_kind(way: str, token: str) -> str:
    """Opens by one way of one token, as `ChainWorld.opens` names them."""
    return f"{way}:{token}"


def open_units(origin: ChainWorld, token: str, rules: PricingRules) -> int:
    """Gas of our open as it was of late, and as the chain charges it; 0 where somebody else sends it."""
    # The chain's own coin is locked by its sender's transaction, never by ours.
    if int(token, 16) == 0 or not rules.gas.open:
        return 0
    usual = OPEN_GAS.get(rules.way, GasRules().open)
    return charged(origin, rules.gas).open - usual + origin.opens.get(open_kind(rules.way, token), usual)


def fill_units(destination: ChainWorld, token: str, gas: GasRules, *, pools: int, wraps: int) -> int:
    """Gas of the fill with its exchanges, as the chain charges it; out of stock as it was of late for this token."""
    gas = charged(destination, gas)
    if pools or wraps:
        return gas.fill + pools * gas.pool + wraps * gas.wrap
    usual = GasRules().fill
    return gas.fill - usual + destination.fills.get(token, usual)


def tariff(
    world: World,
    *,
    origin: ChainWorld,
    destination: ChainWorld,
    token: Token,
    pools: int,
    exchanges: int,
    is_exact_output: bool,
    eta: int,
    rules: PricingRules,
    wraps: int = 0,
    source: ChainWorld | None = None,
    output: str = "",
) -> Tariff:
    """The charges of a route with `pools` swaps; `exchanges` is 1 when its stock is not the input asset.

    `wraps` is how often the coin is wrapped or unwrapped on the way, `source` the chain from which stock is brought
    over a bridge, `output` the address of the token that is delivered.

    Raises Unpriced when gas, a message or the input token has no price.
    """
    gas = rules.gas
    settled = settling(world, origin, destination, gas=gas, company=rules.company)
    opening = open_units(origin, token.address, rules)
    filling = fill_units(destination, output, gas, pools=pools, wraps=wraps)
    refund_share = divide_up(charged(origin, gas).refund * rules.refund_share_bps, BPS)
    price = price_of(world, token.canonical_id)

    def cost(at_origin: int, at_destination: int) -> int:
        usd = gas_usd(world, origin, at_origin, rules) + gas_usd(world, destination, at_destination, rules)
        return from_usd_up(usd, token, price.low_e8)

    carried = 0
    if source is not None:
        usd = gas_usd(world, source, charged(source, gas).bridge, rules)
        usd += gas_usd(world, destination, charged(destination, gas).arrive, rules)
        usd += native_usd_up(world, source, message_fee_wei(source, destination.chain_id))
        carried = from_usd_up(usd, token, price.low_e8)

    margin_bps = exchanges * (rules.exchange_bps + divide_up(rules.volatility_bps_per_minute * eta, 60))
    if pools:
        margin_bps = max(margin_bps, divide_up(rules.volatility_bps_per_minute * eta, 60))
    if pools and is_exact_output:
        margin_bps += rules.exact_output_swap_bps
    return Tariff(
        token=token,
        chain_id=origin.chain_id,
        price=price,
        network=cost(opening + settled.finalise + refund_share, filling) + carried,
        proof=cost(settled.process, settled.dispatch)
        + from_usd_up(native_usd_up(world, destination, settled.message_wei), token, price.low_e8),
        service_fixed=from_usd_up(rules.service_fixed_usd_e8, token, price.low_e8),
        service_bps=rules.service_bps,
        margin_bps=min(margin_bps, BPS // 2),
        arrival=from_usd_up(native_usd_up(world, destination, rules.arrival_wei), token, price.low_e8),
    )


def gas_usd(world: World, chain: ChainWorld, units: int, rules: PricingRules) -> int:
    """USD × 10^8 for gas at the present price and its margin, rounded up; raises Unpriced."""
    return native_usd_up(
        world, chain, divide_up(units * chain.gas_price_wei * (BPS + rules.gas_margin_bps), BPS)
    )


def native_usd_up(world: World, chain: ChainWorld, wei: int) -> int:
    """The highest price of `wei` of a chain's native coin, USD × 10^8; raises Unpriced."""
    return divide_up(wei * price_of(world, chain.native_id).high_e8, 10**chain.native_decimals)
