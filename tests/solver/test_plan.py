"""A route's plan and its JSON carry everything the engine needs, and nothing is lost on the way."""

import json

from intents.lifecycle import StepKind
from intents.solver.plan import rejected_to_json, route_to_json, steps_of, swap_from_json
from intents.solver.router import find_routes

from .test_router import POOLS, RICH, wanted
from .worlds import DESTINATION, ORIGIN, address, stock, units, world

QUESTION = wanted("usdc", "weth", units("usdc", 120))


def test_a_transfer_is_open_fill_prove_finalise_each_after_the_one_before() -> None:
    route = find_routes(QUESTION, world(markets=POOLS, stocks=stock(usdc=9_000))).chosen
    assert route is not None
    steps = steps_of(route, QUESTION)
    assert [step["kind"] for step in steps] == [
        StepKind.OPEN, StepKind.FILL, StepKind.PROVE, StepKind.FINALISE,
    ]  # fmt: skip
    assert [step["chain_id"] for step in steps] == [ORIGIN, DESTINATION, DESTINATION, ORIGIN]
    assert [step["depends_on"] for step in steps] == [[], [0], [1], [2]]
    assert [step["index"] for step in steps] == [0, 1, 2, 3]
    details = steps[1]["details"]
    assert details["stock_token"] == address(DESTINATION, "usdc")
    assert int(details["stock_amount"]) == route.stock_amount
    assert int(details["swap"]["minimum_output"]) == route.output_minimum


def test_a_swap_survives_the_database() -> None:
    found = find_routes(QUESTION, world(markets=POOLS, stocks=RICH))
    swaps = [route for route in (found.chosen, *found.alternatives) if route and route.swap]
    assert swaps
    for route in swaps:
        stored = json.loads(json.dumps(steps_of(route, QUESTION)))
        assert swap_from_json(stored[1]["details"]["swap"]) == route.swap


def test_in_stock_swaps_nothing() -> None:
    question = wanted("usdc", "usdc", units("usdc", 120))
    route = find_routes(question, world(stocks=RICH)).chosen
    assert route is not None
    assert steps_of(route, question)[1]["details"]["swap"] is None


def test_route_and_reasons_are_plain_json_with_amounts_as_text() -> None:
    found = find_routes(QUESTION, world(markets=POOLS, stocks=stock(usdc=9_000)))
    assert found.chosen is not None
    value = json.loads(json.dumps(route_to_json(found.chosen, QUESTION)))
    assert value["output_expected"] == str(found.chosen.output_expected)
    assert all(isinstance(line["amount"], str) for line in value["fees"])
    reasons = json.loads(json.dumps([rejected_to_json(each) for each in found.rejected]))
    assert {each["reason"]["code"] for each in reasons} == {"no_stock"}
