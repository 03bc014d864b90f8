"""Whether an order is still worth taking, at this moment's prices and gas."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.chains.pauses import stops_deliveries
from intents.lifecycle import StepKind
from intents.settlement.acceptance import LOSS_LIMIT_BPS, Refusal, refuse_value
from intents.settlement.order import bytes32_to_address, int_to_address
from intents.solver.gas import charged, fill_units, message_fee_wei, settling
from intents.solver.prices import Unpriced, native_usd_up, price_of, usd_down, usd_up
from intents.solver.world import ChainWorld, World

from .case import Case
from .repricing import rules_for
from .world import load_prices

# A wallet's prompt and a block: who sends a transaction of their own while the card lasts is seen later than that.
OWN_SECONDS: Final = 60.0


def refuse_price(
    case: Case,
    *,
    world: World | None = None,
    supply: Mapping[str, Any] | None = None,
    may_lose: bool = True,
) -> Refusal | None:
    """The order would lose more than we accept now, or cannot be valued; ours may lose a little if it `may_lose`,
    a stranger's nothing.

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
    planned = _planned(case, supply)
    try:
        return refuse_value(
            input_usd_e8=input_value_usd_e8(case, seen),
            output_usd_e8=_paid_usd_e8(case, seen, planned),
            cost_usd_e8=_cost_usd_e8(case, seen, origin, destination, planned),
            loss_limit_bps=LOSS_LIMIT_BPS if case.is_ours and may_lose else 0,
        )
    except Unpriced as unpriced:
        return Refusal(unpriced.code, {"asset": unpriced.asset})
    except KeyError as missing:
        return Refusal("token_not_supported", {"token": str(missing.args[0])})


def is_late(case: Case) -> bool:
    """Whether the offer had run out when somebody comes with the order.

    Whoever waits may choose by where the price went: until it is taken, an order that comes late may not lose
    anything. Once taken it may, whatever happens meanwhile.
    """
    quote = case.order.quote
    if quote is None or quote.expires_at is None:
        return False
    return timezone.now() > quote.expires_at + timedelta(seconds=OWN_SECONDS)


def input_value_usd_e8(case: Case, world: World) -> int:
    """What the escrow will pay us, at its lowest price; raises Unpriced or KeyError."""
    token, amount = case.terms.inputs[0]
    known = world.chains[case.order.origin_id].tokens[int_to_address(token)]
    return usd_down(amount, known, price_of(world, known.canonical_id).low_e8)


def _planned(case: Case, supply: Mapping[str, Any] | None) -> Mapping[str, Any]:
    step = case.step(StepKind.FILL)
    return {**(step.details if step is not None else {}), **(supply or {})}


def _paid_usd_e8(case: Case, world: World, planned: Mapping[str, Any]) -> int:
    """What leaves our stock: the output itself, or what its swap may spend."""
    chain = world.chains[case.order.destination_id]
    tokens = {**chain.tokens, **chain.bridged}
    if planned.get("stock_token"):
        known, amount = tokens[planned["stock_token"]], int(planned["stock_amount"])
    else:
        output = case.terms.outputs[0]
        known, amount = tokens[bytes32_to_address(output.token)], output.amount
    return usd_up(amount, known, price_of(world, known.canonical_id).high_e8)


def _cost_usd_e8(
    case: Case, world: World, origin: ChainWorld, destination: ChainWorld, planned: Mapping[str, Any]
) -> int:
    """Gas and message fees of what is still to be sent, and the native coin that arrives besides the output."""
    outputs = case.terms.outputs
    gas = rules_for(outputs).gas
    settled = settling(world, origin, destination, gas=gas)
    pools, wraps = _exchanges(case, planned)
    paid = bytes32_to_address(outputs[0].token)
    fill = fill_units(destination, paid, gas, pools=pools, wraps=wraps) + settled.dispatch
    besides = sum(output.amount for output in outputs[1:])
    carried = 0
    source = _sent_from(planned, world)
    if source is not None:
        fill += charged(destination, gas).arrive
        fee = message_fee_wei(source, destination.chain_id)
        carried = native_usd_up(world, source, charged(source, gas).bridge * source.gas_price_wei + fee)
    return (
        carried
        + native_usd_up(world, origin, (settled.finalise + settled.process) * origin.gas_price_wei)
        + native_usd_up(world, destination, fill * destination.gas_price_wei + settled.message_wei + besides)
    )


def _exchanges(case: Case, planned: Mapping[str, Any]) -> tuple[int, int]:
    """How many pools the fill trades with and how often it wraps the coin, a split's second side among them."""
    kinds, swap = [], planned.get("swap")
    while swap:
        kinds += [case.destination.venues[int(venue)].kind for venue in swap["venues"]]
        swap = swap.get("beside")
    wraps = kinds.count(WRAPPED_NATIVE)
    return len(kinds) - wraps, wraps


def _sent_from(planned: Mapping[str, Any], world: World) -> ChainWorld | None:
    """The chain from which stock has yet to be sent off for the fill."""
    bridge = planned.get("bridge") or {}
    return world.chains.get(int(bridge.get("chain_id", 0))) if not bridge.get("move") else None
