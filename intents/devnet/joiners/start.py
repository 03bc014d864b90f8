"""Starts the node of a chain that joins later, beside a running local network."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from intents.chains.manifest import ChainManifest
from intents.chains.manifest_toml import to_toml
from intents.devnet import deployed as deployed_file
from intents.devnet.market import read_local, read_prices
from intents.devnet.network import deployed_path, state_file
from intents.devnet.nodes import Node, node_command
from intents.devnet.ports import HOST, require_free
from intents.devnet.profiles import ALL, PRICES_E8, ChainProfile
from intents.devnet.rpc import NodeUnreachable, Rpc
from intents.devnet.warp import rpc_of

from .own import asking_manifest, deploy_own

FOLDER: Final = "joining"


def joiner(slug: str) -> tuple[int, ChainProfile]:
    """A chain that joins later, with its place among all: its port follows from it. Raises KeyError."""
    for place, profile in enumerate(ALL):
        if profile.joins_later and profile.slug == slug.lower():
            return place, profile
    raise KeyError(slug)


def start_joiner(
    slug: str,
    *,
    first_port: int,
    run_dir: Path,
    network_directory: Path,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Node, Path]:
    """The running node, which the caller stops, and the manifest with which the chain may join.

    Its state is kept beside that of the other chains. Raises KeyError, PortTaken, NodeFailed, DeploymentFailed.
    """
    place, profile = joiner(slug)
    port = first_port + place
    require_free(port, what=f"the chain {profile.slug}", variable="DEVNET_PORT")
    chains = run_dir / "chains"
    chains.mkdir(parents=True, exist_ok=True)
    node = Node(profile, node_command(profile, port=port, state=state_file(chains, profile)), port)
    try:
        node.wait()
        asking = make_own(profile, f"http://{HOST}:{port}", chains, network_directory, say)
    except BaseException:
        node.stop()
        raise
    return node, write_asking(asking, run_dir / FOLDER)


def make_own(
    profile: ChainProfile,
    url: str,
    chains: Path,
    network_directory: Path,
    say: Callable[[str], None] = lambda _: None,
) -> ChainManifest:
    """What the chain has of its own, deployed unless it is there; the manifest with which it asks to join."""
    rpc, known = Rpc(url), deployed_path(chains, profile)
    peers = read_local(network_directory)
    try:
        found = deployed_file.load(known)
        code = rpc.request("eth_getCode", found.contracts["weth"], "latest")
    except FileNotFoundError:
        code = "0x"
    if code in ("0x", ""):
        say(f"{profile.name}: its tokens, pools and feeds")
        _catch_up(rpc, peers)
        found = deploy_own(rpc, profile, _prices(peers))
        found.save(known)
    return asking_manifest(profile, found, url=url)


def write_asking(manifest: ChainManifest, directory: Path) -> Path:
    """Write the manifest as its operator would hand it in."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{manifest.slug}.toml"
    path.write_text(to_toml(manifest), "utf-8")
    return path


def _prices(peers: list[ChainManifest]) -> Mapping[str, int]:
    """Today's prices, where a running chain tells them."""
    for peer in peers:
        try:
            return {**PRICES_E8, **read_prices(peer, rpc_of(peer))}
        except NodeUnreachable:
            continue
    return PRICES_E8


def _catch_up(rpc: Rpc, peers: list[ChainManifest]) -> None:
    """Bring the clock to that of the others, which may have been moved ahead."""
    times = []
    for peer in peers:
        try:
            times.append(int(rpc_of(peer).block()["timestamp"], 16))
        except NodeUnreachable:
            continue
    ahead = max(times, default=0)
    if ahead > int(rpc.block()["timestamp"], 16):
        rpc.batch([("evm_setNextBlockTimestamp", [ahead]), ("evm_mine", [])])
