"""Pools' answers, whatever the amounts: never more than there is, monotone, and in agreement."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents.solver.concentrated import Concentrated
from intents.solver.markets import (
    ConcentratedLiquidity,
    ConstantProduct,
    Market,
    market_from_json,
    other_token,
)
from intents.solver.ticks import MAX_TICK, MIN_TICK, sqrt_price_at, ticks_of_word, word_of

reserves = st.integers(0, 110).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))
fees = st.sampled_from([0, 100, 500, 3_000, 10_000])
amounts = st.integers(0, 119).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


@st.composite
def pairs(draw: st.DrawFn) -> ConstantProduct:
    return ConstantProduct(0, "a", "b", draw(fees), draw(reserves), draw(reserves))


@st.composite
def v3_pools(draw: st.DrawFn) -> ConcentratedLiquidity:
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    tick = draw(st.integers(-200_000, 200_000))
    middle = tick // spacing
    nets: dict[int, int] = {}
    liquidity = draw(st.integers(0, 10**24))
    for _ in range(draw(st.integers(0, 6))):
        low = draw(st.integers(middle - 300, middle + 299))
        high = draw(st.integers(low + 1, middle + 300))
        added = draw(st.integers(1, 10**26))
        nets[low * spacing] = nets.get(low * spacing, 0) + added
        nets[high * spacing] = nets.get(high * spacing, 0) - added
        liquidity += added if low * spacing <= tick < high * spacing else 0
    word = word_of(tick, spacing)
    inside = sorted(at for at in nets if nets[at] and abs(word_of(at, spacing) - word) <= 1)
    lowest, highest = sqrt_price_at(tick), sqrt_price_at(tick + 1)
    state = Concentrated(
        sqrt_price=draw(st.integers(lowest, highest - 1)), tick=tick, liquidity=liquidity, spacing=spacing,
        first_word=word - 1, last_word=word + 1, ticks=tuple(inside), nets=tuple(nets[at] for at in inside),
    )  # fmt: skip
    return ConcentratedLiquidity(0, "a", "b", draw(fees.filter(bool)), state)


pools = st.one_of(pairs(), v3_pools())
sides = st.sampled_from(["a", "b"])


@given(pairs(), sides, amounts)
def test_a_pair_never_pays_all_it_has_and_its_product_never_falls(
    market: ConstantProduct, token_in: str, amount: int
) -> None:
    paid = market.output_for(token_in, amount)
    if paid is None:
        return
    before_in, before_out = (
        (market.reserve0, market.reserve1) if token_in == "a" else (market.reserve1, market.reserve0)
    )
    assert 0 < paid < before_out
    assert (before_in + amount) * (before_out - paid) >= before_in * before_out


@given(pools, sides, amounts, amounts)
def test_more_in_never_pays_less(market: Market, token_in: str, one: int, more: int) -> None:
    small, large = sorted((one, more))
    first, second = market.output_for(token_in, small), market.output_for(token_in, large)
    if first is not None and second is not None:
        assert first <= second


@given(pools, sides, amounts, amounts)
def test_more_out_never_costs_less(market: Market, token_out: str, one: int, more: int) -> None:
    small, large = sorted((one, more))
    first, second = market.input_for(token_out, small), market.input_for(token_out, large)
    if first is not None and second is not None:
        assert first <= second


@given(pools, sides, amounts)
def test_what_is_asked_for_an_output_buys_at_least_that_output(
    market: Market, token_out: str, amount: int
) -> None:
    asked = market.input_for(token_out, amount)
    if asked is None:
        return
    bought = market.output_for(other_token(market, token_out), asked)
    assert bought is None or bought >= amount


@given(pools, sides, amounts)
def test_exact_output_never_undercuts_exact_input(market: Market, token_in: str, amount: int) -> None:
    paid = market.output_for(token_in, amount)
    if paid is None:
        return
    asked = market.input_for(other_token(market, token_in), paid)
    # Buying what an input paid costs at most that input, but for a unit of rounding.
    assert asked is None or asked <= amount + 1


@given(pools, sides, st.integers(1, 2**60))
def test_no_trade_beats_the_present_price(market: Market, token_in: str, amount: int) -> None:
    paid = market.output_for(token_in, amount)
    if paid is not None:
        assert paid <= market.spot_value(token_in, amount) + 1


@given(pools)
def test_a_market_is_the_same_after_json(market: Market) -> None:
    assert market_from_json(json.loads(json.dumps(market.to_json()))) == market


def test_nothing_in_nothing_out() -> None:
    pair = ConstantProduct(0, "a", "b", 3_000, 10**9, 10**9)
    for amount in (0, -5):
        assert pair.output_for("a", amount) is None
        assert pair.input_for("b", amount) is None
    assert pair.input_for("b", 10**9) is None
    assert pair.output_for("a", 2**112) is None
    with pytest.raises(ValueError):
        pair.output_for("c", 1)


@settings(max_examples=200)
@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_prices_rise_with_ticks_and_are_close_to_the_formula(tick: int) -> None:
    price = sqrt_price_at(tick)
    assert price < sqrt_price_at(tick + 1)
    # 1.0001^(t/2) in floats is good to about 1e-11 over the whole range.
    assert price == pytest.approx(1.0001 ** (tick / 2) * 2**96, rel=1e-9)


def test_ticks_outside_the_range_have_no_price() -> None:
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(ValueError):
            sqrt_price_at(tick)


@given(st.integers(-3_000, 3_000), st.integers(0, 2**256 - 1), st.sampled_from([1, 10, 60, 200]))
def test_a_word_names_its_own_ticks(word: int, bitmap: int, spacing: int) -> None:
    named = ticks_of_word(word, bitmap, spacing)
    assert len(named) == bitmap.bit_count()
    assert all(word_of(tick, spacing) == word for tick in named)


def test_a_price_outside_the_known_words_is_refused() -> None:
    value = {
        "sqrt_price": str(sqrt_price_at(0)),
        "tick": 0,
        "liquidity": "1",
        "spacing": 60,
        "words": [1, 2],
        "ticks": [],
    }
    with pytest.raises(ValueError):
        Concentrated.from_json(value)
