"""Nobody waits longer than there is room for, and no price counts on more company than there was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.amounts import split_evenly
from intents.solver.company import ALONE, CompanyRules, Shared
from intents.solver.gas import GasRules, settling
from intents.solver.pricing import PricingRules, tariff

from .worlds import DESTINATION, ORIGIN, chain, delivery, world

RULES = CompanyRules()
seconds = st.floats(0, 100_000, allow_nan=False)
worth = st.integers(0, 10**12)


@given(st.integers(0, 10**30), st.integers(1, 40))
def test_what_is_split_adds_up_and_nobody_bears_more_than_one_unit_more(total: int, parts: int) -> None:
    found = split_evenly(total, parts)
    assert (len(found), sum(found)) == (parts, total)
    assert max(found) - min(found) <= 1
    assert found == sorted(found, reverse=True)


@given(worth, seconds, st.floats(-1_000, 100_000, allow_nan=False), st.booleans(), st.booleans())
def test_a_wait_ends_within_its_window_and_leaves_room(
    alone: int, waited: float, room: float, is_full: bool, leads: bool
) -> None:
    pause = RULES.pause_seconds(
        alone_usd_e8=alone, waited_seconds=waited, room_seconds=room, is_full=is_full, leads=leads
    )
    assert pause >= 0
    if pause:
        assert alone > RULES.worth_usd_e8 and not is_full
        assert waited + pause <= RULES.longest_seconds + RULES.grace_seconds
        assert pause <= room
        # In all no more than a quarter of the time there was when it began, and a moment for others to lead.
        assert waited + pause <= (room + waited) / RULES.room_parts + RULES.grace_seconds + 1e-6


@given(st.lists(st.tuples(seconds, st.booleans()), max_size=6), worth)
def test_one_that_waits_again_and_again_goes_in_the_end(looks: list[tuple[float, bool]], alone: int) -> None:
    waited, room = 0.0, 120.0
    for late, leads in looks:
        pause = RULES.pause_seconds(
            alone_usd_e8=alone, waited_seconds=waited, room_seconds=room, is_full=False, leads=leads
        )
        waited, room = waited + pause + late, room - pause - late
    assert waited - sum(late for late, _ in looks) <= RULES.longest_seconds + RULES.grace_seconds


@given(st.integers(0, 64), st.integers(1, 16), st.booleans())
def test_an_order_is_charged_what_orders_cost_of_late(orders: int, together: int, is_dear: bool) -> None:
    seen = Shared(orders, -(-orders // together))
    share = RULES.share_bps(seen, is_dear=is_dear)
    assert 0 < share <= ALONE
    if orders >= RULES.counted_orders:
        assert share * orders >= seen.transactions * ALONE
    if not is_dear and orders == seen.transactions:
        assert share == ALONE


def test_what_is_missing_counts_as_what_is_there_where_that_is_better_than_expected() -> None:
    assert RULES.share_bps(Shared(12, 1), is_dear=True) == -(-ALONE // 12)
    assert RULES.share_bps(Shared(1, 1), is_dear=True) > RULES.share_bps(Shared(), is_dear=True)
    assert RULES.share_bps(Shared(), is_dear=True) == ALONE // RULES.expected_together


@pytest.mark.parametrize("begins", [1, 16])
def test_a_stranger_costs_us_no_more_than_the_rules_say(begins: int) -> None:
    """However he changes between crowds and single orders, what he is not charged is bounded."""
    history: list[tuple[int, int]] = []
    lost = worst = 0
    for crowd in [begins] + ([1] * 300 + [16] * 20) * 5 + [1] * 300:
        counted, sent = _newest(history)
        charged = RULES.share_bps(Shared(counted, sent), is_dear=True) * crowd
        lost = max(lost + ALONE - charged, 0)
        worst = max(worst, lost)
        history.append((crowd, 1))
    assert worst <= RULES.counted_orders * ALONE


def test_dear_ways_are_charged_as_shared_and_cheap_ones_as_alone_until_measured() -> None:
    gas = GasRules()
    for gas_price_wei, is_dear in ((10**6, False), (10**10, True)):
        both = {at: chain(at, gas_price_wei=gas_price_wei) for at in (ORIGIN, DESTINATION)}
        seen = world(chains=both)
        found = settling(seen, seen.chains[ORIGIN], seen.chains[DESTINATION])
        assert (found.dispatch < gas.dispatch) is is_dear
        assert (found.process < gas.process) is is_dear
        assert (found.finalise < gas.finalise) is is_dear
        assert tariff(seen, delivery(seen), PricingRules()).proof > 0


def _newest(history: list[tuple[int, int]]) -> tuple[int, int]:
    orders = sent = 0
    for crowd, transactions in reversed(history):
        if orders >= RULES.counted_orders:
            break
        orders, sent = orders + crowd, sent + transactions
    return orders, sent
