"""Whether an order is still worth taking, at this moment's prices and gas."""

from collections.abc import Mapping
from typing import Any

from intents.chains.pauses import stops_deliveries
from intents.lifecycle import StepKind
from intents.settlement.acceptance import LOSS_LIMIT_BPS, Refusal, refuse_value
from intents.settlement.destination_call import arrival_gas
from intents.settlement.order import bytes32_to_address, int_to_address
from intents.solver.pricing import GasRules, Unpriced, native_usd_up, price_of, settling, usd_down, usd_up
from intents.solver.world import ChainWorld, World

from .case import Case
from .world import load_prices


def refuse_price(
    case: Case, *, world: World | None = None, supply: Mapping[str, Any] | None = None
) -> Refusal | None:
    """The order would lose more than we accept now, or cannot be valued; ours may lose a little, a
    stranger's nothing.

    Values are USD × 10^8: what we get at its lowest price, what we give at its highest. `supply` is what
    the fill would take from stock; without it, what its step plans.
    """
    seen = world or load_prices()
    origin, destination = seen.chains.get(case.order.origin_id), seen.chains.get(case.order.destination_id)
    if origin is None or destination is None:
        return Refusal("chain_unreachable", {})
    if stops_deliveries(origin.paused_reason) or stops_deliveries(destination.paused_reason):
        paused = case.origin if stops_deliveries(origin.paused_reason) else case.destination
        return Refusal("chain_paused", {"chain": paused.name})
    try:
        return refuse_value(
            input_usd_e8=input_value_usd_e8(case, seen),
            output_usd_e8=_paid_usd_e8(case, seen, supply),
            cost_usd_e8=_cost_usd_e8(case, seen, origin, destination),
            loss_limit_bps=LOSS_LIMIT_BPS if case.is_ours else 0,
        )
    except Unpriced as unpriced:
        return Refusal(unpriced.code, {"asset": unpriced.asset})
    except KeyError as missing:
        return Refusal("token_not_supported", {"token": str(missing.args[0])})


def input_value_usd_e8(case: Case, world: World) -> int:
    """What the escrow will pay us, at its lowest price; raises Unpriced or KeyError."""
    token, amount = case.terms.inputs[0]
    known = world.chains[case.order.origin_id].tokens[int_to_address(token)]
    return usd_down(amount, known, price_of(world, known.canonical_id).low_e8)


def _paid_usd_e8(case: Case, world: World, supply: Mapping[str, Any] | None) -> int:
    """What leaves our stock: the output itself, or what its swap may spend."""
    chain = world.chains[case.order.destination_id]
    tokens = {**chain.tokens, **chain.bridged}
    fill = case.step(StepKind.FILL)
    details = supply if supply is not None else (fill.details if fill is not None else {})
    if details.get("stock_token"):
        known, amount = tokens[details["stock_token"]], int(details["stock_amount"])
    else:
        output = case.terms.outputs[0]
        known, amount = tokens[bytes32_to_address(output.token)], output.amount
    return usd_up(amount, known, price_of(world, known.canonical_id).high_e8)


def _cost_usd_e8(case: Case, world: World, origin: ChainWorld, destination: ChainWorld) -> int:
    """Gas of what is still to be sent, and the native coin that arrives besides the output."""
    gas, settled = GasRules(), settling(world, origin, destination)
    outputs = case.terms.outputs
    fill = gas.fill + settled.dispatch + arrival_gas(outputs)
    besides = sum(output.amount for output in outputs[1:])
    carried = 0
    source = _sent_from(case, world)
    if source is not None:
        fill += gas.arrive
        carried = native_usd_up(world, source, gas.bridge * source.gas_price_wei)
    return (
        carried
        + native_usd_up(world, origin, (settled.finalise + settled.process) * origin.gas_price_wei)
        + native_usd_up(world, destination, fill * destination.gas_price_wei + besides)
    )


def _sent_from(case: Case, world: World) -> ChainWorld | None:
    """The chain from which stock has yet to be sent off for the fill."""
    step = case.step(StepKind.FILL)
    bridge = (step.details.get("bridge") if step is not None else None) or {}
    return world.chains.get(int(bridge.get("chain_id", 0))) if not bridge.get("move") else None
