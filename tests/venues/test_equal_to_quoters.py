"""Our markets answer what the pools' own contracts answer, to the wei, or they do not answer."""

import random

import pytest

from intents.devnet.accounts import OWNER, address
from intents.devnet.deployment import Deployment
from intents.devnet.funding import fund_wallets
from intents.devnet.network import Network

from .pools import LivePool, live_pools

UNLIMITED = 2**256 - 1
FOREVER = 2**40
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def assert_equal(pool: LivePool, *, count: int, seed: int) -> int:
    """Compare both questions both ways; how many were answered."""
    market = pool.market()
    answered = 0
    for token in (market.token0, market.token1):
        known = spare(pool, token) // 4
        for amount in pool.amounts(token, count, seed):
            for ours, real in (
                (market.output_for(token, amount), pool.real_output(token, amount)),
                (market.input_for(token, amount), pool.real_input(token, amount)),
            ):
                if ours is not None:
                    assert ours == real, (pool.venue, token, amount)
                elif amount < known:
                    assert not real, (pool.venue, token, amount)
                answered += ours is not None
    return answered


@pytest.mark.parametrize("kind", ["uniswap_v2", "uniswap_v3"])
def test_every_pool_of_the_network(network: Network, kind: str) -> None:
    pools = [pool for pool in live_pools(network) if pool.venue.kind == kind]
    assert len(pools) >= 4
    for pool in pools:
        assert assert_equal(pool, count=12, seed=1) >= 20


@pytest.mark.parametrize("kind", ["uniswap_v2", "uniswap_v3"])
def test_every_pool_of_a_network_with_other_decimals_and_order(odd_network: Network, kind: str) -> None:
    pools = [pool for pool in live_pools(odd_network) if pool.venue.kind == kind]
    assert pools
    for pool in pools:
        assert assert_equal(pool, count=8, seed=2) >= 12


@pytest.mark.parametrize("seed", range(3))
def test_many_positions_and_a_moving_price(fresh_network: Network, seed: int) -> None:
    dice = random.Random(seed)
    v3 = [pool for pool in live_pools(fresh_network) if pool.venue.kind == "uniswap_v3"]
    pool = dice.choice([pool for pool in v3 if pool.manifest.slug in ("birch", "alder")])
    mint_positions(pool, dice, count=12)
    assert_equal(pool, count=12, seed=seed)
    before = pool.state()["tick"]
    for _ in range(3):
        swap_some(pool, dice)
        assert_equal(pool, count=8, seed=dice.randrange(1000))
    assert pool.state()["tick"] != before


def test_a_known_state_saves_rounds_and_says_the_same(fresh_network: Network) -> None:
    pool = next(p for p in live_pools(fresh_network) if p.venue.kind == "uniswap_v3")
    first = pool.state()
    assert pool.state(first) == first
    swap_some(pool, random.Random(5))
    assert pool.state(first) == pool.state()


def test_beyond_the_known_ticks_there_is_no_answer(network: Network) -> None:
    for pool in live_pools(network):
        if pool.venue.kind == "uniswap_v3":
            assert pool.market().output_for(pool.venue.token0, 10**40) is None
            assert pool.market().input_for(pool.venue.token1, 10**40) is None


def mint_positions(pool: LivePool, dice: random.Random, *, count: int) -> None:
    """Liquidity in random ranges around the price, some of them narrow."""
    state = pool.state()
    spacing, middle = state["spacing"], state["tick"] // state["spacing"]
    give(pool)
    deployment = Deployment(pool.rpc)
    positions = pool.manifest.address("uniswap_v3_positions")
    for token in (pool.venue.token0, pool.venue.token1):
        approve(deployment, token, positions)
    for _ in range(count):
        low = middle + dice.randrange(-100, 90)
        high = low + dice.randrange(1, 60)
        amounts = [spare(pool, token) // 100 for token in (pool.venue.token0, pool.venue.token1)]
        deployment.send(
            positions, MINT,
            (pool.venue.token0, pool.venue.token1, pool.venue.fee_pips, low * spacing, high * spacing,
             *amounts, 0, 0, address(OWNER), FOREVER),
        )  # fmt: skip
    deployment.flush()


def swap_some(pool: LivePool, dice: random.Random) -> None:
    """A real swap of up to a fifth of what the pool holds, by the router."""
    give(pool)
    token_in, token_out = dice.sample([pool.venue.token0, pool.venue.token1], 2)
    amount = int(spare(pool, token_in) * dice.uniform(0.02, 0.2))
    deployment = Deployment(pool.rpc)
    approve(deployment, token_in, pool.venue.router)
    deployment.send(
        pool.venue.router,
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))",
        (token_in, token_out, pool.venue.fee_pips, address(OWNER), amount, 0, 0),
    )
    deployment.flush()


def approve(deployment: Deployment, token: str, spender: str) -> None:
    """Some tokens only let an allowance be set from zero."""
    deployment.send(token, "approve(address,uint256)", spender, 0)
    deployment.send(token, "approve(address,uint256)", spender, UNLIMITED)


def give(pool: LivePool) -> None:
    """Give the owner of everything as much of both tokens as the pool holds."""
    symbols = {
        token.symbol: spare(pool, token.address)
        for token in pool.manifest.tokens
        if token.address in (pool.venue.token0, pool.venue.token1)
    }
    fund_wallets(pool.manifest, [address(OWNER)], amounts=symbols, wei=10**26)


def spare(pool: LivePool, token: str) -> int:
    return int(pool.rpc.call(token, "balanceOf(address)", pool.venue.address))
