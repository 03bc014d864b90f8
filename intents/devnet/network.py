"""A whole local network: starting it, keeping its state, and what tests and the demo do with it."""

import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest
from intents.contracts.artifacts import cache_dir

from . import deployed as deployed_file
from . import warp as clock
from .deploy import deploy_network
from .deployed import Deployed
from .funding import fund_wallets
from .manifests import manifest_of, validator_urls, write_manifests
from .nodes import Node, free_ports, node_command, wait_for
from .profiles import PRICES_E8, RUNNING, ChainProfile
from .rpc import Rpc, RpcError

VALIDATOR_COUNT: Final = 3
KEPT_STATES: Final = 6
# The modules that decide what a deployed chain looks like.
DEPLOYING: Final = (
    "accounts",
    "deploy",
    "deployed",
    "deployment",
    "funding",
    "messaging",
    "names",
    "pools",
    "settlers",
    "tokens",
)
PACKAGE: Final = Path(__file__).resolve().parent
CONTRACTS: Final = PACKAGE.parent / "contracts"


class Network:
    """Running local chains by slug: their manifests, and the node of each."""

    def __init__(self, manifests: Sequence[ChainManifest], validator_ports: Sequence[int] = ()) -> None:
        self.manifests: dict[str, ChainManifest] = {manifest.slug: manifest for manifest in manifests}
        self.rpcs: dict[str, Rpc] = {manifest.slug: Rpc(manifest.endpoints[0].url) for manifest in manifests}
        self.validator_ports = list(validator_ports)
        self._nodes: list[Node] = []

    def own(self, nodes: Sequence[Node]) -> "Network":
        """Stop these nodes with the network."""
        self._nodes = list(nodes)
        return self

    def manifest(self, slug: str) -> ChainManifest:
        """The manifest of a chain; raises KeyError."""
        return self.manifests[slug]

    def rpc(self, slug: str) -> Rpc:
        """The node of a chain; raises KeyError."""
        return self.rpcs[slug]

    def token(self, slug: str, symbol: str) -> str:
        """A token's address."""
        return self.manifests[slug].token(symbol).address

    def balance(self, slug: str, symbol: str, owner: str) -> int:
        """Base units of a token, or of the chain's own coin, that `owner` holds."""
        if self.token(slug, symbol) == ZERO_ADDRESS:
            return int(self.rpcs[slug].request("eth_getBalance", owner, "latest"), 16)
        return int(self.rpcs[slug].call(self.token(slug, symbol), "balanceOf(address)", owner))

    def mine(self, slug: str, blocks: int = 1) -> None:
        """Mine empty blocks."""
        self.rpcs[slug].batch([("evm_mine", [])] * blocks)

    def mine_all(self, blocks: int = 1) -> None:
        """Mine empty blocks on every chain."""
        for slug in self.rpcs:
            self.mine(slug, blocks)

    def warp(self, seconds: int) -> None:
        """Move all chains ahead together and refresh their feeds."""
        clock.warp(seconds, list(self.manifests.values()))

    def fund(
        self,
        slug: str,
        owners: Sequence[str],
        amounts: Mapping[str, int],
        *,
        permit2: Iterable[str] = (),
    ) -> None:
        """Give every owner gas and base units by symbol; Permit2 may move the symbols named."""
        fund_wallets(self.manifests[slug], owners, amounts=amounts, permit2=permit2)

    def snapshot(self) -> dict[str, str]:
        """Mark the state of every chain; `revert` goes back to it once."""
        return {slug: rpc.request("evm_snapshot") for slug, rpc in self.rpcs.items()}

    def revert(self, marks: Mapping[str, str]) -> None:
        """Go back to a snapshot, which is used up; the clocks return to the present.

        A reorg beyond the snapshot leaves anvil unable to: that node starts again from its saved state.
        """
        for slug, mark in marks.items():
            try:
                self.rpcs[slug].request("evm_revert", mark)
            except RpcError:
                self.restart(slug)
            # What was stranded unmined survives the revert and would stand in the way of the same transaction.
            self.rpcs[slug].request("anvil_dropAllTransactions")
        clock.align(list(self.manifests.values()))

    def restart(self, slug: str) -> None:
        """Start a chain's node again, from the state it started with. Raises KeyError for a foreign node."""
        node = {node.profile.slug: node for node in self._nodes}[slug]
        self.rpcs[slug].close()
        node.restart()

    @contextmanager
    def ticking(self, seconds: float = 0.2) -> Iterator[None]:
        """Mine a block on every chain at this pace meanwhile: depth grows though nobody sends anything."""
        stopped = threading.Event()

        def tick() -> None:
            while not stopped.wait(seconds):
                self.mine_all()

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def write_manifests(self, directory: Path) -> None:
        """Write one TOML file per chain."""
        write_manifests(list(self.manifests.values()), directory)

    def stop(self) -> None:
        """Stop the nodes that this network started."""
        for node in self._nodes:
            node.stop()
        self._nodes = []


def start_network(
    profiles: Sequence[ChainProfile] = RUNNING,
    *,
    prices_e8: Mapping[str, int] = PRICES_E8,
    is_instant: bool = True,
) -> Network:
    """Start nodes on free ports from saved state, building and saving it the first time.

    Every transaction gets its own block at once unless `is_instant` is false. The caller stops the network.
    """
    saved = saved_state(profiles, prices_e8)
    *ports, first, second, third = free_ports(len(profiles) + VALIDATOR_COUNT)
    nodes = [
        Node(
            profile,
            node_command(profile, port=port, load_state=state_file(saved, profile), is_instant=is_instant),
            port,
        )
        for profile, port in zip(profiles, ports, strict=True)
    ]
    validator_ports = [first, second, third]
    try:
        for node in nodes:
            node.wait()
        manifests = [
            manifest_of(
                node.profile,
                deployed_file.load(deployed_path(saved, node.profile)),
                url=node.url,
                validators=validator_urls(validator_ports),
            )
            for node in nodes
        ]
        clock.align(manifests)
    except BaseException:
        for node in nodes:
            node.stop()
        raise
    return Network(manifests, validator_ports).own(nodes)


def prepare(
    profiles: Sequence[ChainProfile],
    urls: Mapping[str, str],
    *,
    validators: Sequence[str],
    state_directory: Path,
    network_directory: Path,
    say: Callable[[str], None] = lambda _: None,
) -> list[ChainManifest]:
    """Make running nodes (URL by slug) a network: deploy where nothing is, align clocks, write manifests.

    Safe to repeat. `state_directory` is where the nodes keep their state; what was deployed is noted there.
    """
    rpcs = {profile.slug: Rpc(urls[profile.slug]) for profile in profiles}
    for profile in profiles:
        wait_for(rpcs[profile.slug], profile.chain_id)
    known = {p.slug: found for p in profiles if (found := _standing(p, rpcs[p.slug], state_directory))}
    missing = [profile for profile in profiles if profile.slug not in known]
    if missing:
        say(f"deploying contracts on {', '.join(profile.name for profile in missing)}")
        fresh = deploy_network(missing, rpcs, PRICES_E8, others=list(known.values()))
        for profile in missing:
            fresh[profile.slug].save(deployed_path(state_directory, profile))
        known |= fresh
    manifests = [
        manifest_of(profile, known[profile.slug], url=urls[profile.slug], validators=validators)
        for profile in profiles
    ]
    clock.align(manifests)
    write_manifests(manifests, network_directory)
    return manifests


def copy_state(
    profiles: Sequence[ChainProfile],
    prices_e8: Mapping[str, int],
    directory: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Put the saved state of this very network into a directory that is not there yet, for nodes to begin with."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(saved_state(profiles, prices_e8, say=say), directory)


def saved_state(
    profiles: Sequence[ChainProfile],
    prices_e8: Mapping[str, int],
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """The directory with the state of this very network, built when there is none yet."""
    directory = cache_dir() / "devnet" / state_key(profiles, prices_e8)
    if directory.is_dir():
        return directory
    say(f"deploying contracts on {', '.join(profile.name for profile in profiles)}")
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".building-", dir=directory.parent))
    try:
        _build_state(profiles, prices_e8, partial)
        # Another process may have built the same meanwhile; either is as good.
        if not directory.is_dir():
            partial.rename(directory)
            _forget_old(directory.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return directory


def state_key(profiles: Sequence[ChainProfile], prices_e8: Mapping[str, int]) -> str:
    """Names a network by everything it is made from: profiles, contracts and the code that deploys them."""
    digest = hashlib.sha256(json.dumps([asdict(item) for item in profiles], sort_keys=True).encode())
    digest.update(json.dumps(dict(prices_e8), sort_keys=True).encode())
    sources = [PACKAGE / f"{name}.py" for name in DEPLOYING]
    sources += (PACKAGE / "contracts").glob("*.vy")
    sources += [*CONTRACTS.rglob("*.vy"), *CONTRACTS.rglob("*.vyi")]
    sources += [CONTRACTS / name for name in ("addresses.py", "creations.py", "packages.toml")]
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


def state_file(directory: Path, profile: ChainProfile) -> Path:
    """Where a chain's node keeps its state."""
    return directory / f"{profile.slug}.json"


def deployed_path(directory: Path, profile: ChainProfile) -> Path:
    """Where is noted what was deployed on a chain."""
    return directory / f"{profile.slug}.deployed.json"


def _build_state(profiles: Sequence[ChainProfile], prices_e8: Mapping[str, int], directory: Path) -> None:
    nodes = []
    try:
        for profile, port in zip(profiles, free_ports(len(profiles)), strict=True):
            command = node_command(profile, port=port, state=state_file(directory, profile), is_instant=True)
            nodes.append(Node(profile, command, port))
        for node in nodes:
            node.wait()
        fresh = deploy_network(profiles, {node.profile.slug: node.rpc for node in nodes}, prices_e8)
    finally:
        with ThreadPoolExecutor(max(1, len(nodes))) as pool:
            list(pool.map(Node.stop, nodes))
    for profile in profiles:
        fresh[profile.slug].save(deployed_path(directory, profile))


def _forget_old(parent: Path) -> None:
    states = sorted((item for item in parent.iterdir() if not item.name.startswith(".")), key=_age)
    for stale in states[:-KEPT_STATES]:
        shutil.rmtree(stale, ignore_errors=True)


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _standing(profile: ChainProfile, rpc: Rpc, state_directory: Path) -> Deployed | None:
    try:
        found = deployed_file.load(deployed_path(state_directory, profile))
    except FileNotFoundError:
        return None
    code = rpc.request("eth_getCode", found.contracts["solver_account"], "latest")
    return found if code not in ("0x", "") else None
