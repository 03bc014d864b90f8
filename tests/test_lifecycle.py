"""The one table of moves: what is legal, what is a duplicate, what only a reorganised chain may do."""

from itertools import pairwise

import pytest

from intents.lifecycle import (
    ORDER_ENDED,
    ORDER_MOVES,
    ORDER_REORG_MOVES,
    STEP_MOVES,
    AttemptState,
    IllegalTransition,
    Move,
    OrderState,
    StepState,
    attempt_move,
    order_move,
    step_move,
)

State = OrderState

MAIN_PATH = [
    State.SIGNED,
    State.OPENING,
    State.OPENED,
    State.FILLING,
    State.FILLED,
    State.PROVING,
    State.SETTLED,
]


@pytest.mark.parametrize(("current", "target"), list(pairwise(MAIN_PATH)))
def test_the_main_path_goes_forward_one_by_one(current: OrderState, target: OrderState) -> None:
    assert order_move(current, target) is Move.APPLIED


@pytest.mark.parametrize("state", list(OrderState))
def test_a_move_to_the_same_state_changes_nothing(state: OrderState) -> None:
    assert order_move(state, state) is Move.ALREADY_APPLIED


def test_a_late_duplicate_of_an_earlier_move_changes_nothing() -> None:
    assert order_move(State.FILLED, State.OPENED) is Move.ALREADY_APPLIED
    assert order_move(State.SETTLED, State.FILLING) is Move.ALREADY_APPLIED


@pytest.mark.parametrize(
    ("current", "target"),
    [
        (State.SIGNED, State.OPENED),
        (State.REJECTED, State.OPENED),
        (State.AWAITING_DEPOSIT, State.OPENED),
        (State.OPENED, State.FILLED),
        (State.REFUND_DUE, State.FILLED),
        (State.OPENING, State.FILLED),
        (State.REJECTED, State.FILLED),
        (State.EXPIRED, State.FILLED),
        (State.FILLED, State.REFUNDED),
        (State.PROVING, State.REFUNDED),
    ],
)
def test_facts_on_chain_move_an_order_by_the_evidence_arrows(current: OrderState, target: OrderState) -> None:
    assert order_move(current, target) is Move.APPLIED


@pytest.mark.parametrize(
    ("current", "target"),
    [(current, target) for current, targets in ORDER_REORG_MOVES.items() for target in targets],
)
def test_only_a_reorg_goes_back(current: OrderState, target: OrderState) -> None:
    assert order_move(current, target, is_reorg=True) is Move.APPLIED
    assert target not in ORDER_MOVES[current]


@pytest.mark.parametrize(
    ("current", "target"),
    [
        (State.OPENED, State.OPENING),
        (State.FILLED, State.FILLING),
        (State.PROVING, State.FILLING),
        (State.SETTLED, State.PROVING),
        (State.REFUNDED, State.REFUNDING),
        (State.REFUNDING, State.OPENING),
        (State.REFUND_DUE, State.OPENING),
    ],
)
def test_a_reorg_undoes_exactly_these_facts(current: OrderState, target: OrderState) -> None:
    assert order_move(current, target, is_reorg=True) is Move.APPLIED


@pytest.mark.parametrize(
    ("current", "target"),
    [
        (State.SETTLED, State.REFUNDED),
        (State.REFUNDED, State.SETTLED),
        (State.REJECTED, State.FILLING),
        (State.EXPIRED, State.OPENED),
        (State.SIGNED, State.FILLED),
        (State.OPENING, State.REFUNDED),
    ],
)
def test_everything_else_is_illegal(current: OrderState, target: OrderState) -> None:
    with pytest.raises(IllegalTransition):
        order_move(current, target)


@pytest.mark.parametrize("state", [state for state in OrderState if state not in ORDER_ENDED])
def test_every_unended_order_may_be_parked_and_resumed(state: OrderState) -> None:
    if state is State.NEEDS_ATTENTION:
        return
    assert order_move(state, State.NEEDS_ATTENTION) is Move.APPLIED
    assert order_move(State.NEEDS_ATTENTION, state) is Move.APPLIED


@pytest.mark.parametrize("state", sorted(ORDER_ENDED))
def test_an_ended_order_is_never_parked(state: OrderState) -> None:
    with pytest.raises(IllegalTransition):
        order_move(state, State.NEEDS_ATTENTION)


def test_claimed_and_refunded_exclude_each_other() -> None:
    """No chain of moves without a reorg leads from one ending to the other."""
    assert _reachable(State.SETTLED) == {State.SETTLED}
    assert _reachable(State.REFUNDED) == {State.REFUNDED}


@pytest.mark.parametrize("state", list(StepState))
def test_every_step_state_but_the_first_can_come_back_to_ready(state: StepState) -> None:
    if state is StepState.READY:
        return
    assert StepState.READY in STEP_MOVES[state]
    assert step_move(state, StepState.READY) is Move.APPLIED


def test_a_step_is_never_final_before_it_is_confirmed() -> None:
    for state in set(StepState) - {StepState.CONFIRMED, StepState.FINAL}:
        with pytest.raises(IllegalTransition):
            step_move(state, StepState.FINAL)


def test_a_replaced_attempt_may_still_be_the_one_that_was_mined() -> None:
    assert attempt_move(AttemptState.REPLACED, AttemptState.CONFIRMED) is Move.APPLIED
    with pytest.raises(IllegalTransition):
        attempt_move(AttemptState.REPLACED, AttemptState.BROADCAST)


def _reachable(start: OrderState) -> set[OrderState]:
    seen, fresh = {start}, [start]
    while fresh:
        for target in ORDER_MOVES[fresh.pop()]:
            if target not in seen:
                seen.add(target)
                fresh.append(target)
    return seen
