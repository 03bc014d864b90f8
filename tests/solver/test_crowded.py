"""A pool after somebody else's swap: what both get together is what one swap of the sum gets."""

from hypothesis import given
from hypothesis import strategies as st

from intents.solver.crowded import Crowded, after_swap
from intents.solver.markets import ConstantProduct
from intents.solver.routes import Swap

ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
POOL = ConstantProduct(
    venue=0, token0=ONE, token1=TWO, fee_pips=3_000, reserve0=4_000_000 * 10**6, reserve1=1_300 * 10**18
)
AMOUNTS = st.integers(min_value=10**6, max_value=50_000 * 10**6)


@given(theirs=AMOUNTS, ours=AMOUNTS)
def test_outputs_of_two_swaps_add_up_to_those_of_one(theirs: int, ours: int) -> None:
    crowded = Crowded(POOL, ONE, theirs)
    first, both = POOL.output_for(ONE, theirs), POOL.output_for(ONE, theirs + ours)
    mine = crowded.output_for(ONE, ours)
    assert first is not None and both is not None and mine is not None
    assert first + mine == both
    assert mine <= (POOL.output_for(ONE, ours) or 0)
    assert crowded.marginal_output(ONE, ours) <= POOL.marginal_output(ONE, ours)
    cost = crowded.input_for(TWO, mine)
    assert cost is not None and cost <= ours


def test_the_other_direction_and_other_pools_stay() -> None:
    other = ConstantProduct(venue=1, token0=ONE, token1=TWO, fee_pips=3_000, reserve0=10**12, reserve1=10**21)
    swap = Swap(venues=(0,), path=(ONE, TWO), amounts=(10**9, 5), max_input=10**9, is_exact_output=False)
    crowded, untouched = after_swap((POOL, other), swap)
    assert untouched is other
    assert crowded.output_for(TWO, 10**18) == POOL.output_for(TWO, 10**18)
    assert after_swap((POOL, other), None) == (POOL, other)
