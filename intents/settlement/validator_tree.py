"""Hyperlane's incremental Merkle tree of message ids, as MerkleTreeHook keeps it on chain. Pure."""

from typing import Final

from eth_utils import keccak

DEPTH: Final = 32
_ZEROS: Final = [b"\x00" * 32]
for _ in range(DEPTH):
    _ZEROS.append(keccak(_ZEROS[-1] + _ZEROS[-1]))


class MerkleTree:
    """Append only. `branch` and `count` are the whole state."""

    def __init__(self, branch: list[bytes] | None = None, count: int = 0) -> None:
        self.branch = branch or _ZEROS[:DEPTH]
        self.count = count

    def insert(self, leaf: bytes) -> None:
        """Append one 32-byte message id."""
        self.count += 1
        size, node = self.count, leaf
        for level in range(DEPTH):
            if size & 1:
                self.branch[level] = node
                return
            node = keccak(self.branch[level] + node)
            size >>= 1

    def root(self) -> bytes:
        """The root over everything inserted so far."""
        current = b"\x00" * 32
        for level in range(DEPTH):
            if self.count >> level & 1:
                current = keccak(self.branch[level] + current)
            else:
                current = keccak(current + _ZEROS[level])
        return current
