"""The validator's tree is Hyperlane's: the same roots as a definition written the long way round."""

from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from intents.settlement.validator_tree import DEPTH, MerkleTree


def _root_by_definition(leaves: list[bytes]) -> bytes:
    level, zero = list(leaves), b"\x00" * 32
    for _ in range(DEPTH):
        padded = level if len(level) % 2 == 0 else [*level, zero]
        level = [keccak(padded[i] + padded[i + 1]) for i in range(0, len(padded), 2)] or [keccak(zero + zero)]
        zero = keccak(zero + zero)
    return level[0]


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=20))
@settings(max_examples=40)
def test_root_after_every_leaf_equals_the_definition(leaves: list[bytes]) -> None:
    tree = MerkleTree()
    assert tree.root() == _root_by_definition([])
    for count, leaf in enumerate(leaves, start=1):
        tree.insert(leaf)
        assert tree.root() == _root_by_definition(leaves[:count])


def test_a_tree_continues_from_its_branch_and_count() -> None:
    whole, first = MerkleTree(), MerkleTree()
    for number in range(7):
        whole.insert(bytes([number]) * 32)
        if number < 4:
            first.insert(bytes([number]) * 32)
    resumed = MerkleTree(list(first.branch), first.count)
    for number in range(4, 7):
        resumed.insert(bytes([number]) * 32)
    assert resumed.root() == whole.root()
