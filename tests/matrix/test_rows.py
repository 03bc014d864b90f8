"""The matrix misses nothing: a new way, a new kind of route or a new ending has rows of its own, or fails here."""

from itertools import product

from intents.services.ways import WAYS
from intents.solver.candidates import Candidate, Source
from tests.matrix.outcomes import ENDINGS
from tests.matrix.places import _USUAL
from tests.matrix.rows import OUTCOMES, ROUTES, TEAM, WAYS_IN, Row, all_rows, can_happen, pairwise
from tests.matrix.transfer import _SERVES

# Which of the matrix's routes take what the solver calls each kind.
KINDS = {"in_stock": {"in_stock", "summit"}, "swap_fill": {"swap", "split"}, "bridge_swap_fill": {"bridged"}}


def test_every_way_is_in_it() -> None:
    assert set(WAYS_IN) == set(WAYS) | {TEAM} == set(_SERVES)


def test_every_route_and_ending_has_its_recipe() -> None:
    assert set(ROUTES) == set(_USUAL)
    assert set(OUTCOMES) == set(ENDINGS)


def test_every_kind_of_the_solver_is_taken() -> None:
    market = object()
    source = Source.__new__(Source)
    kinds = {
        Candidate(("a",)).kind,
        Candidate(("a", "b"), (market,)).kind,  # type: ignore[arg-type]
        Candidate(("a", "b"), (market,), source=source).kind,  # type: ignore[arg-type]
    }
    assert kinds == set(KINDS)
    assert set().union(*KINDS.values()) <= set(ROUTES)


def test_every_two_values_that_can_meet_do() -> None:
    rows = all_rows()
    core = pairwise(rows)
    axes = [("way", WAYS_IN), ("route", ROUTES), ("outcome", OUTCOMES)]
    for (first, ones), (second, others) in ((axes[0], axes[1]), (axes[0], axes[2]), (axes[1], axes[2])):
        possible = {(getattr(row, first), getattr(row, second)) for row in rows}
        met = {(getattr(row, first), getattr(row, second)) for row in core}
        assert met == possible <= set(product(ones, others))
    assert pairwise(rows) == core


def test_money_moves_in_at_least_forty_of_the_core() -> None:
    assert sum(row.outcome != "cancelled" for row in pairwise(all_rows())) >= 40


def test_a_way_nobody_thought_of_gets_rows() -> None:
    rows = pairwise(all_rows(ways=(*WAYS_IN, "smoke_signal")))
    assert {row.route for row in rows if row.way == "smoke_signal"} == set(ROUTES)


def test_what_cannot_happen_is_left_out() -> None:
    assert not can_happen(Row("native", "coin", "short"))
    assert not can_happen(Row("batch", "swap", "cancelled"))
    assert all(can_happen(row) for row in all_rows())
