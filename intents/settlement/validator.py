"""A validator: one key, every chain of the network directory, one read-only HTTP endpoint.

Runs apart from the engine and shares nothing with it: no database, no broker, no sending keys. It signs
message-tree checkpoints only past each chain's final depth, and publishes
``/<domain>/checkpoint/<index>.json``, ``/<domain>/by-message/<id>.json`` and ``/<domain>/latest.json``.
"""

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from eth_abi import decode as abi_decode
from eth_abi import encode as abi_encode
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils import keccak
from hexbytes import HexBytes

from intents.chains.manifest import ChainManifest, parse
from intents.chains.manifest_reader import ManifestError

from .validator_node import Node, NodeUnavailable
from .validator_store import CheckpointStore, serve
from .validator_watch import ChainWatch

logger = logging.getLogger(__name__)

RESCAN_SECONDS: Final = 1.0
ANNOUNCE_GAS: Final = 400_000


class NotAValidator(Exception):
    """No manifest names this key's address, so there is nothing to sign for it."""

    code = "not_a_validator"
    retry = True


class Validator:
    """Watches the chains whose manifests name the signer, from the moment their manifest appears."""

    def __init__(self, signer: LocalAccount, network_directory: Path, state_directory: Path) -> None:
        self.signer = signer
        self._network = network_directory
        self._store = CheckpointStore(state_directory / signer.address.lower())
        self._watches: dict[int, ChainWatch] = {}
        self._unannounced: dict[int, ChainManifest] = {}
        self._stopped = threading.Event()
        # Set once the chains known at the start have been told where this validator publishes.
        self.announced = threading.Event()

    def run(self, *, listen: str = "") -> None:
        """Publish, then follow the network directory until `stop`.

        `listen` is ``host:port``; without it the URL that the manifests give this validator decides.
        Raises NotAValidator when neither says where.
        """
        host, port = _host_and_port(listen) if listen else self._published_place()
        server = serve(self._store, host, port)
        logger.info("validator %s publishes at http://%s:%d", self.signer.address, host, port)
        try:
            while not self._stopped.is_set():
                self.rescan()
                self.announced.set()
                self._stopped.wait(RESCAN_SECONDS)
        finally:
            self.close()
            server.shutdown()
            server.server_close()

    def stop(self) -> None:
        """Have `run` return."""
        self._stopped.set()

    def close(self) -> None:
        """Stop watching every chain."""
        for watch in self._watches.values():
            watch.ask_to_stop()
        for watch in self._watches.values():
            watch.stop()

    def rescan(self) -> None:
        """Start watching chains that appeared, and anew those whose manifest moved them."""
        for manifest in self._own_manifests():
            current = self._watches.get(manifest.domain)
            if current is not None and _same_place(current.manifest, manifest):
                continue
            if current is not None:
                current.stop()
            watch = ChainWatch(manifest, self.signer, self._store)
            self._watches[manifest.domain] = watch
            watch.start()
            self._unannounced[manifest.domain] = manifest
        for manifest in list(self._unannounced.values()):
            try:
                self._announce(manifest)
            except Exception:  # what one chain's node says must not end the signing for all others
                logger.exception("%s: announcing failed", manifest.slug)

    def _own_manifests(self) -> list[ChainManifest]:
        found = []
        for file in sorted(self._network.glob("*.toml")):
            try:
                manifest = _parsed(file.read_text("utf-8"))
            except (ManifestError, OSError) as error:
                logger.warning("%s is passed over: %s", file.name, error)
                continue
            if not any(entry.address == self.signer.address for entry in manifest.validators):
                continue
            if "merkle_tree_hook" in manifest.contracts:
                found.append(manifest)
            else:
                logger.warning("%s is passed over: it names no merkle_tree_hook", file.name)
        return found

    def _published_place(self) -> tuple[str, int]:
        for manifest in self._own_manifests():
            return _host_and_port(urlsplit(_own_url(manifest, self.signer.address)).netloc)
        raise NotAValidator(f"no manifest in {self._network} names {self.signer.address}")

    def _announce(self, manifest: ChainManifest) -> None:
        node = Node(manifest.endpoints[0].url)
        try:
            if "validator_announce" in manifest.contracts:
                announce(node, manifest, self.signer, _own_url(manifest, self.signer.address))
            del self._unannounced[manifest.domain]
        except NodeUnavailable as error:
            # Signatures count without an announcement; it only tells strangers where they are.
            logger.warning("%s: not announced yet: %s", manifest.slug, error)
        finally:
            node.close()


# Every second all manifests are read: reading each anew would keep half a core busy with forty chains.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> ChainManifest:
    return parse(text)


def announce(node: Node, manifest: ChainManifest, signer: LocalAccount, location: str) -> bool:
    """Write the place of publication on chain unless it is there; whether a transaction was sent."""
    contract = manifest.address("validator_announce")
    raw = node.request(
        "eth_call",
        {"to": contract, "data": _data("getAnnouncedStorageLocations(address[])", [signer.address])},
        "latest",
    )
    (locations,) = abi_decode(["string[][]"], bytes.fromhex(raw.removeprefix("0x")))
    if any(location in known for known in locations):
        return False
    asked = {"to": contract, "data": _data("getAnnouncementDigest(string)", location)}
    digest, nonce = node.batch(
        [("eth_call", [asked, "latest"]), ("eth_getTransactionCount", [signer.address, "pending"])]
    )
    signature = bytes(signer.unsafe_sign_hash(Hash32(HexBytes(digest))).signature)
    transaction: dict[str, Any] = {
        "to": contract,
        "data": _data("announce(address,string,bytes)", signer.address, location, signature),
        "value": 0,
        "gas": ANNOUNCE_GAS,
        "maxFeePerGas": manifest.max_fee_wei,
        "maxPriorityFeePerGas": manifest.priority_fee_wei,
        "nonce": int(nonce, 16),
        "chainId": manifest.chain_id,
    }
    signed = signer.sign_transaction(transaction)
    node.request("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
    return True


def _own_url(manifest: ChainManifest, address: str) -> str:
    return next(entry.url for entry in manifest.validators if entry.address == address)


def _same_place(old: ChainManifest, new: ChainManifest) -> bool:
    return (old.endpoints, old.depth, old.contracts["merkle_tree_hook"]) == (
        new.endpoints,
        new.depth,
        new.contracts["merkle_tree_hook"],
    )


def _host_and_port(netloc: str) -> tuple[str, int]:
    host, _, port = netloc.rpartition(":")
    return host or "127.0.0.1", int(port)


def _data(signature: str, *args: object) -> str:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return "0x" + (keccak(text=signature)[:4] + abi_encode(types, args)).hex()
