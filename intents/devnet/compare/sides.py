"""Both sides of one wish, computed: what is left after all gas that the person pays."""

from dataclasses import dataclass
from typing import Final

from intents.chains.calls import ZERO_ADDRESS
from intents.engine.repricing import rules_for
from intents.solver.by_hand import ByHand, HandRules, by_hand
from intents.solver.prices import exchange_down, from_usd_up, native_usd_up, price_of
from intents.solver.router import Refusal, Route, Wanted, find_routes
from intents.solver.world import World

from .wishes import Wish

BPS: Final = 10_000
SLACK_BPS: Final = 2
# The card shows both lines of fees as one service fee.
SERVICE: Final = ("service_fee", "margin")
GAS: Final = ("network_fee", "proof")
# A wallet that has approved nothing: the coin is locked by its own transaction, a token that knows no
# signatures goes to a deposit address by a plain transfer, everything else costs the person no gas.
OPEN_GAS: Final = 105_000
TRANSFER_GAS: Final = 55_000


@dataclass(frozen=True, slots=True)
class Compared:
    """Amounts in base units of the output; `hand` None: impossible by hand, `route` None: refused here."""

    wish: Wish
    hand: ByHand | None
    route: Route | None
    refusal: Refusal | None
    own_gas_usd_e8: int
    net_here: int
    service_fee: int

    @property
    def is_possible(self) -> bool:
        return self.hand is not None

    @property
    def difference_bps(self) -> float:
        """How much more is received here than by hand, in bps of by hand; both sides must exist."""
        assert self.hand is not None
        return (self.net_here - self.hand.net_output) * BPS / max(self.hand.net_output, 1)

    @property
    def gas_usd_e8(self) -> int:
        """What gas takes here: what we charge for ours, and the person's own."""
        fees = self.route.fees if self.route else ()
        return sum(line.usd_e8 for line in fees if line.kind in GAS) + self.own_gas_usd_e8

    @property
    def is_no_worse(self) -> bool:
        """At least what by hand leaves, less the shown service fee and 2 bps. A refusal is worse."""
        assert self.hand is not None
        if self.route is None:
            return False
        allowed = self.service_fee + max(self.hand.net_output, 0) * SLACK_BPS // BPS
        return self.net_here >= self.hand.net_output - allowed

    @property
    def is_better(self) -> bool:
        """At least what by hand leaves, with nothing taken off."""
        assert self.hand is not None
        return self.route is not None and self.net_here >= self.hand.net_output


def compared(wish: Wish, world: World, hand_world: World, rules: HandRules | None = None) -> Compared:
    """Both sides at the same prices; raises Unpriced."""
    hand = by_hand(
        hand_world,
        origin_id=wish.origin.chain_id,
        destination_id=wish.destination.chain_id,
        input_token=wish.given.address,
        output_token=wish.asked.address,
        amount=wish.amount,
        rules=rules,
    )
    wanted = Wanted(
        origin_id=wish.origin.chain_id,
        destination_id=wish.destination.chain_id,
        input_token=wish.given.address,
        output_token=wish.asked.address,
        amount=wish.amount,
    )
    found = find_routes(wanted, world, rules_for((), way=way_of(wish)))
    route = found.chosen
    origin = world.chains[wish.origin.chain_id]
    gas_usd = native_usd_up(world, origin, person_gas(wish) * origin.gas_price_wei)
    asked_price = price_of(world, wish.asked.canonical_id)
    gas = from_usd_up(gas_usd, wish.asked, asked_price.low_e8)
    return Compared(
        wish=wish,
        hand=hand,
        route=route,
        refusal=None if route else found.refusal,
        own_gas_usd_e8=gas_usd,
        net_here=route.output_expected - gas if route else 0,
        service_fee=_service_fee(route, wish, world) if route else 0,
    )


def person_gas(wish: Wish) -> int:
    """Gas the person pays here with a wallet that has approved nothing."""
    token = wish.origin.token(wish.given.address)
    if token.address == ZERO_ADDRESS:
        return OPEN_GAS
    return 0 if token.eip3009 != "none" or token.permit != "none" else TRANSFER_GAS


def way_of(wish: Wish) -> str:
    """How a wallet that has approved nothing confirms here, as offers choose it; it decides what our open costs."""
    token = wish.origin.token(wish.given.address)
    if token.address == ZERO_ADDRESS:
        return "native"
    if token.eip3009 != "none":
        return "eip3009"
    return "permit" if token.permit != "none" else "deposit"


def _service_fee(route: Route, wish: Wish, world: World) -> int:
    """The shown service fee in output units, rounded down."""
    paid = sum(line.amount for line in route.fees if line.kind in SERVICE)
    return exchange_down(paid, wish.given, wish.asked, world)
