"""What an order's transactions take in gas, its part of what it shares with others, and what that costs."""

from dataclasses import dataclass, replace
from typing import Final

from intents.amounts import BPS, divide_up
from intents.solver.company import ALONE, CompanyRules, Shared
from intents.solver.data_fees import data_units
from intents.solver.prices import Unpriced, native_usd_up
from intents.solver.world import ChainWorld, World


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
class Settling:
    """Units of gas that settling one order takes, its part of what it shares with others.

    `message_wei` is its part of what its destination's Mailbox asks for the message besides gas.
    """

    dispatch: int
    process: int
    finalise: int
    message_wei: int = 0


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


def open_units(origin: ChainWorld, token: str, *, way: str, gas: GasRules) -> int:
    """Gas of our open of a token by `way`, as it was of late and as the chain charges it; 0 where another sends it."""
    # The chain's own coin is locked by its sender's transaction, never by ours.
    if int(token, 16) == 0 or not gas.open:
        return 0
    usual = OPEN_GAS.get(way, GasRules().open)
    return charged(origin, gas).open - usual + origin.opens.get(open_kind(way, token), usual)


def fill_units(destination: ChainWorld, token: str, gas: GasRules, *, pools: int, wraps: int) -> int:
    """Gas of the fill with its exchanges, as the chain charges it; out of stock as it was of late for this token."""
    gas = charged(destination, gas)
    if pools or wraps:
        return gas.fill + pools * gas.pool + wraps * gas.wrap
    usual = GasRules().fill
    return gas.fill - usual + destination.fills.get(token, usual)


def gas_usd(world: World, chain: ChainWorld, units: int, *, margin_bps: int) -> int:
    """USD × 10^8 for gas at the present price and `margin_bps` more, rounded up; raises Unpriced."""
    return native_usd_up(world, chain, divide_up(units * chain.gas_price_wei * (BPS + margin_bps), BPS))
