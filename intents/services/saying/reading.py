"""From a sentence to the two ends of a transfer: who says what is decided by the words in front of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .lexicon import Kind, Part, mark_of, parts
from .vocabulary import Mark

ALL: Final = "all"


class Side(StrEnum):
    """The end that is given from, and the end that is delivered to."""

    GIVEN = "given"
    WANTED = "wanted"


@dataclass(slots=True)
class End:
    """What was said about one end; None where nothing was."""

    chain: Part | None = None
    token: Part | None = None
    amount: Part | None = None
    is_anywhere: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was said about it yet."""
        return not (self.chain or self.token or self.amount or self.is_anywhere)


@dataclass(slots=True)
class Reading:
    """A sentence read: both ends, where to, and what was left over with its reason."""

    given: End = field(default_factory=End)
    wanted: End = field(default_factory=End)
    address: Part | None = None
    parts: list[Part] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)


def read(text: str) -> Reading:
    """Read a tidy text; never raises."""
    reader = _Reader(list(parts(text)))
    for index, part in enumerate(reader.reading.parts):
        reader.take(index, part)
    return reader.reading


class _Reader:
    def __init__(self, found: list[Part]) -> None:
        self.reading = Reading(parts=found)
        self.side = Side.GIVEN
        # A place that was only headed for still lets “to birch 100 usdc” give 100 USDC.
        self.is_heading = False
        self.is_getting = False

    @property
    def end(self) -> End:
        return self.reading.given if self.side is Side.GIVEN else self.reading.wanted

    def take(self, index: int, part: Part) -> None:
        """Note one part at the place of its number."""
        if part.kind is Kind.MARK:
            self._mark(index, mark_of(part))
        elif part.kind is Kind.AMOUNT:
            self._amount(index, part)
        elif part.kind in (Kind.ADDRESS, Kind.NAME):
            self._address(index, part)
        elif part.kind is Kind.UNKNOWN:
            self.reading.left[index] = part.value
        elif part.kind is Kind.CHAIN and part.is_token_too and self._wants_token(index):
            self._token(index, part)
        elif part.kind is Kind.CHAIN:
            self._chain(index, part)
        elif part.kind is Kind.TOKEN:
            self._token(index, part)

    def _mark(self, index: int, mark: Mark) -> None:
        given = self.reading.given
        if mark in (Mark.GIVE, Mark.FROM):
            self._turn(Side.GIVEN)
        elif mark is Mark.GET:
            self._turn(Side.WANTED)
            self.is_getting = True
        elif mark is Mark.TO:
            self._turn(Side.WANTED, is_heading=True)
        elif mark is Mark.INTO:
            self._turn(Side.GIVEN if self.is_getting and given.is_empty else Side.WANTED)
        elif mark is Mark.EXCHANGE:
            self._turn(Side.GIVEN if given.is_empty else Side.WANTED)
        elif mark is Mark.ALL:
            self._all(index)
        elif mark is Mark.ANYWHERE:
            self._anywhere(index)

    def _turn(self, side: Side, *, is_heading: bool = False) -> None:
        self.side, self.is_heading = side, is_heading

    def _amount(self, index: int, part: Part) -> None:
        given = self.reading.given
        is_named = self._is_named(index)
        if (
            self.is_heading
            and given.amount is None
            and (given.token is None if is_named else self._is_open())
        ):
            self._turn(Side.GIVEN)
        if self._has_amount:
            self.reading.left[index] = "second"
        elif self.side is Side.WANTED and not is_named:
            self.reading.left[index] = "number_of_what"
        else:
            self.end.amount = part

    @property
    def _has_amount(self) -> bool:
        return bool(self.reading.given.amount or self.reading.wanted.amount)

    def _is_open(self) -> bool:
        return self.reading.wanted.token is None

    def _is_named(self, index: int) -> bool:
        """Whether the next thing said after an amount is what it is an amount of."""
        for part in self.reading.parts[index + 1 :]:
            if part.kind is Kind.TOKEN or part.is_token_too:
                return True
            is_between = part.kind is Kind.GAP or (part.kind is Kind.MARK and mark_of(part) is Mark.FILLER)
            if not is_between:
                return False
        return False

    def _wants_token(self, index: int) -> bool:
        """Whether a name of both is the token's here: an amount stands before it."""
        for part in reversed(self.reading.parts[:index]):
            if part.kind is Kind.AMOUNT:
                return True
            if part.kind is not Kind.GAP and not (part.kind is Kind.MARK and mark_of(part) is Mark.FILLER):
                return part.kind is Kind.MARK and mark_of(part) is Mark.ALL
        return False

    def _all(self, index: int) -> None:
        part = self.reading.parts[index]
        if self.is_heading and self.reading.given.token is None:
            self._turn(Side.GIVEN)
        if self._has_amount or self.side is Side.WANTED:
            self.reading.left[index] = "second" if self._has_amount else "number_of_what"
        else:
            self.end.amount = Part(Kind.AMOUNT, part.start, part.end, ALL)

    def _anywhere(self, index: int) -> None:
        if self.side is Side.WANTED or self.end.chain:
            self.reading.left[index] = "unknown"
        else:
            self.end.is_anywhere = True

    def _address(self, index: int, part: Part) -> None:
        if self.reading.address is not None:
            self.reading.left[index] = "second"
            return
        self.reading.address = part
        self._turn(Side.WANTED, is_heading=True)

    def _chain(self, index: int, part: Part) -> None:
        if self.end.chain or self.end.is_anywhere:
            self.reading.left[index] = "second"
        else:
            self.end.chain = part

    def _token(self, index: int, part: Part) -> None:
        if self.end.token:
            self.reading.left[index] = "second"
        else:
            self.end.token = part
