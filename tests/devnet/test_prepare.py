"""The demo's chains: deployed once, kept over restarts, clocks moved forward together."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from intents.chains.manifest import ChainManifest
from intents.chains.registry import read_directory
from intents.devnet.accounts import DEMO_WALLET, address
from intents.devnet.funding import fund_wallets
from intents.devnet.manifests import validator_urls
from intents.devnet.network import Network, prepare, state_file
from intents.devnet.nodes import Node, free_ports, node_command
from intents.devnet.profiles import ALDER, DOGWOOD, SUMMIT, ChainProfile, with_block_seconds
from intents.devnet.warp import rpc_of, set_clock, warp

PROFILES = with_block_seconds((SUMMIT, ALDER), 0.25)


@contextmanager
def _nodes(directory: Path, profiles: Sequence[ChainProfile] = PROFILES) -> Iterator[list[Node]]:
    nodes = []
    for profile, port in zip(profiles, free_ports(len(profiles)), strict=True):
        command = node_command(profile, port=port, state=state_file(directory, profile))
        nodes.append(Node(profile, command, port))
    try:
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def _prepared(nodes: Sequence[Node], directory: Path, said: list[str]) -> list[ChainManifest]:
    return prepare(
        [node.profile for node in nodes],
        {node.profile.slug: node.url for node in nodes},
        validators=validator_urls([1, 2, 3]),
        state_directory=directory,
        network_directory=directory / "network",
        say=said.append,
    )


def _clock(manifest: ChainManifest) -> int:
    return int(rpc_of(manifest).block()["timestamp"], 16)


def _usdc(manifest: ChainManifest) -> int:
    token = manifest.token("USDC").address
    return int(rpc_of(manifest).call(token, "balanceOf(address)", address(DEMO_WALLET)))


def test_chains_are_deployed_once_and_remember(tmp_path: Path) -> None:
    said: list[str] = []
    with _nodes(tmp_path) as nodes:
        first = _prepared(nodes, tmp_path, said)
        assert len(said) == 1
        alder = first[1]
        fund_wallets(alder, [address(DEMO_WALLET)], amounts={"USDC": 7})
        held = _usdc(alder)
        warp(1_000, first)
        stopped_at = max(_clock(manifest) for manifest in first)
    with _nodes(tmp_path) as nodes:
        second = _prepared(nodes, tmp_path, said)
        assert len(said) == 1, "contracts were deployed twice"
        assert second[1].contracts == alder.contracts
        assert _usdc(second[1]) == held
        clocks = [_clock(manifest) for manifest in second]
        assert min(clocks) >= stopped_at
        assert max(clocks) - min(clocks) <= 5
        # The clock runs on from there at its usual pace.
        time.sleep(1.2)
        assert _clock(second[0]) > clocks[0]
        assert [m.content_hash for m in read_directory(tmp_path / "network")] == [
            m.content_hash for m in sorted(second, key=lambda manifest: manifest.slug)
        ]


def test_a_chain_past_the_moment_chosen_for_all_keeps_its_clock(fresh_network: Network) -> None:
    alder = fresh_network.rpcs["alder"]
    now = int(alder.block()["timestamp"], 16)
    set_clock(alder, now - 30)
    assert now <= int(alder.block()["timestamp"], 16) <= now + 30


def test_the_chain_makes_blocks_at_its_own_pace_after_deploying(tmp_path: Path) -> None:
    with _nodes(tmp_path) as nodes:
        manifests = _prepared(nodes, tmp_path, [])
        rpc = rpc_of(manifests[1])
        began, before = time.monotonic(), int(rpc.request("eth_blockNumber"), 16)
        time.sleep(2)
        made = int(rpc.request("eth_blockNumber"), 16) - before
        assert 3 <= made <= (time.monotonic() - began) / 0.25 + 2


def test_a_killed_node_starts_again_from_its_last_saved_state(tmp_path: Path) -> None:
    with _nodes(tmp_path) as nodes:
        manifests = _prepared(nodes, tmp_path, [])
        held = _usdc(manifests[1])
    with _nodes(tmp_path) as nodes:
        again = _prepared(nodes, tmp_path, [])
        os.kill(nodes[1].pid, signal.SIGKILL)
        nodes[1].restart()
        assert _usdc(again[1]) == held


def test_a_chain_that_joins_later_is_introduced_to_the_others(tmp_path: Path) -> None:
    said: list[str] = []
    with _nodes(tmp_path, [SUMMIT, DOGWOOD]) as nodes:
        _prepared(nodes[:1], tmp_path, said)
        summit, dogwood = _prepared(nodes, tmp_path, said)
        assert said == ["deploying contracts on Summit", "deploying contracts on Dogwood"]
        for here, there in ((summit, dogwood), (dogwood, summit)):
            routers = rpc_of(here).call(
                here.address("warp_usdc"), "routers(uint32)", there.domain, returns="bytes32"
            )
            assert routers[12:].hex() == there.address("warp_usdc")[2:].lower()
