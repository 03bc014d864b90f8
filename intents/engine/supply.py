"""Where a fill takes its tokens from: stock as planned, or a fresh way when the planned one fails."""

from typing import Any

from intents.amounts import BPS
from intents.chains.calls import Call
from intents.models import Step
from intents.settlement import calls
from intents.settlement.calls import VenueSwap
from intents.solver.plan import carriage_to_json, swap_from_json, swap_to_json
from intents.solver.router import Route
from intents.venues.swaps import swap_calls

from . import reservations
from .case import Case
from .repricing import RULES, reprice


def call_of(case: Case, step: Step) -> Call:
    """The fill exactly as planned; the swap may never yield less than what was signed."""
    swap = step.details.get("swap")
    if not swap:
        return calls.fill(case.terms, order_id=case.id_bytes, destination=case.destination)
    minimum = case.terms.outputs[0].amount
    venue_calls = swap_calls(
        case.destination,
        swap_from_json(swap),
        least=minimum,
        holder=case.destination.address("solver_account"),
        deadline=case.terms.fill_deadline,
    )
    swaps = [
        VenueSwap(
            venue=c.venue, token_in=c.token_in, max_input=c.max_input, data=c.data, value_wei=c.value_wei
        )
        for c in venue_calls
    ]
    return calls.swap_and_fill(
        case.terms,
        order_id=case.id_bytes,
        destination=case.destination,
        swaps=swaps,
        expected_output=case.order.output_expected,
    )


def resolve(case: Case, step: Step, *, is_bridging: bool = False) -> dict[str, Any] | None:
    """Another way to deliver what was signed for what the user gave, or None when there is none now.

    While stock is under way already (`is_bridging`) only one with what is on the destination.
    """
    own = reservations.held_amounts(case.order.order_id)
    found = reprice(
        origin_id=case.order.origin_id,
        destination_id=case.order.destination_id,
        input_token=case.order.input_token,
        input_amount=case.order.input_amount,
        output_token=case.order.output_token,
        own=own,
    )
    route = found.route
    if route is None or not found.pays(case.terms.outputs[0].amount):
        return None
    if route.carriage and (is_bridging or not is_in_time(case, route.eta_seconds)):
        return None
    details = supply_details(route, signed=case.terms.outputs[0].amount)
    is_same = all(details[name] == step.details.get(name) for name in ("stock_token", "swap", "bridge"))
    return None if is_same else details


def is_in_time(case: Case, seconds: int) -> bool:
    """Whether stock that needs so long to be here may still be sent for: a part of the time is kept back."""
    left = case.terms.fill_deadline - case.clock(case.destination.chain_id)
    return seconds * BPS <= left * RULES.bridge_time_bps


def supply_details(route: Route, *, signed: int) -> dict[str, Any]:
    """What a fill step keeps of the way its tokens come; in stock exactly `signed` base units leave."""
    swap = swap_to_json(route) if route.swap else None
    amount = route.stock_amount if swap else signed
    bridge = carriage_to_json(route) if route.carriage else None
    return {"stock_token": route.stock_token, "stock_amount": str(amount), "swap": swap, "bridge": bridge}
