"""The cap of a new chain grows with use and with time, and never shrinks by either."""

from hypothesis import given, settings
from hypothesis import strategies as st

from intents.solver.cold_start import (
    DAY_USD_E8,
    LIFTED_USD_E8,
    MOST_DAY_USD_E8,
    MOST_UNOBSERVED_USD_E8,
    OBSERVED_SECONDS,
    START_USD_E8,
    USD_E8,
    Room,
    cap_usd_e8,
    day_usd_e8,
)

settled = st.integers(min_value=0, max_value=10**6 * USD_E8)
seconds = st.integers(min_value=0, max_value=10 * OBSERVED_SECONDS)


def cap(settled_usd_e8: int, observed_seconds: int) -> int:
    """What may be under way, the end of all caps as more than any."""
    found = cap_usd_e8(settled_usd_e8=settled_usd_e8, observed_seconds=observed_seconds)
    return 10**30 if found is None else found


def test_it_begins_at_two_thousand_and_grows_by_half_of_what_was_settled() -> None:
    assert cap(0, 0) == START_USD_E8 == 2_000 * USD_E8
    assert cap(1_000 * USD_E8, 0) == 2_500 * USD_E8
    assert cap(10**6 * USD_E8, OBSERVED_SECONDS - 1) == MOST_UNOBSERVED_USD_E8


def test_after_a_day_it_is_five_times_as_much_and_ends_with_use() -> None:
    assert cap(0, OBSERVED_SECONDS) == 5 * START_USD_E8
    assert cap_usd_e8(settled_usd_e8=36_000 * USD_E8, observed_seconds=OBSERVED_SECONDS) is None
    assert cap(35_999 * USD_E8, OBSERVED_SECONDS) < LIFTED_USD_E8


@given(settled, settled, seconds, seconds)
def test_neither_use_nor_time_ever_lessens_it(first: int, more: int, begun: int, later: int) -> None:
    assert START_USD_E8 <= cap(first, begun) <= cap(first + more, begun + later)


@given(settled, settled)
def test_what_is_left_is_never_more_than_the_cap_nor_less_than_nothing(most: int, under_way: int) -> None:
    room = Room(most, 0, under_way, 0)
    assert 0 <= room.left_usd_e8 <= most
    assert room.left_usd_e8 + under_way >= most


@given(st.lists(st.integers(min_value=1, max_value=10**5 * USD_E8), max_size=60), st.booleans())
def test_whoever_settles_at_once_takes_no_more_in_a_day_than_its_end(
    wanted: list[int], holds_back: bool
) -> None:
    """Every transfer is as large as may be, and settled before the next."""
    taken = 0
    for ask in wanted:
        cap = cap_usd_e8(settled_usd_e8=taken, observed_seconds=0) or 0
        day = day_usd_e8(settled_usd_e8=taken, observed_seconds=0)
        left = Room(cap, taken, 0, 0, day, taken).left_usd_e8
        taken += min(ask, left) if holds_back else left
    assert taken <= MOST_DAY_USD_E8 == 20_000 * USD_E8


def test_a_day_begins_at_ten_thousand_grows_with_use_and_is_unbounded_once_the_chain_was_watched() -> None:
    assert day_usd_e8(settled_usd_e8=0, observed_seconds=0) == DAY_USD_E8 == 10_000 * USD_E8
    assert day_usd_e8(settled_usd_e8=1_000 * USD_E8, observed_seconds=0) == 10_500 * USD_E8
    assert day_usd_e8(settled_usd_e8=0, observed_seconds=OBSERVED_SECONDS) is None
    full = Room(2_000 * USD_E8, 0, 0, 0, 10_000 * USD_E8, 9_900 * USD_E8)
    assert (full.left_usd_e8, full.tightest) == (100 * USD_E8, "day")


@settings(max_examples=20)
@given(st.lists(st.integers(min_value=10_000, max_value=30_000), min_size=30, max_size=40), st.booleans())
def test_however_long_it_goes_on_no_more_is_kept_than_may_be_and_what_comes_back_makes_room(
    wanted: list[int], comes_back: bool
) -> None:
    """Each transfer is settled before the next, and a day passes between them: no other cap is in the way for long."""
    most, held, taken = 100_000 * USD_E8, 0, 0
    for day, ask in enumerate(wanted):
        cap = cap_usd_e8(settled_usd_e8=taken, observed_seconds=day * OBSERVED_SECONDS)
        room = Room(cap, taken, 0, day * OBSERVED_SECONDS, most_held_usd_e8=most, held_usd_e8=held)
        given = min(ask * USD_E8, room.left_usd_e8)
        taken += given
        held = 0 if comes_back else held + given
        assert held <= most
        if day > 20:
            assert cap is None and room.tightest == "held" and (not comes_back or given == ask * USD_E8)
