"""The local network is what the design says it is."""

import sys
import time

import pytest
from eth_utils import keccak

from intents.chains import manifest as manifest_module
from intents.chains.manifest import ChainManifest, VenueManifest
from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.chains.manifest_toml import to_toml
from intents.devnet.accounts import DEMO_WALLET, address
from intents.devnet.network import Network, start_network
from intents.devnet.profiles import PRICES_E8
from intents.devnet.settlers import PERMIT2
from tests.networks import odd_prices

QUOTE_V3 = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
QUOTED_V3 = "uint256,uint160,uint32,uint256"
OURS = (
    "input_settler",
    "deposit_implementation",
    "output_settler",
    "call_executor",
    "solver_account",
    "permit2",
    "multicall3",
)


def _usd_e8(manifest: ChainManifest, token_address: str, amount: int, prices: dict[str, int]) -> int:
    token = manifest.token(token_address)
    asset = "usdc" if token.is_synthetic else token.canonical_id
    return amount * prices[asset] // 10**token.decimals


def _quoted(network: Network, manifest: ChainManifest, venue: VenueManifest, amount: int) -> int:
    rpc = network.rpc(manifest.slug)
    if venue.kind == "uniswap_v2":
        path = [venue.token0, venue.token1]
        amounts = rpc.call(
            venue.router, "getAmountsOut(uint256,address[])", amount, path, returns="uint256[]"
        )
        return int(amounts[-1])
    asked = (venue.token0, venue.token1, amount, venue.fee_pips, 0)
    quoter = manifest.address("uniswap_v3_quoter")
    return int(rpc.call(quoter, QUOTE_V3, asked, returns=QUOTED_V3)[0])


def pools_of(manifest: ChainManifest) -> list[VenueManifest]:
    """Venues with a price: all but the one that wraps the chain's own coin."""
    return [venue for venue in manifest.venues if venue.kind != WRAPPED_NATIVE]


def _assert_pools_quote(network: Network, prices: dict[str, int]) -> None:
    for manifest in network.manifests.values():
        assert manifest.venues
        for venue in pools_of(manifest):
            token0 = manifest.token(venue.token0)
            amount = (
                100
                * 10**8
                * 10**token0.decimals
                // prices["usdc" if token0.is_synthetic else token0.canonical_id]
            )
            received = _quoted(network, manifest, venue, amount)
            # 100 USD less the pool's fee, within a tenth of a percent for the price impact.
            expected = 100 * 10**8 * (10**6 - venue.fee_pips) // 10**6
            assert _usd_e8(manifest, venue.token1, received, prices) == pytest.approx(expected, rel=0.001)


def test_every_pool_quotes_close_to_the_feeds(network: Network) -> None:
    _assert_pools_quote(network, PRICES_E8)


def test_a_generated_network_works_the_same(odd_network: Network) -> None:
    assert set(odd_network.manifests) == {"quince", "rowan", "sorrel"}
    decimals = {m.token("USDC").decimals for m in odd_network.manifests.values()}
    assert len(decimals) > 1
    _assert_pools_quote(odd_network, odd_prices())


def test_pool_token_order_differs_between_chains(network: Network) -> None:
    usdc_is_first = {
        slug: int(network.token(slug, "USDC"), 16) < int(network.token(slug, "WETH"), 16)
        for slug in network.manifests
    }
    assert usdc_is_first == {"summit": True, "alder": False, "birch": True, "cedar": False}


def test_inventory_is_uneven_on_purpose(network: Network) -> None:
    def stock(slug: str, symbol: str) -> int:
        return network.balance(slug, symbol, network.manifest(slug).address("solver_account"))

    assert stock("birch", "WETH") == 0
    assert stock("birch", "USDC") >= 50_000 * 10**6
    assert stock("cedar", "USDC") >= 50_000 * 10**18
    assert stock("cedar", "WBTC") == 0
    assert stock("alder", "WETH") > 0


def test_our_contracts_have_the_same_addresses_everywhere(network: Network) -> None:
    for name in OURS:
        assert len({manifest.address(name) for manifest in network.manifests.values()}) == 1


def test_manifests_tell_what_is_on_chain(network: Network) -> None:
    for slug, manifest in network.manifests.items():
        rpc = network.rpc(slug)
        assert manifest_module.parse(to_toml(manifest)) == manifest
        assert int(rpc.request("eth_chainId"), 16) == manifest.chain_id
        for name, contract in manifest.contracts.items():
            code = bytes.fromhex(rpc.request("eth_getCode", contract.address, "latest")[2:])
            assert code, f"{slug} has no {name}"
            assert contract.code_hash == "0x" + keccak(code).hex()
        for token in manifest.tokens:
            assert rpc.call(token.address, "decimals()") == token.decimals
            assert rpc.call(token.address, "symbol()", returns="string") == token.symbol
        for venue in pools_of(manifest):
            assert rpc.call(venue.address, "token0()", returns="address") == venue.token0
            assert rpc.call(venue.address, "token1()", returns="address") == venue.token1


def test_permit2_knows_each_chain(network: Network) -> None:
    separators = {rpc.call(PERMIT2, "DOMAIN_SEPARATOR()", returns="bytes32") for rpc in network.rpcs.values()}
    assert len(separators) == 4


def test_the_demo_wallet_allows_permit2_some_tokens_and_not_others(network: Network) -> None:
    def allowance(slug: str, symbol: str) -> int:
        token = network.token(slug, symbol)
        call = "allowance(address,address)"
        return int(network.rpc(slug).call(token, call, address(DEMO_WALLET), PERMIT2))

    assert allowance("alder", "WETH") > 0
    assert allowance("alder", "USDT") > 0
    assert allowance("alder", "USDC") == 0
    assert allowance("birch", "WETH") == 0


def test_warp_moves_all_clocks_together_and_refreshes_feeds(fresh_network: Network) -> None:
    def clocks() -> list[int]:
        return [int(rpc.block()["timestamp"], 16) for rpc in fresh_network.rpcs.values()]

    before = clocks()
    fresh_network.warp(3_600)
    after = clocks()
    assert max(after) - min(after) <= 5
    assert min(after) - max(before) >= 3_590
    for slug, manifest in fresh_network.manifests.items():
        for feed in manifest.feeds.values():
            latest = fresh_network.rpc(slug).call(
                feed.address, "latestRoundData()", returns="uint80,int256,uint256,uint256,uint80"
            )
            assert int(fresh_network.rpc(slug).block()["timestamp"], 16) - latest[3] <= 5


def test_a_revert_brings_balances_and_the_present_back(network: Network) -> None:
    owner = address(DEMO_WALLET)
    before = network.balance("alder", "USDC", owner)
    mark = network.snapshot()
    network.fund("alder", [owner], {"USDC": 5})
    network.warp(1_000)
    assert network.balance("alder", "USDC", owner) == before + 5
    network.revert(mark)
    assert network.balance("alder", "USDC", owner) == before
    ages = [int(rpc.block()["timestamp"], 16) for rpc in network.rpcs.values()]
    assert max(ages) - min(ages) <= 5


def test_saved_state_serves_a_second_network_beside_the_first(
    network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.perf_counter()
    second = start_network()
    seconds = time.perf_counter() - began
    try:
        assert {m.endpoints[0].url for m in second.manifests.values()}.isdisjoint(
            m.endpoints[0].url for m in network.manifests.values()
        )
        assert second.manifest("birch").contracts == network.manifest("birch").contracts
    finally:
        second.stop()
    with capsys.disabled():
        sys.stdout.write(f"\nfour chains from saved state in {seconds:.2f} s\n")
