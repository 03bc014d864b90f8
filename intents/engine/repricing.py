"""What an order's input buys now, in today's world: asked again before anything is accepted or paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from intents.amounts import BPS
from intents.settlement.acceptance import LOSS_LIMIT_BPS
from intents.settlement.destination_call import arrival_gas, order_gas, told_bytes
from intents.settlement.order import MandateOutput
from intents.solver.gas import OPEN_GAS
from intents.solver.plan import steps_of
from intents.solver.pricing import PricingRules
from intents.solver.router import DEFAULT_RULES, Refusal, Route, Wanted, find_routes
from intents.solver.world import World

from .case import Case
from .world import load_world

# The minimum and the share of a stock were judged when the order was quoted and when it was reserved.
RULES: Final = replace(PricingRules(), minimum_order_in_gas_costs=0, stock_share_bps=10_000)
_GAS_LINES: Final = ("network_fee", "proof")
_OUR_LINES: Final = ("service_fee", "margin")


@dataclass(frozen=True, slots=True)
class Repriced:
    """The best route for the input as it is, or the refusal."""

    wanted: Wanted
    route: Route | None
    refusal: Refusal | None

    @property
    def output_expected(self) -> int:
        """Base units the input buys now; 0 when there is no route."""
        return self.route.output_expected if self.route else 0

    def pays(self, amount: int) -> bool:
        """Whether `amount` of output can be delivered now without a loss."""
        return self.output_expected >= amount > 0

    def steps(self) -> list[dict[str, Any]]:
        """The plan's steps for this route; empty when there is none."""
        return steps_of(self.route, self.wanted) if self.route else []


def reprice(
    *,
    origin_id: int,
    destination_id: int,
    input_token: str,
    input_amount: int,
    output_token: str,
    outputs: Sequence[MandateOutput] = (),
    way: str = "",
    own: dict[tuple[int, str], int] | None = None,
    world: World | None = None,
) -> Repriced:
    """Route an exact input afresh; `own` is stock by (chain, token) that this very order already holds.

    `outputs` are the signed ones: a call and gas on arrival have their price. `way` is how it was confirmed.
    """
    wanted = Wanted(
        origin_id=origin_id,
        destination_id=destination_id,
        input_token=input_token,
        output_token=output_token,
        amount=input_amount,
    )
    world = world or load_world(own, markets_of=(origin_id, destination_id))
    found = find_routes(wanted, world, rules_for(outputs, RULES, way=way))
    return Repriced(wanted=wanted, route=found.chosen, refusal=found.refusal)


def reprice_order(case: Case, *, world: World | None = None) -> Repriced:
    """What an order's input buys now."""
    order = case.order
    return reprice(
        origin_id=order.origin_id,
        destination_id=order.destination_id,
        input_token=order.input_token,
        input_amount=order.input_amount,
        output_token=order.output_token,
        outputs=case.terms.outputs,
        way=order.confirm_way,
        world=world,
    )


def late_limit_bps(route: Route, quoted_fees: Sequence[Mapping[str, Any]]) -> int:
    """How far today's `route` may fall short of what was signed by somebody who comes after the offer ran out.

    Whoever waits may choose by where the price went. So it may take what we would earn, never more: nothing is
    gained by waiting then. Gas that rose meanwhile is nobody's gain, and ours to bear up to the loss limit.
    """
    gas_now = sum(line.usd_e8 for line in route.fees if line.kind in _GAS_LINES)
    gas_then = sum(int(line["usd_e8"]) for line in quoted_fees if line["kind"] in _GAS_LINES)
    earned = sum(line.usd_e8 for line in route.fees if line.kind in _OUR_LINES)
    bearable = earned + max(gas_now - gas_then, 0)
    return min(bearable * BPS // max(route.value_usd_e8, 1), LOSS_LIMIT_BPS)


def rules_for(
    outputs: Sequence[MandateOutput], rules: PricingRules = DEFAULT_RULES, *, way: str = ""
) -> PricingRules:
    """Pricing with what these outputs take beyond one plain output: gas, and the second one's coins;
    `way` is how it is confirmed, where that is known."""
    told = order_gas(outputs)
    opening = OPEN_GAS.get(way, rules.gas.open)
    besides = sum(output.amount for output in outputs[1:])
    # Each output has a payload of its own in the message that proves it.
    payloads = max(len(outputs), 1)
    gas = replace(
        rules.gas,
        fill=rules.gas.fill + arrival_gas(outputs),
        open=opening + told.open if opening else 0,
        finalise_each=rules.gas.finalise_each + told.finalise,
        dispatch_each=payloads * rules.gas.dispatch_each,
        process_each=payloads * rules.gas.process_each,
        told_bytes=told_bytes(outputs),
    )
    return replace(rules, gas=gas, arrival_wei=besides, way=way)


def cheapest(wanted: Wanted, output_amount: int, *, world: World) -> Route | None:
    """The way that delivers exactly `output_amount` base units for the least, whatever was given for it."""
    exact = replace(wanted, amount=output_amount, is_exact_output=True)
    return find_routes(exact, world, RULES).chosen
