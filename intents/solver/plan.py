"""A route as the steps that carry it out, and as JSON that is kept with the quote."""

from typing import Any

from intents.lifecycle import StepKind
from intents.solver.pricing import FeeLine
from intents.solver.router import Rejected, Route, Swap, Wanted


def steps_of(route: Route, wanted: Wanted) -> list[dict[str, Any]]:
    """The steps in order: open, fill (with its swap), prove, finalise; amounts as decimal text."""
    origin, destination = wanted.origin_id, wanted.destination_id
    fill = {
        "token": wanted.output_token,
        "minimum_output": str(route.output_minimum),
        "expected_output": str(route.output_expected),
        "stock_token": route.stock_token,
        "stock_amount": str(route.stock_amount),
        "swap": swap_to_json(route) if route.swap else None,
    }
    opened = {"token": wanted.input_token, "amount": str(route.input_amount), "depth": route.depth}
    return [
        _step(0, StepKind.OPEN, origin, [], opened),
        _step(1, StepKind.FILL, destination, [0], fill),
        _step(2, StepKind.PROVE, destination, [1], {"to_chain_id": origin}),
        _step(
            3,
            StepKind.FINALISE,
            origin,
            [2],
            {"token": wanted.input_token, "amount": str(route.input_amount)},
        ),
    ]


def swap_to_json(route: Route) -> dict[str, Any]:
    """What the fill's action needs to build the swap: indexes into the destination's venues, and amounts."""
    swap = route.swap
    assert swap is not None
    return {
        "venues": list(swap.venues),
        "path": list(swap.path),
        "amounts": [str(amount) for amount in swap.amounts],
        "is_exact_output": swap.is_exact_output,
        "input_token": swap.path[0],
        "max_input": str(swap.max_input),
        "minimum_output": str(route.output_minimum),
        "expected_output": str(route.output_expected),
    }


def swap_from_json(value: dict[str, Any]) -> Swap:
    """The swap of a stored step; raises KeyError or ValueError on anything else."""
    return Swap(
        venues=tuple(int(venue) for venue in value["venues"]),
        path=tuple(value["path"]),
        amounts=tuple(int(amount) for amount in value["amounts"]),
        max_input=int(value["max_input"]),
        is_exact_output=bool(value["is_exact_output"]),
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
