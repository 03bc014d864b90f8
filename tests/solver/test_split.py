"""Two pools of one pair side by side: never worse than the better one alone, and exact to the base unit."""

from hypothesis import given, settings
from hypothesis import strategies as st

from intents.solver.candidates import Candidate, swaps_to
from intents.solver.markets import Market
from intents.solver.plan import stored_swap, swap_from_json
from intents.solver.router import Route, Wanted, find_routes

from .worlds import DESTINATION, address, chain, concentrated, pair, stock, units, world

USDC, WETH = address(DESTINATION, "usdc"), address(DESTINATION, "weth")
PATH = (USDC, WETH)


def pools(first_usd: float, second_usd: float, *, is_v3: bool, skew: float = 1.0) -> tuple[Market, Market]:
    first = pair(0, "usdc", "weth", first_usd)
    if not is_v3:
        return first, pair(1, "usdc", "weth", second_usd, skew=skew)
    return first, concentrated(1, "usdc", "weth", liquidity=int(second_usd * 10**9), skew=skew)


def best_alone(markets: tuple[Market, ...], amount: int) -> int:
    return max(market.output_for(USDC, amount) or 0 for market in markets)


def least_alone(markets: tuple[Market, ...], amount: int) -> int | None:
    asked = [needed for market in markets if (needed := market.input_for(WETH, amount))]
    return min(asked) if asked else None


@settings(max_examples=150)
@given(st.floats(1e4, 1e7), st.floats(1e4, 1e7), st.booleans(), st.floats(0.99, 1.01), st.floats(1, 200_000))
def test_a_split_sells_everything_for_no_less_than_the_better_pool(
    first: float, second: float, is_v3: bool, skew: float, usd: float
) -> None:
    markets, amount = pools(first, second, is_v3=is_v3, skew=skew), units("usdc", usd)
    rows = Candidate(PATH, markets, is_split=True).sell(amount)
    if rows is None:
        return
    assert sum(row[0] for row in rows) == amount
    for row, market in zip(rows, markets, strict=True):
        assert market.output_for(USDC, row[0]) == row[1]
    # Two roundings instead of one.
    assert sum(row[1] for row in rows) >= best_alone(markets, amount) - 2


@settings(max_examples=150)
@given(st.floats(1e4, 1e7), st.floats(1e4, 1e7), st.booleans(), st.floats(0.99, 1.01), st.floats(0.001, 60))
def test_a_split_buys_exactly_what_is_asked_for_no_more_than_the_better_pool(
    first: float, second: float, is_v3: bool, skew: float, whole: float
) -> None:
    markets, amount = pools(first, second, is_v3=is_v3, skew=skew), units("weth", whole)
    rows = Candidate(PATH, markets, is_split=True).buy(amount)
    if rows is None:
        return
    assert sum(row[-1] for row in rows) == amount
    for row, market in zip(rows, markets, strict=True):
        assert market.input_for(WETH, row[-1]) == row[0]
    least = least_alone(markets, amount)
    assert least is None or sum(row[0] for row in rows) <= least + 2


@settings(max_examples=40)
@given(st.floats(1e5, 1e7), st.floats(1e5, 1e7), st.booleans(), st.floats(100, 100_000))
def test_no_other_division_is_noticeably_better(first: float, second: float, is_v3: bool, usd: float) -> None:
    markets, amount = pools(first, second, is_v3=is_v3), units("usdc", usd)
    rows = Candidate(PATH, markets, is_split=True).sell(amount)
    found = sum(row[1] for row in rows) if rows else best_alone(markets, amount)
    for share in range(1, 64):
        part = amount * share // 64
        sides = markets[0].output_for(USDC, part), markets[1].output_for(USDC, amount - part)
        if all(sides):
            assert sum(side or 0 for side in sides) <= found * (1 + 1e-7) + 2


@settings(max_examples=80)
@given(
    st.floats(1e5, 1e7), st.floats(1e5, 1e7), st.booleans(), st.booleans(), st.floats(20, 100_000),
    st.integers(10**6, 10**10),
)  # fmt: skip
def test_the_chosen_route_splits_only_if_that_is_better_after_its_gas(
    first: float, second: float, is_v3: bool, is_exact_output: bool, usd: float, gas_price: int
) -> None:
    markets = pools(first, second, is_v3=is_v3)
    amount = units("weth", usd / 3_200) if is_exact_output else units("usdc", usd)
    wanted = Wanted(11, DESTINATION, address(11, "usdc"), WETH, amount, is_exact_output)

    def chosen(*offered: Market) -> Route | None:
        seen = world(markets=offered, stocks=stock(usdc=5_000_000))
        chains = {11: seen.chains[11], DESTINATION: chain(
            DESTINATION, markets=offered, stocks=stock(usdc=5_000_000), gas_price_wei=gas_price
        )}  # fmt: skip
        return find_routes(wanted, world(chains=chains)).chosen

    together = chosen(*markets)
    alone = [route for market in markets if (route := chosen(market))]
    if together is None:
        assert not alone
        return
    if is_exact_output:
        assert all(together.input_amount <= route.input_amount for route in alone)
    else:
        assert all(together.output_expected >= route.output_expected for route in alone)
    if together.swap and together.swap.beside:
        assert together.stock_amount == together.swap.max_input + together.swap.beside.max_input
        assert swap_from_json(stored_swap(together.swap)) == together.swap


def test_a_large_trade_splits_and_a_small_one_does_not() -> None:
    markets = pools(2_000_000, 2_000_000, is_v3=False)
    way = Candidate(PATH, markets, is_split=True)
    rows = way.sell(units("usdc", 50_000))
    assert rows is not None
    assert abs(rows[0][0] - rows[1][0]) < units("usdc", 1)
    cheap, dear = pools(5_000_000, 2_000_000, is_v3=False, skew=0.98)
    assert Candidate(PATH, (cheap, dear), is_split=True).sell(units("usdc", 50)) is None


def test_only_pools_of_one_pair_stand_side_by_side() -> None:
    markets = (
        pair(0, "usdc", "weth", 10**6),
        pair(1, "usdt", "weth", 10**6),
        pair(2, "usdc", "weth", 10**6),
        pair(3, "usdc", "usdt", 10**6),
    )
    splits = [way for way in swaps_to(chain(DESTINATION, markets=markets), WETH) if way.is_split]
    assert [[market.venue for market in way.markets] for way in splits] == [[0, 2]]
