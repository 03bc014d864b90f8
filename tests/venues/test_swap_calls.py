"""Calls built from a swap, made by the filler's account on real routers, move what was predicted."""

import itertools

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest
from intents.devnet.accounts import OPERATOR, address
from intents.devnet.deployment import Deployment, DeploymentFailed
from intents.devnet.network import Network
from intents.solver.markets import Market, other_token
from intents.solver.router import Swap
from intents.venues.swaps import swap_calls

from .pools import live_pools

TRADE = "trade((address,address,uint256,uint256,bytes)[],address,uint256)"
FOREVER = 2**40


def markets_of(network: Network, slug: str) -> tuple[ChainManifest, list[Market]]:
    pools = [pool for pool in live_pools(network) if pool.manifest.slug == slug]
    return network.manifest(slug), [pool.market() for pool in pools]


def two_pool_paths(markets: list[Market], start: str) -> list[tuple[tuple[str, ...], tuple[Market, ...]]]:
    paths = []
    for first, second in itertools.permutations(markets, 2):
        if start not in (first.token0, first.token1):
            continue
        middle = other_token(first, start)
        if middle in (second.token0, second.token1):
            end = other_token(second, middle)
            if end != start:
                paths.append(((start, middle, end), (first, second)))
    return paths


def swap_in(path: tuple[str, ...], markets: tuple[Market, ...], amount: int) -> Swap:
    amounts = [amount]
    for token, market in zip(path, markets, strict=False):
        paid = market.output_for(token, amounts[-1])
        assert paid
        amounts.append(paid)
    return Swap(tuple(market.venue for market in markets), path, tuple(amounts), amount, False)


def swap_out(path: tuple[str, ...], markets: tuple[Market, ...], amount: int) -> Swap:
    amounts = [amount]
    for token, market in zip(reversed(path), reversed(markets), strict=False):
        asked = market.input_for(token, amounts[0])
        assert asked
        amounts.insert(0, asked)
    most = amounts[0] * 10_030 // 10_000
    return Swap(tuple(market.venue for market in markets), path, tuple(amounts), most, True)


def held(network: Network, slug: str, token: str, holder: str) -> int:
    rpc = network.rpc(slug)
    if token == ZERO_ADDRESS:
        return int(rpc.request("eth_getBalance", holder, "latest"), 16)
    return int(rpc.call(token, "balanceOf(address)", holder))


def trade(network: Network, manifest: ChainManifest, swap: Swap, *, least: int) -> tuple[int, int]:
    """What left and what came when the operator has the account make the calls."""
    rpc, holder = network.rpc(manifest.slug), manifest.address("solver_account")
    calls = swap_calls(manifest, swap, least=least, holder=holder, deadline=FOREVER)
    ends = (swap.path[0], swap.path[-1])
    before = [held(network, manifest.slug, token, holder) for token in ends]
    deployment = Deployment(rpc)
    tuples = [(call.venue, call.token_in, call.max_input, call.value_wei, call.data) for call in calls]
    deployment.send(holder, TRADE, tuples, swap.path[-1], least, sender=address(OPERATOR))
    deployment.flush()
    after = [held(network, manifest.slug, token, holder) for token in ends]
    return before[0] - after[0], after[1] - before[1]


def test_one_pool_both_ways(fresh_network: Network) -> None:
    manifest, markets = markets_of(fresh_network, "birch")
    usdc = manifest.token("USDC").address
    kinds = set()
    for market in markets:
        if usdc not in (market.token0, market.token1):
            continue
        kinds.add(market.kind)
        path = (usdc, other_token(market, usdc))
        swap = swap_in(path, (market,), 250 * 10**6)
        assert trade(fresh_network, manifest, swap, least=swap.amounts[-1]) == (250 * 10**6, swap.amounts[-1])
    assert kinds == {"uniswap_v2", "uniswap_v3"}
    for market in markets_of(fresh_network, "birch")[1]:
        if usdc in (market.token0, market.token1):
            swap = swap_out((usdc, other_token(market, usdc)), (market,), 10**16)
            assert trade(fresh_network, manifest, swap, least=10**16) == (swap.amounts[0], 10**16)


@pytest.mark.parametrize("is_exact_output", [False, True])
def test_two_pools_of_one_kind_and_of_two(fresh_network: Network, is_exact_output: bool) -> None:
    manifest = fresh_network.manifest("summit")
    usdc = manifest.token("USDC").address
    shapes = set()
    for at in range(len(two_pool_paths(markets_of(fresh_network, "summit")[1], usdc))):
        # Every trade moves the pools: predictions are made afresh.
        path, markets = two_pool_paths(markets_of(fresh_network, "summit")[1], usdc)[at]
        shapes.add(tuple(market.kind for market in markets))
        swap = swap_in(path, markets, 90 * 10**6)
        if is_exact_output:
            swap = swap_out(path, markets, swap.amounts[-1])
        spent, bought = trade(fresh_network, manifest, swap, least=swap.amounts[-1])
        assert bought == swap.amounts[-1]
        # Between two routers the middle is bought exactly: less than one unit of it stays here.
        assert 0 <= swap.amounts[0] - spent <= swap.amounts[0] // (swap.amounts[1] - 1)
    assert {len(set(shape)) for shape in shapes} == {1, 2}


def test_the_coin_is_wrapped_and_unwrapped_one_for_one(fresh_network: Network) -> None:
    manifest, markets = markets_of(fresh_network, "alder")
    wrapper = next(market for market in markets if market.kind == "wrapped_native")
    for path in itertools.permutations((wrapper.token0, wrapper.token1)):
        for made in (swap_in(path, (wrapper,), 10**17), swap_out(path, (wrapper,), 10**17)):
            assert trade(fresh_network, manifest, made, least=10**17) == (10**17, 10**17)


def test_coins_are_wrapped_before_a_pool(fresh_network: Network) -> None:
    manifest, markets = markets_of(fresh_network, "alder")
    shapes = set()
    for at in range(len(two_pool_paths(markets, ZERO_ADDRESS))):
        path, pair = two_pool_paths(markets_of(fresh_network, "alder")[1], ZERO_ADDRESS)[at]
        shapes.add(pair[1].kind)
        swap = swap_in(path, pair, 10**17)
        assert trade(fresh_network, manifest, swap, least=swap.amounts[-1]) == (10**17, swap.amounts[-1])
    assert shapes == {"uniswap_v2", "uniswap_v3"}


def test_less_than_the_least_reverts(fresh_network: Network) -> None:
    manifest, markets = markets_of(fresh_network, "birch")
    usdc = manifest.token("USDC").address
    market = next(market for market in markets if usdc in (market.token0, market.token1))
    swap = swap_in((usdc, other_token(market, usdc)), (market,), 50 * 10**6)
    with pytest.raises(DeploymentFailed):
        trade(fresh_network, manifest, swap, least=swap.amounts[-1] + 1)
