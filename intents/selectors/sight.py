"""What the words about a transfer depend on beside its own row: as it is now, or as it was at a moment."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from intents.models import Order

from .arrival import CallMade, call_made
from .deposit import arrived_at, chain_now, given_back
from .place import Evidence
from .steps import blocks_of


class Sight(Protocol):
    """`have` blocks contain or follow the deposit; `arrived` and `returned` are base units of the input at the
    transfer's own address and back from there; `destination_time` is chain time, seconds."""

    @property
    def have(self) -> int: ...
    @property
    def destination_time(self) -> float: ...
    @property
    def arrived(self) -> int: ...
    @property
    def returned(self) -> int: ...
    @property
    def call(self) -> CallMade | None: ...


@dataclass(frozen=True, slots=True)
class Past:
    """A moment that is over."""

    have: int
    destination_time: float
    arrived: int
    returned: int
    call: CallMade | None


class Present:
    """Now; every fact is read when it is first asked for."""

    def __init__(self, order: Order, seen: Evidence) -> None:
        self._order = order
        self._seen = seen

    @cached_property
    def have(self) -> int:
        return blocks_of(self._order, self._seen)

    @cached_property
    def destination_time(self) -> float:
        return chain_now(self._order.destination_id, wall=time.time())

    @cached_property
    def arrived(self) -> int:
        return arrived_at(self._order)

    @cached_property
    def returned(self) -> int:
        return given_back(self._order)

    @cached_property
    def call(self) -> CallMade | None:
        return call_made(self._order)
