"""How long bytes are once packed by FastLZ level 1, as OP Stack chains count a transaction's data since Fjord."""

from typing import Final

FARTHEST: Final = 8_191
LONGEST: Final = 262
# Near the end nothing is looked for any more.
TAIL: Final = 13


def packed_length(data: bytes) -> int:
    """Length of the packed form; nothing is packed."""
    seen: dict[int, int] = {}
    limit, length, plain_from, at = len(data) - TAIL, 0, 0, 2
    while at < limit:
        before = seen.get(_slot(data, at), 0)
        seen[_slot(data, at)] = at
        if at - before > FARTHEST or data[before : before + 3] != data[at : at + 3]:
            at += 1
            continue
        more = _same(data, before + 3, at + 3)
        length += _plain(at - plain_from) + _repeated(more)
        at = plain_from = at + 3 + more
        seen[_slot(data, at - 2)], seen[_slot(data, at - 1)] = at - 2, at - 1
    return length + _plain(len(data) - plain_from)


def _same(data: bytes, first: int, second: int) -> int:
    """How many bytes are the same from both places on."""
    most = len(data) - TAIL + 9 - second
    return next((count for count in range(most) if data[first + count] != data[second + count]), max(most, 0))


def _slot(data: bytes, at: int) -> int:
    return (2_654_435_769 * int.from_bytes(data[at : at + 3], "little") & 0xFFFFFFFF) >> 19


def _plain(count: int) -> int:
    """A byte more for every 32 that are as they were."""
    return count + -(-count // 32)


def _repeated(count: int) -> int:
    return 3 * (count // LONGEST) + (3 if count % LONGEST >= 6 else 2)
