"""Whether the nodes of a chain tell the same history: who contradicts itself, the others, or what all said. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

# Hash and parent's hash of blocks, by number, as one node tells them.
Headers = Mapping[int, tuple[str, str]]


@dataclass(slots=True)
class Compared:
    """The last final block whose hash all agreed on: what was agreed is not talked away later."""

    number: int | None = None
    block_hash: str = ""

    def numbers(self, height: int, *, depth: int) -> list[int]:
        """The blocks to ask for where every node has `height`: a final one, its child, and the agreed one."""
        final = max(0, height - depth)
        wanted = {final, min(final + 1, height)}
        return sorted(
            wanted | ({self.number} if self.number is not None and self.number <= height else set())
        )


def contradicting(told: Mapping[int, Headers], compared: Compared) -> set[int]:
    """The nodes, by any key, that cannot be believed; what the others agree on is kept in `compared`.

    With no majority whoever kept to what was agreed before is believed; if nobody can show that, none is.
    """
    liars = {node for node, headers in told.items() if not _is_joined(headers)}
    honest = {node: headers for node, headers in told.items() if node not in liars and headers}
    if not honest:
        return liars
    final = min(min(_without(headers, compared.number), default=min(headers)) for headers in honest.values())
    hashes = {node: headers[final][0] for node, headers in honest.items() if final in headers}
    believed = _believed(hashes, honest, compared)
    if believed is None:
        return liars | set(hashes)
    compared.number, compared.block_hash = final, believed
    return liars | {node for node, block_hash in hashes.items() if block_hash != believed}


def _believed(hashes: Mapping[int, str], told: Mapping[int, Headers], compared: Compared) -> str | None:
    votes = Counter(hashes.values())
    if not votes:
        return None
    (most, count), *others = votes.most_common()
    if not others:
        return most
    if count * 2 > len(hashes):
        return most
    faithful = {block_hash for node, block_hash in hashes.items() if _keeps_to(told[node], compared)}
    return faithful.pop() if len(faithful) == 1 else None


def _keeps_to(headers: Headers, compared: Compared) -> bool:
    if compared.number is None or compared.number not in headers:
        return False
    return headers[compared.number][0] == compared.block_hash


def _without(headers: Headers, number: int | None) -> list[int]:
    return [each for each in headers if each != number]


def _is_joined(headers: Headers) -> bool:
    """Whether each block names the one before it as its parent."""
    return all(
        number - 1 not in headers or headers[number - 1][0] == parent
        for number, (_own, parent) in headers.items()
    )
