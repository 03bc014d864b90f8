"""Where a fill takes its tokens from: stock as planned, or a fresh way when the planned one fails."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from intents.amounts import BPS
from intents.chains.calls import Call
from intents.models import Step
from intents.settlement import calls
from intents.settlement.acceptance import Refusal
from intents.solver.plan import carriage_to_json, swap_from_json, swap_to_json
from intents.solver.router import Route
from intents.solver.world import World
from intents.venues.swaps import swap_calls

from . import reservations
from .case import Case, set_details
from .claims import claims_of
from .economics import refuse_price
from .repricing import RULES, cheapest, reprice_order
from .world import load_world


def call_of(case: Case, step: Step, outputs: Sequence[int]) -> Call:
    """The fill of these outputs exactly as planned; the swap may never yield less than what was signed."""
    swap = step.details.get("swap")
    terms = replace(case.terms, outputs=tuple(case.terms.outputs[index] for index in outputs))
    if not swap or 0 not in outputs:
        return calls.fill(terms, order_id=case.id_bytes, destination=case.destination)
    minimum = case.terms.outputs[0].amount
    swaps = swap_calls(
        case.destination,
        swap_from_json(swap),
        least=minimum,
        holder=case.destination.address("solver_account"),
        deadline=case.terms.fill_deadline,
    )
    return calls.swap_and_fill(
        terms,
        order_id=case.id_bytes,
        destination=case.destination,
        swaps=swaps,
        expected_output=case.order.output_expected,
    )


def settle_supply(case: Case, step: Step, *, may_lose: bool = True) -> Refusal | None:
    """The last look before a fill: None when it loses no more than we accept at this moment's prices.

    A plan that no longer pays gives way to one that does, with its stock. Asks no chain: prices, pools and
    stock are those of the newest blocks in the database. Raises StockShort.
    """
    refusal = refuse_price(case, may_lose=may_lose)
    if refusal is None or refusal.code != "not_profitable":
        return refusal
    world = _world(case)
    for details in _ways(case, step, world):
        if refuse_price(case, world=world, supply=details, may_lose=may_lose) is None:
            change_supply(case, step, details)
            return None
    return refusal


def resolve(case: Case, step: Step) -> dict[str, Any] | None:
    """Another way to deliver what was signed for what the user gave, or None when there is none now."""
    world = _world(case)
    ways = (details for details in _ways(case, step, world) if _differs(details, step))
    return next((each for each in ways if refuse_price(case, world=world, supply=each) is None), None)


def _world(case: Case) -> World:
    own = reservations.held_amounts(case.order.order_id)
    return load_world(own, markets_of=(case.order.origin_id, case.order.destination_id))


def _differs(details: dict[str, Any], step: Step) -> bool:
    return any(details[name] != step.details.get(name) for name in ("stock_token", "swap", "bridge"))


def change_supply(case: Case, step: Step, details: dict[str, Any], *, is_opened: bool = True) -> None:
    """Have the fill take its tokens another way: plan and stock change together, or neither. Raises StockShort."""
    claims = claims_of(
        case.terms,
        origin=case.origin,
        destination=case.destination,
        fill_details={**step.details, **details},
        is_opened=is_opened,
    )
    before = step.details
    try:
        with transaction.atomic():
            set_details(case, step, **details)
            reservations.release(case.order.order_id)
            reservations.hold(case.order, claims, is_opened=is_opened)
    except BaseException:
        step.details = before
        raise


def _ways(case: Case, step: Step, world: World) -> Iterator[dict[str, Any]]:
    """How the signed output can be had now: by selling what the user gave, then by buying just what is owed.

    Stock is not sent for twice, nor when it would come too late.
    """
    signed = case.terms.outputs[0].amount
    is_under_way = bool((step.details.get("bridge") or {}).get("move"))
    found = reprice_order(case, world=world)
    exact = cheapest(found.wanted, signed, world=world)
    for route in (found.route if found.pays(signed) else None, exact):
        if route is None:
            continue
        if route.carriage and (is_under_way or not is_in_time(case, route.eta_seconds)):
            continue
        yield supply_details(route, signed=signed)


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
