"""A person may prefer the most, the soonest, or the fewest others involved; nothing is lost by it."""

from dataclasses import replace

import pytest

from intents.solver.preferences import others_involved, preferred
from intents.solver.routes import Carriage, Route, Routes, Swap

PLAIN = Route(
    kind="in_stock",
    input_amount=100,
    output_expected=90,
    output_minimum=90,
    eta_seconds=9,
    value_usd_e8=1,
    depth=1,
    fees=(),
    minimum_input=1,
    stock_token="0x1",
    stock_amount=90,
)
SWAP = Swap((0, 1), ("0x1", "0x2", "0x3"), (1, 2, 3), 1, False)
TWO_POOLS = replace(PLAIN, kind="swap_fill", output_expected=99, eta_seconds=5, swap=SWAP)
BRIDGED = replace(PLAIN, output_expected=95, eta_seconds=60, carriage=Carriage("r", 1, "0x1", 90))
ROUTES = Routes(chosen=TWO_POOLS, alternatives=(BRIDGED, PLAIN))


@pytest.mark.parametrize(
    ("preference", "first"), [("best", TWO_POOLS), ("fastest", TWO_POOLS), ("fewest", PLAIN)]
)
def test_the_preferred_one_is_chosen(preference: str, first: Route) -> None:
    found = preferred(ROUTES, preference)
    assert found.chosen is first
    assert {id(found.chosen), *map(id, found.alternatives)} == {id(TWO_POOLS), id(BRIDGED), id(PLAIN)}


def test_of_equals_the_better_one_stays() -> None:
    late = replace(PLAIN, output_expected=1)
    found = preferred(Routes(chosen=PLAIN, alternatives=(late,)), "fewest")
    assert found.chosen is PLAIN


def test_pools_and_bridges_are_counted_as_others_involved() -> None:
    assert [others_involved(each) for each in (PLAIN, TWO_POOLS, BRIDGED)] == [0, 2, 1]


def test_without_a_route_there_is_nothing_to_prefer() -> None:
    assert preferred(Routes(chosen=None), "fastest").chosen is None
