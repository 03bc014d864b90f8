"""Pools follow the feeds, whoever pushes them, and the market outlives its nodes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents.devnet import market as market_module
from intents.devnet.accounts import OUTSIDER, address
from intents.devnet.arbitrage import PPM, Arbitrageur, v2_amount_to_price
from intents.devnet.market import Market, PriceWalk, post_prices, read_local, read_prices
from intents.devnet.network import Network
from intents.devnet.profiles import PRICES_E8
from tests.networks import odd_prices

PROMISED_PPM = 5_000


def _arbitrageur(network: Network, slug: str) -> Arbitrageur:
    arbitrageur = Arbitrageur(network.manifest(slug), network.rpc(slug))
    arbitrageur.approve_routers()
    return arbitrageur


def _worst_ppm(arbitrageur: Arbitrageur, prices: dict[str, int]) -> int:
    return max(abs(pool.off_ppm) for pool in arbitrageur.pool_prices(prices))


def _settle(network: Network, slug: str, arbitrageur: Arbitrageur, prices: dict[str, int]) -> None:
    for _ in range(10):
        arbitrageur.trade(prices)
        network.mine(slug, 2)


@pytest.mark.parametrize("slug", ["summit", "alder", "birch", "cedar"])
@pytest.mark.parametrize("change", [0.93, 0.991, 1.012, 1.08])
def test_every_pool_follows_a_moved_price(fresh_network: Network, slug: str, change: float) -> None:
    arbitrageur = _arbitrageur(fresh_network, slug)
    prices = dict(PRICES_E8, weth=int(PRICES_E8["weth"] * change))
    assert _worst_ppm(arbitrageur, prices) > PROMISED_PPM
    _settle(fresh_network, slug, arbitrageur, prices)
    assert _worst_ppm(arbitrageur, prices) < PROMISED_PPM


def test_pools_of_an_unknown_network_follow_too(odd_network: Network) -> None:
    mark = odd_network.snapshot()
    prices = odd_prices() | {"weth": int(odd_prices()["weth"] * 1.03)}
    for slug in odd_network.manifests:
        arbitrageur = _arbitrageur(odd_network, slug)
        _settle(odd_network, slug, arbitrageur, prices)
        assert _worst_ppm(arbitrageur, prices) < PROMISED_PPM
    odd_network.revert(mark)


@given(
    st.integers(10**9, 10**25),
    st.integers(10**9, 10**25),
    st.integers(1_000, 200_000),
)
@settings(max_examples=200)
def test_the_v2_trade_lands_on_the_wanted_price(reserve_in: int, reserve_out: int, above_ppm: int) -> None:
    now = (reserve_out << 192) // reserve_in
    wanted = now * PPM // (PPM + above_ppm)
    amount = v2_amount_to_price(reserve_in, reserve_out, wanted)
    kept = amount * 997
    received = kept * reserve_out // (reserve_in * 1_000 + kept)
    after = ((reserve_out - received) << 192) // (reserve_in + amount)
    # One base unit of rounding in a pool of 10**9 is a few parts in 10**9.
    assert abs(after - wanted) * 10**7 < wanted


def test_a_walk_is_the_same_for_the_same_seed_and_stays_near_its_start() -> None:
    first, second = PriceWalk(PRICES_E8, seed=5), PriceWalk(PRICES_E8, seed=5)
    for _ in range(2_000):
        first.step()
        second.step()
    assert first.prices_e8() == second.prices_e8()
    assert first.prices_e8() != PRICES_E8
    assert first.prices_e8()["weth"] == pytest.approx(PRICES_E8["weth"], rel=0.1)
    assert first.prices_e8()["usdc"] == pytest.approx(PRICES_E8["usdc"], rel=0.01)


def test_posted_prices_are_what_the_feeds_answer(fresh_network: Network) -> None:
    manifest, rpc = fresh_network.manifest("cedar"), fresh_network.rpc("cedar")
    prices = {"usdc": 99_990_000, "weth": 3_111 * 10**8, "wbtc": 90_000 * 10**8}
    post_prices(manifest, rpc, prices)
    fresh_network.mine("cedar")
    answers = read_prices(manifest, rpc)
    assert {name: answers[name] for name in prices} == prices
    assert answers["eth"] == prices["weth"]


@contextmanager
def _running(market: Market) -> Iterator[None]:
    thread = threading.Thread(target=market.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        market.stop()
        thread.join(10)


def _wait_until_near(arbitrageur: Arbitrageur, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _worst_ppm(arbitrageur, PRICES_E8) > PROMISED_PPM:
        assert time.monotonic() < deadline, "the pools did not come back"
        time.sleep(0.1)


def test_the_market_goes_on_after_a_node_restarts(
    fresh_network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_module, "LOOK_SECONDS", 0.05)
    fresh_network.write_manifests(tmp_path)
    arbitrageur = Arbitrageur(fresh_network.manifest("birch"), fresh_network.rpc("birch"))
    with _running(Market(tmp_path, is_moving=False)):
        _push_birch(fresh_network)
        _wait_until_near(arbitrageur, 15)
        fresh_network.restart("birch")
        _push_birch(fresh_network)
        _wait_until_near(arbitrageur, 15)


def _push_birch(network: Network) -> None:
    """An outsider sells a lot of WETH into the V2 pool."""
    outsider = address(OUTSIDER)
    manifest, rpc = network.manifest("birch"), network.rpc("birch")
    network.fund("birch", [outsider], {"WETH": 200 * 10**18})
    pusher = market_module.send
    weth, usdc = network.token("birch", "WETH"), network.token("birch", "USDC")
    router = manifest.address("uniswap_v2_router")
    pusher(rpc, outsider, weth, "approve(address,uint256)", router, 2**255)
    swap = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
    pusher(rpc, outsider, router, swap, 200 * 10**18, 0, [weth, usdc], outsider, 2**40, gas=500_000)
    network.mine("birch")


def test_every_chain_gets_the_same_moving_prices(
    fresh_network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_module, "POST_SECONDS", 0.1)
    monkeypatch.setattr(market_module, "LOOK_SECONDS", 0.02)
    fresh_network.write_manifests(tmp_path)
    manifests = fresh_network.manifests

    def answers() -> dict[str, int]:
        return {slug: read_prices(manifests[slug], fresh_network.rpc(slug))["weth"] for slug in manifests}

    market = Market(tmp_path, seed=3)
    with _running(market):
        deadline = time.monotonic() + 20
        while any(answer == PRICES_E8["weth"] for answer in answers().values()):
            assert time.monotonic() < deadline, "the feeds do not move"
            time.sleep(0.05)
        monkeypatch.setattr(market_module, "POST_SECONDS", 1_000)
        while len(set(answers().values())) > 1:
            assert time.monotonic() < deadline, "the chains disagree"
            time.sleep(0.05)


def test_a_manifest_is_read_again_only_when_it_changed(network: Network, tmp_path: Path) -> None:
    network.write_manifests(tmp_path)
    read: dict[Path, int] = {}
    known = {each.slug for each in read_local(tmp_path, read)}
    assert known == set(network.manifests)
    assert read_local(tmp_path, read) == []
    alder = tmp_path / "alder.toml"
    text = alder.read_text("utf-8")
    alder.write_text("no manifest", "utf-8")
    assert read_local(tmp_path, read) == []
    alder.write_text(text, "utf-8")
    assert [each.slug for each in read_local(tmp_path, read)] == ["alder"]
    assert {each.slug for each in read_local(tmp_path)} == known
