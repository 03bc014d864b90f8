"""The router offers the best of all ways, keeps the others' reasons, and promises no more than there is."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents.solver.markets import Market
from intents.solver.prices import usd_down, usd_up
from intents.solver.pricing import PricingRules
from intents.solver.router import Route, Wanted, find_routes
from intents.solver.world import Excluded, Price, Stock, World, world_from_json, world_to_json

from .worlds import (
    ASSETS,
    DESTINATION,
    ORIGIN,
    USD,
    address,
    chain,
    concentrated,
    on_destination,
    pair,
    prices,
    stock,
    units,
    world,
)


def wanted(given_asset: str, asked: str, amount: int, *, is_exact_output: bool = False) -> Wanted:
    return Wanted(
        origin_id=ORIGIN, destination_id=DESTINATION, input_token=address(ORIGIN, given_asset),
        output_token=address(DESTINATION, asked), amount=amount, is_exact_output=is_exact_output,
    )  # fmt: skip


def code_of(question: Wanted, seen: World) -> str:
    found = find_routes(question, seen)
    assert found.chosen is None
    assert found.refusal is not None
    return found.refusal.code


assets = st.sampled_from(sorted(ASSETS))
RICH = stock(usdc=50_000, usdt=40_000, weth=20, wbtc=1)
POOLS: tuple[Market, ...] = (
    pair(0, "usdc", "weth", 3_000_000),
    concentrated(1, "usdc", "weth", liquidity=10**19),
    pair(2, "usdt", "weth", 400_000),
    pair(3, "weth", "wbtc", 900_000),
    pair(4, "usdc", "usdt", 900_000, fee_pips=500),
)


def test_in_stock_of_the_same_asset_is_one_to_one_less_fees() -> None:
    found = find_routes(wanted("usdc", "usdc", units("usdc", 100)), world(stocks=stock(usdc=5_000)))
    route = found.chosen
    assert route is not None
    assert route.kind == "in_stock"
    assert route.output_expected == route.output_minimum
    assert route.output_expected == units("usdc", 100) - sum(line.amount for line in route.fees)
    assert {line.kind for line in route.fees} == {"network_fee", "proof", "service_fee"}


def test_a_swap_signs_expected_less_the_tolerance() -> None:
    seen = world(markets=POOLS[:1], stocks=stock(usdc=5_000))
    route = find_routes(wanted("usdc", "weth", units("usdc", 100)), seen).chosen
    assert route is not None
    assert route.kind == "swap_fill"
    assert route.swap is not None
    assert route.output_minimum < route.output_expected
    lost = (route.output_expected - route.output_minimum) / route.output_expected
    assert lost == pytest.approx(0.0030, rel=1e-6)
    assert route.output_expected == POOLS[0].output_for(address(DESTINATION, "usdc"), route.stock_amount)


def test_an_exact_output_is_exactly_that() -> None:
    seen = world(markets=POOLS, stocks=stock(usdc=5_000))
    amount = units("weth", 0.03)
    route = find_routes(wanted("usdc", "weth", amount, is_exact_output=True), seen).chosen
    assert route is not None
    assert route.swap is not None
    assert route.swap.is_exact_output
    assert route.output_expected == route.output_minimum == amount
    assert route.swap.max_input >= route.swap.amounts[0]


@pytest.mark.parametrize("is_exact_output", [False, True])
def test_the_chosen_is_the_best_and_the_others_follow_in_order(is_exact_output: bool) -> None:
    amount = units("weth", 0.05) if is_exact_output else units("usdc", 160)
    question = wanted("usdc", "weth", amount, is_exact_output=is_exact_output)
    found = find_routes(question, world(markets=POOLS, stocks=RICH))
    routes = [found.chosen, *found.alternatives]
    assert len(routes) >= 4
    if is_exact_output:
        costs = [route.input_amount for route in routes if route]
        assert costs == sorted(costs)
    else:
        outputs = [route.output_expected for route in routes if route]
        assert outputs == sorted(outputs, reverse=True)


def test_a_better_pool_wins_and_a_second_pool_is_used_when_it_pays() -> None:
    dear = pair(0, "usdc", "weth", 20_000)
    cheap = pair(1, "usdc", "weth", 5_000_000)
    seen = world(markets=(dear, cheap), stocks=stock(usdc=50_000))
    route = find_routes(wanted("usdc", "weth", units("usdc", 900)), seen).chosen
    assert route is not None
    assert route.swap is not None
    assert route.swap.venues == (1,)
    seen = world(markets=(dear, POOLS[4], pair(2, "usdt", "weth", 9_000_000)), stocks=stock(usdc=50_000))
    route = find_routes(wanted("usdc", "weth", units("usdc", 900)), seen).chosen
    assert route is not None
    assert route.swap is not None
    assert route.swap.venues == (4, 2)


def test_every_way_by_hand_is_no_better() -> None:
    """Brute force over permutations of pools, with the same stock and the chosen route's own budget."""
    seen = world(markets=POOLS, stocks=stock(usdc=50_000))
    found = find_routes(wanted("usdc", "wbtc", units("usdc", 700)), seen)
    assert found.chosen is not None
    assert found.chosen.swap is not None
    start, end = address(DESTINATION, "usdc"), address(DESTINATION, "wbtc")
    best = 0
    for count in (1, 2):
        for way in itertools.permutations(POOLS, count):
            at, amount = start, found.chosen.stock_amount
            for market in way:
                if at not in (market.token0, market.token1):
                    break
                amount = market.output_for(at, amount) or 0
                at = market.token1 if at == market.token0 else market.token0
            else:
                best = max(best, amount if at == end else 0)
    assert found.chosen.output_expected == best


@given(
    st.sampled_from(sorted(ASSETS)), st.sampled_from(sorted(ASSETS)),
    st.floats(1, 20_000), st.booleans(), st.floats(0.98, 1.02),
)  # fmt: skip
def test_lines_add_up_and_nothing_promised_is_more_than_there_is(
    given_asset: str, asked: str, usd: float, is_exact_output: bool, skew: float
) -> None:
    skewed = (pair(0, "usdc", "weth", 3_000_000, skew=skew), *POOLS[1:])
    seen = world(markets=skewed, stocks=RICH)
    asset = asked if is_exact_output else given_asset
    question = wanted(
        given_asset, asked, units(asset, usd / ASSETS[asset]) or 1, is_exact_output=is_exact_output
    )
    found = find_routes(question, seen)
    for route in (found.chosen, *found.alternatives):
        if route is not None:
            assert_sound(route, question, seen)


def assert_sound(route: Route, question: Wanted, seen: World) -> None:
    """Value in = fees + value out, to a few units of rounding; amounts are within stock."""
    assert 0 < route.output_minimum <= route.output_expected
    assert all(line.amount >= 0 and line.usd_e8 >= 0 for line in route.fees)
    held = seen.chains[DESTINATION].stocks[route.stock_token]
    assert 0 < route.stock_amount <= held.unreserved
    given_token = seen.chains[ORIGIN].tokens[question.input_token]
    asked_token = seen.chains[DESTINATION].tokens[question.output_token]
    costs = sum(-line.usd_e8 if line.is_gain else line.usd_e8 for line in route.fees)
    value_in = usd_down(route.input_amount, given_token, seen.prices[given_token.canonical_id].low_e8)
    value_out = usd_up(route.output_expected, asked_token, seen.prices[asked_token.canonical_id].high_e8)
    # Rounding: a line each, a unit of the output token and of the stock token.
    unit = sum(
        usd_up(2, known, seen.prices[known.canonical_id].high_e8)
        for known in (asked_token, seen.chains[DESTINATION].tokens[route.stock_token])
    )  # fmt: skip
    slack = 10 + unit
    if question.is_exact_output:
        # What is asked is whole units of the input, which may be dear ones.
        slack += usd_up(2, given_token, seen.prices[given_token.canonical_id].high_e8)
    assert abs(value_in - costs - value_out) <= slack + value_in // 10**6


@given(st.sampled_from(sorted(ASSETS)), st.floats(5, 5_000))
def test_buying_what_was_quoted_costs_at_least_what_was_given(asked: str, usd: float) -> None:
    seen = world(markets=POOLS, stocks=RICH)
    amount = units("usdc", usd)
    forth = find_routes(wanted("usdc", asked, amount), seen).chosen
    if forth is None:
        return
    back = find_routes(wanted("usdc", asked, forth.output_expected, is_exact_output=True), seen).chosen
    dust = 1 + units("usdc", 2 * ASSETS[asked] / 10 ** {"usdc": 6, "usdt": 6, "weth": 18, "wbtc": 8}[asked])
    assert back is None or back.input_amount >= amount - dust


@given(st.floats(5, 4_000), st.floats(5, 4_000))
def test_more_in_is_more_out(one: float, other: float) -> None:
    seen = world(markets=POOLS, stocks=RICH)
    small, large = sorted((units("usdc", one), units("usdc", other)))
    first = find_routes(wanted("usdc", "weth", small), seen).chosen
    second = find_routes(wanted("usdc", "weth", large), seen).chosen
    # A dearer tier waits longer and pays more margin: compare within one tier.
    if first and second and first.depth == second.depth:
        assert first.output_expected <= second.output_expected


def test_dearer_gas_and_slower_chains_cost_the_user() -> None:
    question = wanted("usdc", "weth", units("usdc", 500))
    plain = find_routes(question, world(stocks=RICH)).chosen
    dear = on_destination(world(stocks=RICH), gas_price_wei=2 * 10**9)
    slow = replace(
        world(stocks=RICH),
        chains={ORIGIN: chain(ORIGIN, block_seconds=60.0), DESTINATION: chain(DESTINATION, stocks=RICH)},
    )
    for worse in (dear, slow):
        route = find_routes(question, worse).chosen
        assert plain
        assert route
        assert route.output_expected < plain.output_expected
        assert route.eta_seconds >= plain.eta_seconds


def test_value_decides_the_depth_and_the_time() -> None:
    seen = world(stocks=stock(usdc=500_000))
    small = find_routes(wanted("usdc", "usdc", units("usdc", 900)), seen).chosen
    large = find_routes(wanted("usdc", "usdc", units("usdc", 9_000)), seen).chosen
    huge = find_routes(wanted("usdc", "usdc", units("usdc", 90_000)), seen).chosen
    assert small
    assert large
    assert huge
    assert (small.depth, large.depth, huge.depth) == (1, 5, 10)
    assert small.eta_seconds < large.eta_seconds < huge.eta_seconds


# Refusals, one by one.


def test_no_stock_at_all() -> None:
    assert code_of(wanted("usdc", "weth", units("usdc", 50)), world(markets=POOLS)) == "no_stock"
    all_promised = {address(DESTINATION, "usdc"): Stock(10**9, reserved=10**9)}
    assert code_of(wanted("usdc", "usdc", units("usdc", 50)), world(stocks=all_promised)) == "no_stock"


def test_more_than_the_stock_names_the_most_that_works() -> None:
    seen = world(stocks=stock(usdc=1_000))
    found = find_routes(wanted("usdc", "usdc", units("usdc", 5_000)), seen)
    assert found.refusal is not None
    assert found.refusal.code == "amount_too_large"
    most = int(found.refusal.params["maximum"])
    assert find_routes(wanted("usdc", "usdc", most), seen).chosen is not None
    assert find_routes(wanted("usdc", "usdc", most * 102 // 100), seen).chosen is None


def test_one_order_may_claim_a_quarter_of_a_stock() -> None:
    seen = world(stocks=stock(usdc=1_000))
    assert find_routes(wanted("usdc", "usdc", units("usdc", 249)), seen).chosen is not None
    assert code_of(wanted("usdc", "usdc", units("usdc", 252)), seen) == "amount_too_large"


def test_too_little_names_the_least_that_works() -> None:
    seen = world(markets=POOLS, stocks=RICH)
    for asked in ("usdc", "weth"):
        found = find_routes(wanted("usdc", asked, units("usdc", 0.3)), seen)
        assert found.refusal is not None
        assert found.refusal.code == "below_minimum_order"
        least = int(found.refusal.params["minimum"])
        assert find_routes(wanted("usdc", asked, least), seen).chosen is not None
        assert find_routes(wanted("usdc", asked, least - 1), seen).chosen is None


@pytest.mark.parametrize("is_exact_output", [False, True])
def test_dust_and_nothing_are_refused_as_what_they_are(is_exact_output: bool) -> None:
    seen = world(markets=POOLS, stocks=RICH)
    assert code_of(wanted("usdc", "weth", 1, is_exact_output=is_exact_output), seen) == "below_minimum_order"
    assert code_of(wanted("usdc", "weth", 0, is_exact_output=is_exact_output), seen) == "amount_too_small"


def test_liquidity_that_ends_before_the_amount_is_refused() -> None:
    thin = concentrated(0, "usdc", "weth", liquidity=10**9)
    seen = world(markets=(thin,), stocks=stock(usdc=50_000))
    assert code_of(wanted("usdc", "weth", units("usdc", 5_000)), seen) == "insufficient_liquidity"
    assert (
        code_of(wanted("usdc", "weth", units("weth", 3), is_exact_output=True), seen)
        == "insufficient_liquidity"
    )


def test_missing_and_stale_prices() -> None:
    question = wanted("usdc", "weth", units("usdc", 100))
    for asset in ("usdc", "eth", "weth"):
        known = {name: price for name, price in prices().items() if name != asset}
        seen = world(stocks=stock(weth=5), prices=known)
        assert code_of(question, seen) == "no_price", asset
        assert code_of(question, replace(seen, stale=frozenset({asset}))) == "stale_price", asset


def test_sources_that_disagree_serve_only_small_orders() -> None:
    apart = prices() | {"weth": Price(3_100 * USD, 3_200 * USD)}
    seen = world(stocks=RICH, prices=apart)
    small = find_routes(wanted("usdc", "weth", units("usdc", 500)), seen).chosen
    assert small is not None
    # The dearer source prices what we give.
    assert small.output_expected <= units("weth", 500 / 3_200)
    assert code_of(wanted("usdc", "weth", units("usdc", 5_000)), seen) == "price_disagreement"


def test_an_excluded_pool_is_named() -> None:
    out = Excluded(0, address(DESTINATION, "usdc"), address(DESTINATION, "weth"), "price_disagreement")
    seen = on_destination(world(stocks=stock(usdc=5_000)), excluded=(out,))
    found = find_routes(wanted("usdc", "weth", units("usdc", 100)), seen)
    assert "price_disagreement" in {each.reason.code for each in found.rejected}
    assert found.refusal is not None
    assert found.refusal.code == "no_stock"


def test_what_was_found_wanting_buys_nothing_and_is_still_paid_out() -> None:
    bad = address(DESTINATION, "usdc")
    seen = on_destination(
        world(markets=POOLS, stocks=stock(usdc=50_000)), held={bad: "token paused_by_issuer"}
    )
    question = wanted("usdc", "weth", units("usdc", 100))
    refusal = find_routes(question, seen).refusal
    assert refusal is not None and refusal.code == "token_paused"
    assert refusal.params == {"token": "USDC", "chain": str(DESTINATION), "reason": "token paused_by_issuer"}
    around = find_routes(question, on_destination(seen, stocks={**stock(usdc=50_000, usdt=40_000)})).chosen
    assert around is not None and around.stock_token == address(DESTINATION, "usdt")
    assert around.swap is not None and bad not in around.swap.path, "nor is it on the way"
    promised = find_routes(wanted("usdc", "usdc", units("usdc", 100)), seen).chosen
    assert promised is not None and promised.kind == "in_stock"
    assert world_from_json(world_to_json(seen)) == seen


def test_paused_unknown_and_same() -> None:
    seen = world(stocks=RICH)
    question = wanted("usdc", "weth", units("usdc", 100))
    assert code_of(question, on_destination(seen, paused_reason="upgrade")) == "chain_paused"
    assert code_of(replace(question, origin_id=99), seen) == "chain_not_supported"
    assert code_of(replace(question, output_token="0xdead"), seen) == "token_not_supported"
    here = address(DESTINATION, "usdc")
    same = replace(question, origin_id=DESTINATION, input_token=here, output_token=here)
    assert code_of(same, seen) == "same_token"
    assert code_of(replace(same, output_token=address(DESTINATION, "weth")), seen) == "same_chain"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(assets, assets, st.floats(0.01, 100)), max_size=6),
    st.floats(0.000001, 10**12), st.booleans(),
)  # fmt: skip
def test_a_mispriced_network_is_answered_all_the_same(
    shapes: list[tuple[str, str, float]], usd: float, is_exact_output: bool
) -> None:
    markets = tuple(
        pair(at, one, two, 100_000, skew=skew) for at, (one, two, skew) in enumerate(shapes) if one != two
    )
    seen = world(markets=markets, stocks=RICH)
    asset = "wbtc" if is_exact_output else "usdc"
    question = wanted("usdc", "wbtc", units(asset, usd / ASSETS[asset]), is_exact_output=is_exact_output)
    found = find_routes(question, seen)
    assert (found.chosen is None) == (found.refusal is not None)
    for route in (found.chosen, *found.alternatives):
        if route is not None:
            assert 0 < route.output_minimum <= route.output_expected


def test_the_same_world_from_json_gives_the_same_answer() -> None:
    seen = world(markets=POOLS, stocks=RICH)
    again = world_from_json(world_to_json(seen))
    assert again == seen
    question = wanted("usdt", "wbtc", units("usdt", 321))
    assert find_routes(question, again) == find_routes(question, seen)


def test_the_rules_are_the_price() -> None:
    free = PricingRules(service_bps=0, service_fixed_usd_e8=0, gas_margin_bps=0)
    seen = world(stocks=stock(usdc=5_000))
    seen = replace(
        seen, chains={number: replace(each, gas_price_wei=0) for number, each in seen.chains.items()}
    )
    route = find_routes(wanted("usdc", "usdc", units("usdc", 100)), seen, free).chosen
    assert route is not None
    assert route.output_expected == units("usdc", 100)
