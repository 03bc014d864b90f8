"""What a module of this package offers for its kind of venue. Addresses are checksummed, amounts base units.

The state is what `solver.markets` reads back as a market of the same kind; a deadline is chain time in seconds.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from intents.chains.manifest import VenueManifest

Reading = tuple[str, bytes]
State = dict[str, Any]


class VenueKind(Protocol):
    """How venues of one kind are read every block, and traded with."""

    def world_calls(self, venue: VenueManifest, known: State | None) -> list[Reading]:
        """The calls (to, data) by which its state is read; `known` is its state before, None at first."""
        ...

    def read(
        self, venue: VenueManifest, index: int, known: State | None, results: Sequence[bytes | None]
    ) -> State | None:
        """The state from the answers in order, None for a failed call; None when it gave none."""
        ...

    def is_complete(self, state: State | None) -> bool:
        """Whether another reading of the same block, with this one as `known`, would say no more."""
        ...

    def sell_exactly(
        self,
        venues: Sequence[VenueManifest],
        path: Sequence[str],
        *,
        amount_in: int,
        least: int,
        holder: str,
        deadline: int,
    ) -> bytes:
        """Router calldata: all of `amount_in` along `path`, at least `least` to `holder`, or it reverts."""
        ...

    def buy_exactly(
        self,
        venues: Sequence[VenueManifest],
        path: Sequence[str],
        *,
        amount_out: int,
        most: int,
        holder: str,
        deadline: int,
    ) -> bytes:
        """Router calldata: exactly `amount_out` along `path` to `holder`, for at most `most`, or it reverts."""
        ...


class PoolKind(VenueKind, Protocol):
    """One whose router also unwraps the chain's coin at the end of a path."""

    def sell_for_native(
        self,
        venues: Sequence[VenueManifest],
        path: Sequence[str],
        *,
        amount_in: int,
        least: int,
        holder: str,
        deadline: int,
    ) -> bytes:
        """As `sell_exactly` along a path that ends with the wrapped coin, which arrives unwrapped."""
        ...

    def buy_native(
        self,
        venues: Sequence[VenueManifest],
        path: Sequence[str],
        *,
        amount_out: int,
        most: int,
        holder: str,
        deadline: int,
    ) -> bytes:
        """As `buy_exactly` along a path that ends with the wrapped coin, which arrives unwrapped."""
        ...
