"""A route as the steps that carry it out, and as JSON that is kept with the quote."""

from typing import Any

from intents.lifecycle import StepKind
from intents.solver.pricing import FeeLine
from intents.solver.router import Rejected, Route, Swap, Wanted


def steps_of(route: Route, wanted: Wanted) -> list[dict[str, Any]]:
    """The steps in order: open, bridge if stock comes from elsewhere, fill (with its swap), prove, finalise.

    Amounts are decimal text.
    """
    origin, destination = wanted.origin_id, wanted.destination_id
    bridge = carriage_to_json(route) if route.carriage else None
    fill = {
        "token": wanted.output_token,
        "minimum_output": str(route.output_minimum),
        "expected_output": str(route.output_expected),
        "stock_token": route.stock_token,
        "stock_amount": str(route.stock_amount),
        "swap": swap_to_json(route) if route.swap else None,
        "bridge": bridge,
    }
    opened = {"token": wanted.input_token, "amount": str(route.input_amount), "depth": route.depth}
    ways: list[tuple[StepKind, int, dict[str, Any]]] = [
        (StepKind.OPEN, origin, opened),
        (StepKind.FILL, destination, fill),
        (StepKind.PROVE, destination, {"to_chain_id": origin}),
        (StepKind.FINALISE, origin, {"token": wanted.input_token, "amount": str(route.input_amount)}),
    ]
    if bridge is not None:
        ways.insert(1, (StepKind.BRIDGE, bridge["chain_id"], bridge | {"to_chain_id": destination}))
    return [
        _step(index, kind, chain_id, [index - 1] if index else [], details)
        for index, (kind, chain_id, details) in enumerate(ways)
    ]


def carriage_to_json(route: Route) -> dict[str, Any]:
    """Which stock is brought from where before the fill."""
    carriage = route.carriage
    assert carriage is not None
    return {
        "route": carriage.route,
        "chain_id": carriage.chain_id,
        "token": carriage.token,
        "amount": str(carriage.amount),
    }


def swap_to_json(route: Route) -> dict[str, Any]:
    """What the fill's action needs to build the swap: indexes into the destination's venues, and amounts."""
    assert route.swap is not None
    return stored_swap(route.swap) | {
        "input_token": route.swap.path[0],
        "minimum_output": str(route.output_minimum),
        "expected_output": str(route.output_expected),
    }


def stored_swap(swap: Swap) -> dict[str, Any]:
    """A swap as `swap_from_json` reads it."""
    return {
        "venues": list(swap.venues),
        "path": list(swap.path),
        "amounts": [str(amount) for amount in swap.amounts],
        "is_exact_output": swap.is_exact_output,
        "max_input": str(swap.max_input),
        "beside": stored_swap(swap.beside) if swap.beside else None,
    }


def swap_from_json(value: dict[str, Any]) -> Swap:
    """The swap of a stored step; raises KeyError or ValueError on anything else."""
    return Swap(
        venues=tuple(int(venue) for venue in value["venues"]),
        path=tuple(value["path"]),
        amounts=tuple(int(amount) for amount in value["amounts"]),
        max_input=int(value["max_input"]),
        is_exact_output=bool(value["is_exact_output"]),
        beside=swap_from_json(value["beside"]) if value.get("beside") else None,
    )


def route_to_json(route: Route, wanted: Wanted) -> dict[str, Any]:
    """A route for the quote's row and the card."""
    return {
        "kind": route.kind,
        "input_amount": str(route.input_amount),
        "output_expected": str(route.output_expected),
        "output_minimum": str(route.output_minimum),
        "output_usd_e8": str(route.output_usd_e8),
        "value_usd_e8": str(route.value_usd_e8),
        "eta_seconds": route.eta_seconds,
        "depth": route.depth,
        "minimum_input": str(route.minimum_input),
        "stock_token": route.stock_token,
        "stock_amount": str(route.stock_amount),
        "swap": swap_to_json(route) if route.swap else None,
        "bridge": carriage_to_json(route) if route.carriage else None,
        "fees": [fee_to_json(line) for line in route.fees],
        "steps": steps_of(route, wanted),
    }


def fee_to_json(line: FeeLine) -> dict[str, Any]:
    """One fee line; `is_gain` lines add to what is received."""
    return {
        "kind": line.kind,
        "chain_id": line.chain_id,
        "token": line.token,
        "amount": str(line.amount),
        "usd_e8": str(line.usd_e8),
        "is_gain": line.is_gain,
    }


def rejected_to_json(rejected: Rejected) -> dict[str, Any]:
    """A route that was looked at and not offered, with its reason."""
    reason = {"code": rejected.reason.code, "params": rejected.reason.params}
    return {"kind": rejected.kind, "path": list(rejected.path), "reason": reason}


def _step(
    index: int, kind: StepKind, chain_id: int, depends_on: list[int], details: dict[str, Any]
) -> dict[str, Any]:
    return {
        "index": index,
        "kind": kind.value,
        "chain_id": chain_id,
        "depends_on": depends_on,
        "details": details,
    }
