"""Costs round up, outputs round down, and what a fee line says is what was taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.solver.company import CompanyRules
from intents.solver.prices import Unpriced, exchange_back_up, exchange_down, price_of, usd_down, usd_up
from intents.solver.pricing import PricingRules, Tariff, eta_seconds, tariff
from intents.solver.world import Price, Token, World

from .worlds import DESTINATION, ORIGIN, USD, chain, delivery, prices, token, units, world

amounts = st.integers(0, 30).flatmap(lambda digits: st.integers(10**digits, 10 ** (digits + 1)))
decimals = st.integers(0, 24)
price = st.integers(1, 10**15)


def a_tariff(**changes: int) -> Tariff:
    values = {
        "network": 50_000, "proof": 30_000, "service_fixed": 10_000, "service_bps": 4, "margin_bps": 12,
    } | changes  # fmt: skip
    return Tariff(token=token(ORIGIN, "usdc"), chain_id=ORIGIN, price=Price(USD, USD), **values)


rates = st.integers(0, 5_000)


@given(amounts, rates, rates.filter(lambda bps: bps < 4_000), st.integers(0, 10**12))
def test_the_gross_is_the_least_that_leaves_the_net(
    net: int, service: int, margin: int, network: int
) -> None:
    charges = a_tariff(service_bps=service, margin_bps=margin, network=network)
    gross = charges.gross_for(net)
    assert charges.net(gross) >= net
    # A few units less than the least are too little: nobody pays for our rounding.
    assert charges.net(gross - 1 - 10_000 // (10_000 - service - margin)) < net


@given(amounts, rates)
def test_the_lines_are_what_was_taken(gross: int, margin: int) -> None:
    charges = a_tariff(margin_bps=margin)
    lines = charges.lines(gross)
    assert sum(line.amount for line in lines) == gross - charges.net(gross)
    assert all(line.amount >= 0 for line in lines)
    assert all(line.usd_e8 >= usd_down(line.amount, charges.token, USD) for line in lines)


def two(
    given_decimals: int, asked_decimals: int, low: int, high: int, *, same: bool
) -> tuple[Token, Token, World]:
    one = Token("0x1", "A", given_decimals, "a")
    other = Token("0x2", "B", asked_decimals, "a" if same else "b")
    return one, other, World(chains={}, prices={"a": Price(low, low), "b": Price(high, high)})


@given(amounts, decimals, decimals, price, price, st.booleans())
def test_exchanging_never_gives_more_than_the_value(
    amount: int, given_decimals: int, asked_decimals: int, low: int, high: int, same: bool
) -> None:
    one, other, seen = two(given_decimals, asked_decimals, low, high, same=same)
    got = exchange_down(amount, one, other, seen)
    out_price = low if same else high
    assert got * out_price * 10**given_decimals <= amount * low * 10**asked_decimals


@given(amounts, decimals, decimals, price, price, st.booleans())
def test_exchanging_back_is_the_least_that_suffices(
    amount: int, given_decimals: int, asked_decimals: int, low: int, high: int, same: bool
) -> None:
    one, other, seen = two(given_decimals, asked_decimals, low, high, same=same)
    needed = exchange_back_up(amount, one, other, seen)
    assert exchange_down(needed, one, other, seen) >= amount
    assert needed == 0 or exchange_down(needed - 1, one, other, seen) < amount


@given(amounts, decimals, price)
def test_dollars_rounded_up_and_down_differ_by_one_at_most(amount: int, places: int, price_e8: int) -> None:
    one = Token("0x1", "A", places, "a")
    assert 0 <= usd_up(amount, one, price_e8) - usd_down(amount, one, price_e8) <= 1


def test_an_asset_without_a_price_is_named() -> None:
    with pytest.raises(Unpriced) as missing:
        price_of(world(), "doge")
    assert (missing.value.code, missing.value.asset) == ("no_price", "doge")


def test_gas_is_charged_on_both_chains_at_the_dearer_price() -> None:
    def charges(seen: World) -> Tariff:
        rules = PricingRules(company=CompanyRules(expected_together=1))
        return tariff(seen, delivery(seen, eta=3), rules)

    plain = charges(world())
    apart = charges(world(prices=prices() | {"eth": Price(3_200 * USD, 6_400 * USD)}))
    assert plain.network > 0
    assert plain.proof > 0
    assert apart.network == pytest.approx(2 * plain.network, abs=2)
    assert apart.proof == pytest.approx(2 * plain.proof, abs=2)


def test_the_time_is_blocks_and_depth() -> None:
    rules = PricingRules(reaction_seconds=1.0)
    slow, fast = chain(ORIGIN, block_seconds=4.0), chain(DESTINATION, block_seconds=0.25)
    assert eta_seconds(slow, fast, value_usd_e8=100 * USD, rules=rules) == 6
    assert eta_seconds(slow, fast, value_usd_e8=5_000 * USD, rules=rules) == 22
    assert eta_seconds(fast, fast, value_usd_e8=1, rules=rules) == 2


def test_other_decimals_are_the_same_money() -> None:
    wide = Token("0x3", "USDC", 18, "usdc")
    narrow = Token("0x4", "USDC", 2, "usdc")
    assert exchange_down(units("usdc", 25), token(ORIGIN, "usdc"), wide, world()) == 25 * 10**18
    assert exchange_down(25 * 10**18 + 9 * 10**15, wide, narrow, world()) == 2_500
    assert exchange_back_up(2_501, wide, narrow, world()) == 2_501 * 10**16


def test_who_sends_the_coin_pays_for_its_opening() -> None:
    coin = Token("0x" + "00" * 20, "ETH", 18, "eth")
    wrapped = Token("0x" + "00" * 19 + "01", "ETH", 18, "eth")
    seen = world()
    fees = [tariff(seen, delivery(seen, token=token), PricingRules()).network for token in (coin, wrapped)]
    assert fees[0] < fees[1]
