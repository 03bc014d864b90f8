"""Base units: exact, nothing rounded silently, every rounding in a named direction."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.amounts import (
    UINT256_MAX,
    AmountError,
    bps_down,
    bps_up,
    divide_down,
    divide_up,
    format_units,
    parse_units,
    rescale_down,
)

UNITS = st.integers(min_value=1, max_value=UINT256_MAX)
DECIMALS = st.integers(min_value=0, max_value=36)


@given(units=UNITS, decimals=DECIMALS)
def test_what_is_written_is_read_back(units: int, decimals: int) -> None:
    assert parse_units(format_units(units, decimals), decimals) == units


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("100", 6, 100_000_000),
        ("100.25", 6, 100_250_000),
        (".5", 2, 50),
        ("1,000.10", 2, 100_010),
        (" 7 ", 0, 7),
        ("1e3", 0, 1_000),
        ("0.000001", 6, 1),
    ],
)
def test_amounts_as_people_type_them(text: str, decimals: int, units: int) -> None:
    assert parse_units(text, decimals) == units


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_not_a_number"),
        ("abc", "amount_not_a_number"),
        ("1.2.3", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("Infinity", "amount_not_a_number"),
        ("0", "amount_not_positive"),
        ("0.000", "amount_not_positive"),
        ("-1", "amount_not_positive"),
        ("0.0000001", "amount_too_precise"),
        ("1e80", "amount_too_large"),
        ("9" * 78, "amount_too_large"),
        ("1" * 200, "amount_too_large"),
    ],
)
def test_a_bad_amount_says_what_is_wrong(text: str, code: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_units(text, 6)
    assert caught.value.code == code


@given(text=st.text(max_size=120), decimals=DECIMALS)
def test_no_text_breaks_the_reading(text: str, decimals: int) -> None:
    with suppress(AmountError):
        assert 0 < parse_units(text, decimals) <= UINT256_MAX


@given(numerator=st.integers(0, UINT256_MAX), denominator=st.integers(1, UINT256_MAX))
def test_down_and_up_enclose_the_quotient(numerator: int, denominator: int) -> None:
    down, up = divide_down(numerator, denominator), divide_up(numerator, denominator)
    assert down * denominator <= numerator <= up * denominator
    assert up - down == (1 if numerator % denominator else 0)


@given(amount=UNITS, bps=st.integers(0, 10_000))
def test_fees_round_up_and_promises_down(amount: int, bps: int) -> None:
    assert bps_down(amount, bps) * 10_000 <= amount * bps <= bps_up(amount, bps) * 10_000


@given(units=UNITS, small=st.integers(0, 18), large=st.integers(0, 18))
def test_rescaling_never_makes_money(units: int, small: int, large: int) -> None:
    there = rescale_down(units, from_decimals=small, to_decimals=large)
    assert rescale_down(there, from_decimals=large, to_decimals=small) <= units
