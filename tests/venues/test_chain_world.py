"""What is read of a chain each block: everything the solver needs, in few calls, whatever one pool does."""

from typing import Any

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import client
from intents.chains.endpoints import RpcUnavailable
from intents.chains.manifest import ChainManifest
from intents.devnet.network import Network
from intents.engine.audit import ledger_check
from intents.engine.chain_world import chain_world_calls, chain_world_json, is_complete
from intents.engine.prices import FeedReading, combine
from intents.solver.markets import market_from_json
from intents.solver.world import Price
from tests.services.heads import read_chain_world

Json = dict[str, Any]


def one_round(network: Network, manifest: ChainManifest, known: Json) -> Json:
    answers = client(manifest.chain_id).multicall(chain_world_calls(manifest, known))
    return chain_world_json(manifest, [a.data if a.is_success else None for a in answers], known)


def test_stock_gas_feeds_and_pools(registered: Network) -> None:
    for slug, manifest in registered.manifests.items():
        world = read_chain_world(client(manifest.chain_id))
        holder = manifest.address("solver_account")
        for token in manifest.tokens:
            assert int(world["stocks"][token.address]) == registered.balance(slug, token.symbol, holder)
        assert len(world["native"]) == 2
        coins = int(registered.rpc(slug).request("eth_getBalance", holder, "latest"), 16)
        assert int(world["stocks"][ZERO_ADDRESS]) == coins > 0
        assert max(int(wei) for wei in world["native"].values()) > 10**18
        assert set(world["feeds"]) == set(manifest.feeds)
        assert len([market_from_json(pool) for pool in world["pools"]]) == len(manifest.venues)


def test_three_rounds_from_nothing_and_one_ever_after(registered: Network) -> None:
    manifest = registered.manifest("birch")
    rounds, world = 0, {}
    while not is_complete(manifest, world):
        world = one_round(registered, manifest, world)
        rounds += 1
    assert rounds <= 3
    registered.mine("birch", 3)
    again = one_round(registered, manifest, world)
    assert is_complete(manifest, again)
    assert again["pools"] == world["pools"]
    assert len(chain_world_calls(manifest, world)) < 60


def test_a_stock_that_does_not_answer_is_unknown_and_not_empty(registered: Network) -> None:
    manifest, usdc = registered.manifest("birch"), registered.token("birch", "USDC")
    ledger_check()
    registered.rpc("birch").request("anvil_setCode", usdc, "0x60006000fd")
    world = read_chain_world(client(manifest.chain_id))
    assert usdc not in world["stocks"]
    assert registered.token("birch", "WETH") in world["stocks"]
    with pytest.raises(RpcUnavailable, match="does not say"):
        ledger_check()


def test_a_silent_pool_does_not_hold_up_the_rest(registered: Network) -> None:
    manifest = registered.manifest("birch")
    registered.rpc("birch").request("anvil_setCode", manifest.venues[0].address, "0x")
    world = read_chain_world(client(manifest.chain_id))
    assert is_complete(manifest, world)
    assert world["pools"][0] is None
    assert all(world["pools"][1:])


def test_a_world_of_another_manifest_is_no_use_and_no_harm(registered: Network) -> None:
    birch, cedar = registered.manifest("birch"), registered.manifest("cedar")
    known = read_chain_world(client(birch.chain_id))
    known["pools"] = known["pools"][:1]
    world = read_chain_world(client(cedar.chain_id), known)
    assert is_complete(cedar, world)


def reading(answer: int, *, age: int = 0, decimals: int = 8, heartbeat: int = 60) -> FeedReading:
    return FeedReading("weth", answer, decimals, age, heartbeat)


@pytest.mark.parametrize(
    ("age", "is_fresh"), [(0, True), (60, True), (66, True), (67, False), (3_600, False)]
)
def test_a_feed_is_fresh_for_its_heartbeat_and_a_tenth(age: int, is_fresh: bool) -> None:
    prices, stale = combine([reading(3_200 * 10**8, age=age)])
    assert ("weth" in prices) is is_fresh
    assert ("weth" in stale) is not is_fresh


def test_of_several_sources_the_lowest_and_the_highest_that_are_fresh() -> None:
    prices, stale = combine(
        [
            reading(3_200 * 10**8),
            reading(3_210 * 10**18, decimals=18),
            reading(1, age=999),
            reading(3_190 * 10**8),
        ]
    )
    assert prices == {"weth": Price(3_190 * 10**8, 3_210 * 10**8)}
    assert not stale


@pytest.mark.parametrize("answer", [0, -5])
def test_a_broken_feed_is_no_price(answer: int) -> None:
    assert combine([reading(answer)]) == ({}, frozenset())
