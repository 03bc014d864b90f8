"""The coin and the token that wraps it: two assets of one price, exchanged one for one without a margin."""

from dataclasses import replace

from intents.solver.markets import WrappedNative, market_from_json
from intents.solver.router import Wanted, find_routes
from intents.solver.world import Stock, Token, World

from .worlds import DESTINATION, ORIGIN, address, world

COIN = "0x" + "00" * 20
WETH = address(DESTINATION, "weth")
ETHER = 10**18


def wrapping_world(*stocked: str) -> World:
    """Coins can be had at the destination, and only the named tokens are in stock there."""
    seen = world()
    there = seen.chains[DESTINATION]
    there = replace(
        there,
        tokens={**there.tokens, COIN: Token(COIN, "ETH", 18, "eth")},
        markets=(WrappedNative(venue=0, token0=COIN, token1=WETH),),
        excluded=(),
        stocks={token: Stock(balance=100 * ETHER) for token in stocked},
    )
    return replace(seen, chains={**seen.chains, DESTINATION: there})


def wanted(output: str) -> Wanted:
    return Wanted(ORIGIN, DESTINATION, address(ORIGIN, "weth"), output, ETHER)


def test_a_wrapped_stock_pays_coins_exactly() -> None:
    route = find_routes(wanted(COIN), wrapping_world(WETH)).chosen
    assert route
    assert route.swap
    assert route.swap.path == (WETH, COIN)
    # No price can move between the two: what is expected is what is signed.
    assert route.output_expected == route.output_minimum
    plain = find_routes(wanted(WETH), wrapping_world(WETH)).chosen
    assert plain
    # Gas of unwrapping is all that it costs.
    gas = [next(line.amount for line in each.fees if line.kind == "network_fee") for each in (route, plain)]
    assert plain.output_expected - route.output_expected == gas[0] - gas[1] > 0
    assert {line.kind for line in route.fees} == {line.kind for line in plain.fees}


def test_a_stock_of_coins_pays_the_wrapped_form() -> None:
    route = find_routes(wanted(WETH), wrapping_world(COIN)).chosen
    assert route
    assert route.swap
    assert route.swap.path == (COIN, WETH)
    assert route.stock_token == COIN


def test_stock_goes_before_wrapping() -> None:
    route = find_routes(wanted(COIN), wrapping_world(COIN, WETH)).chosen
    assert route
    assert route.kind == "in_stock"


def test_the_wrapper_answers_one_for_one_and_round_trips() -> None:
    market = WrappedNative(venue=3, token0=COIN, token1=WETH)
    assert market_from_json(market.to_json()) == market
    for token in (COIN, WETH):
        assert market.output_for(token, 7) == market.input_for(token, 7) == market.spot_value(token, 7) == 7
        assert market.output_for(token, 0) is None
