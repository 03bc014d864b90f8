"""The new chain is introduced to every connected one, and they to it: one transaction a chain and warp route.

Then it is connected: a row that every running process reads, and a file that validators read.
"""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.conf import settings
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from intents.chains import registry
from intents.chains.bridge import BridgeManifest
from intents.chains.calls import Call, encode_call
from intents.chains.check import check_chain
from intents.chains.client import ChainClient, client
from intents.chains.endpoints import RpcDisagreement, RpcUnavailable
from intents.chains.manifest import ChainManifest, Contract
from intents.chains.manifest_reader import ManifestError
from intents.chains.manifest_toml import to_toml
from intents.engine import departures

from .errors import NotAsDescribed
from .work import Deed, Joining, Look, Note, priced, read_views

NAME: Final = "routes"
ENROL: Final = "enrollRemoteRouters(uint32[],bytes32[])"
ENROL_GAS: Final = 150_000
AT_ONCE: Final = 8


def look(joining: Joining) -> Look:
    """Which ends of warp routes do not know each other yet. A chain that does not answer is left for later."""
    deeds: list[Deed] = []
    notes: list[Note] = []
    for end in joining.manifest.bridges:
        remotes = {
            peer.domain: other.router
            for peer in _others(joining)
            if (other := peer.bridge(end.route)) is not None
        }
        known = joining.views([(end.router, "routers(uint32)", (each,), "bytes32") for each in remotes])
        deeds += joining.priced(_enrolment(end, remotes, known))
    joining.beat()
    for peer, found in _on_peers(joining):
        if found is None:
            notes.append(Note("join_peer_away", {"chain": peer.name}))
        else:
            deeds += found
    return Look(joining.manifest, tuple(deeds), tuple(notes))


def finish(joining: Joining) -> None:
    """Check the whole manifest against the chain, then connect it. Raises NotAsDescribed."""
    joining.manifest = with_code_hashes(joining)
    problems = check_chain(joining.manifest)
    if problems:
        raise NotAsDescribed(joining.manifest.name, [f"{key}: {text}" for key, text in problems])
    write_manifest(joining.manifest, Path(settings.NETWORK_DIR))
    registry.load([joining.manifest])
    if joining.manifest.chain_id not in joining.peers:
        # One that had left is back; what staff drain while it is connected stays drained.
        departures.end(joining.manifest.chain_id)


def require_one_file(asked: ChainManifest, directory: Path) -> None:
    """The chain may have no other file there: of two nobody could say which is true. Raises ManifestError."""
    for file in sorted(directory.glob("*.toml")):
        if file.name != f"{asked.slug}.toml" and _chain_id_of(file) == asked.chain_id:
            raise ManifestError("slug", f"{file.name} in the network folder is of this chain, too: remove it")


def _chain_id_of(file: Path) -> object:
    try:
        return tomllib.loads(file.read_text("utf-8")).get("chain_id")
    except (OSError, ValueError):
        return None


def write_manifest(manifest: ChainManifest, directory: Path) -> None:
    """Write the chain's TOML file, replaced in one step: from then on the validators sign for it."""
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / f".{manifest.slug}.partial"
    partial.write_text(to_toml(manifest), "utf-8")
    partial.replace(directory / f"{manifest.slug}.toml")


def _others(joining: Joining) -> list[ChainManifest]:
    return [peer for peer in joining.peers.values() if peer.chain_id != joining.manifest.chain_id]


def _on_peers(joining: Joining) -> list[tuple[ChainManifest, tuple[Deed, ...] | None]]:
    """What is missing on each, None where it does not answer. Many at once: far chains take their time."""

    def look_at(place: tuple[ChainManifest, ChainClient]) -> tuple[Deed, ...] | None:
        try:
            return _on_peer(joining, *place)
        except (RpcUnavailable, RpcDisagreement):
            return None

    peers = [(peer, client(peer.chain_id)) for peer in _others(joining)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="routes") as pool:
        return [(peer, found) for (peer, _), found in zip(peers, pool.map(look_at, peers), strict=True)]


def _on_peer(joining: Joining, peer: ChainManifest, chain: ChainClient) -> tuple[Deed, ...]:
    wanted: list[tuple[str, Call]] = []
    for end in peer.bridges:
        own = joining.manifest.bridge(end.route)
        if own is None:
            continue
        remotes = {joining.manifest.domain: own.router}
        known = read_views(chain, [(end.router, "routers(uint32)", (each,), "bytes32") for each in remotes])
        wanted += _enrolment(end, remotes, known)
    return priced(chain, joining.owner, wanted)


def _enrolment(
    end: BridgeManifest, remotes: dict[int, str], known: list[bytes | None]
) -> list[tuple[str, Call]]:
    wanted = {domain: bytes(12) + to_canonical_address(router) for domain, router in remotes.items()}
    missing = {
        domain: router
        for (domain, router), found in zip(wanted.items(), known, strict=True)
        if found != router
    }
    if not missing:
        return []
    data = encode_call(ENROL, (list(missing), list(missing.values())))
    limit = ENROL_GAS * (1 + len(missing))
    return [(f"introduce {len(missing)} on {end.route}", Call(end.router, data, gas_limit=limit))]


def with_code_hashes(joining: Joining) -> ChainManifest:
    """The manifest with the hash of every contract's code, as the chain has it now."""
    manifest = joining.manifest
    names = list(manifest.contracts)
    codes = joining.chain.batch(
        [("eth_getCode", [manifest.contracts[name].address, "latest"]) for name in names]
    )
    hashed = {
        name: Contract(
            manifest.contracts[name].address,
            manifest.contracts[name].code_hash or "0x" + keccak(bytes.fromhex(code[2:])).hex(),
        )
        for name, code in zip(names, codes, strict=True)
    }
    return replace(manifest, contracts=hashed)
