"""One validator's eye on one chain: reads its message tree and signs what is final."""

import logging
import threading
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from intents.chains.manifest import ChainManifest

from .proofs import Checkpoint
from .validator_node import Node, NodeUnavailable
from .validator_store import CheckpointStore, read_json, write_json
from .validator_tree import MerkleTree

logger = logging.getLogger(__name__)

INSERTED: Final = "0x" + keccak(text="InsertedIntoTree(bytes32,uint32)").hex()
LATEST_CHECKPOINT: Final = "0x" + keccak(text="latestCheckpoint()")[:4].hex()
DEPLOYED_BLOCK: Final = "0x" + keccak(text="deployedBlock()")[:4].hex()
LOG_RANGE: Final = 2_000
PAUSE_AFTER_FAILURE_SECONDS: Final = 1.0
SHORTEST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 1.0
LOOKS_PER_BLOCK: Final = 3
STOP_SECONDS: Final = 1.0


class TreeMismatch(Exception):
    """The chain's tree is not what its own logs say; nothing is signed."""

    code = "tree_mismatch"
    retry = True


class DeepReorg(Exception):
    """A block that was final is gone. A validator must not sign two histories."""

    code = "deep_reorg"
    retry = False


@dataclass(slots=True)
class Place:
    """How far a tree has been read: the last block, its hash, and the tree at its end."""

    block: int
    block_hash: str
    tree: MerkleTree


class ChainWatch:
    """Follows one chain from its own thread; everything it signs goes to the store."""

    def __init__(self, manifest: ChainManifest, signer: LocalAccount, store: CheckpointStore) -> None:
        self.manifest = manifest
        self.hook = manifest.address("merkle_tree_hook")
        self._signer = signer
        self._store = store
        self._node = Node(manifest.endpoints[0].url)
        self._place: Place | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=manifest.slug, daemon=True)
        store.open_domain(manifest.domain, self.hook)

    def start(self) -> None:
        """Begin watching."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Have the thread end after what it is doing."""
        self._stopped.set()

    def stop(self) -> None:
        """End the thread and wait for it a moment; what it writes is never half written."""
        self.ask_to_stop()
        self._thread.join(STOP_SECONDS)
        self.close()

    def close(self) -> None:
        """Drop the connection to the node."""
        self._node.close()

    def look(self) -> int:
        """Read what became final since the last look and sign it; how many checkpoints were signed.

        Raises NodeUnavailable, TreeMismatch, DeepReorg.
        """
        if self._place is None:
            self._place = self._remembered() or self._beginning()
        head, is_known = self._standing(self._place)
        if not is_known:
            self._place = self._start_over(self._place)
            head, is_known = self._standing(self._place)
        final = head - self.manifest.depth + 1
        return self._read_until(self._place, final) if is_known else 0

    def _standing(self, place: Place) -> tuple[int, bool]:
        """The head's number, and whether the block where reading stopped is still there."""
        latest, known = self._node.batch(
            [
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getBlockByNumber", [hex(place.block), False]),
            ]
        )
        if latest is None:
            raise NodeUnavailable(f"{self._node.place} has no latest block")
        return int(latest["number"], 16), known is not None and known["hash"] == place.block_hash

    def _read_until(self, place: Place, final: int) -> int:
        signed = 0
        while place.block < final:
            end = min(place.block + LOG_RANGE, final)
            logs, block = self._node.batch(
                [
                    ("eth_getLogs", [self._filter(place.block + 1, end)]),
                    ("eth_getBlockByNumber", [hex(end), False]),
                ]
            )
            if block is None:
                raise NodeUnavailable(f"{self._node.place} lost block {end}")
            tree = MerkleTree(list(place.tree.branch), place.tree.count)
            checkpoints = [self._insert(tree, log) for log in _in_order(logs)]
            self._check_against_chain(tree, bool(checkpoints))
            for checkpoint in checkpoints:
                self._store.publish(checkpoint, self._signer)
            signed += len(checkpoints)
            place.block, place.block_hash, place.tree = end, block["hash"], tree
            if checkpoints:
                self._remember(place)
        return signed

    def _insert(self, tree: MerkleTree, log: dict[str, Any]) -> Checkpoint:
        data = bytes.fromhex(log["data"].removeprefix("0x"))
        message_id, index = data[:32], int.from_bytes(data[32:64], "big")
        if index != tree.count:
            raise TreeMismatch(f"{self.manifest.slug}: leaf {index} follows {tree.count} leaves")
        tree.insert(message_id)
        return Checkpoint(
            domain=self.manifest.domain,
            merkle_tree_hook=self.hook,
            root=tree.root(),
            index=index,
            message_id=message_id,
        )

    def _check_against_chain(self, tree: MerkleTree, has_new: bool) -> None:
        if not has_new:
            return
        raw = self._node.request("eth_call", {"to": self.hook, "data": LATEST_CHECKPOINT}, "latest")
        answer = bytes.fromhex(raw.removeprefix("0x"))
        root, index = answer[:32], int.from_bytes(answer[32:64], "big")
        # The chain may be ahead of what is final; when it is not, the roots must agree.
        if index == tree.count - 1 and root != tree.root():
            raise TreeMismatch(f"{self.manifest.slug}: the root after leaf {index} is not the chain's")

    def _start_over(self, place: Place) -> Place:
        if not self.manifest.is_local:
            raise DeepReorg(f"{self.manifest.slug}: block {place.block} {place.block_hash} is gone")
        logger.warning("%s: a final block is gone; reading the local chain anew", self.manifest.slug)
        self._store.clear_domain(self.manifest.domain, self.hook)
        return self._beginning()

    def _beginning(self) -> Place:
        raw = self._node.request("eth_call", {"to": self.hook, "data": DEPLOYED_BLOCK}, "latest")
        number = max(0, int(raw, 16) - 1)
        return Place(number, self._hash_of(number), MerkleTree())

    def _remembered(self) -> Place | None:
        try:
            value = read_json(self._store.tree_path(self.manifest.domain, self.hook))
        except (FileNotFoundError, ValueError):
            return None
        branch = [bytes.fromhex(node) for node in value["branch"]]
        return Place(value["block"], value["hash"], MerkleTree(branch, value["count"]))

    def _remember(self, place: Place) -> None:
        write_json(
            self._store.tree_path(self.manifest.domain, self.hook),
            {
                "block": place.block,
                "hash": place.block_hash,
                "count": place.tree.count,
                "branch": [node.hex() for node in place.tree.branch],
            },
        )

    def _hash_of(self, number: int) -> str:
        block = self._node.request("eth_getBlockByNumber", hex(number), False)
        if block is None:
            raise NodeUnavailable(f"{self._node.place} has no block {number}")
        return str(block["hash"])

    def _filter(self, first: int, last: int) -> dict[str, Any]:
        return {"address": self.hook, "topics": [INSERTED], "fromBlock": hex(first), "toBlock": hex(last)}

    def _run(self) -> None:
        pause = self.manifest.block_seconds / LOOKS_PER_BLOCK
        pause = min(max(pause, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        while not self._stopped.is_set():
            try:
                signed = self.look()
            except NodeUnavailable as error:
                logger.info("%s: %s", self.manifest.slug, error)
                self._stopped.wait(PAUSE_AFTER_FAILURE_SECONDS)
                continue
            except (TreeMismatch, DeepReorg) as error:
                logger.error("signing nothing: %s", error)
                self._stopped.wait(PAUSE_AFTER_FAILURE_SECONDS)
                continue
            except Exception:  # a thread that ended would look alive from outside and sign nothing ever again
                logger.exception("%s: looking failed", self.manifest.slug)
                self._stopped.wait(PAUSE_AFTER_FAILURE_SECONDS)
                continue
            if signed:
                logger.info("%s: checkpoints signed: %d", self.manifest.slug, signed)
            self._stopped.wait(pause)


def _in_order(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(logs, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))
