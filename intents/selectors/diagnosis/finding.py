"""A finding: a cause with the numbers of one order, and the words for it in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .acts import ACT_WORDS

if TYPE_CHECKING:
    from .facts import Facts

Words = str | Promise
Numbers = Mapping[str, Any]

MOMENTS = frozenset({"by", "expires", "since"})
DURATIONS = frozenset({"seconds", "left", "age", "expected"})
_SECONDS, _MINUTES, _HOURS = _("%(count)s s"), _("%(count)s min"), _("%(count)s h")
MINUTES_FROM, HOURS_FROM = 300, 3 * 3600


class Severity(StrEnum):
    """`trouble`: somebody should look. `wait`: it takes its time. `fine`: nothing is wrong."""

    TROUBLE = "trouble"
    WAIT = "wait"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why an order is where it is.

    `find` gives the numbers that prove it for an order, or None. Of several causes the one with the greatest
    `weight` explains the others. `act` is the name of the staff act that helps, "" for none; `person` names what
    is said to the person (a key of reply.SENTENCES). `is_of_ended` causes are looked for among ended orders too.
    """

    code: str
    weight: int
    severity: Severity
    title: Words
    words: Words
    person: str
    find: "Callable[[Facts], Numbers | None]"
    act: str = ""
    is_of_ended: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause found for one order; `params` are JSON values. Orders with the same `key` share the trouble."""

    cause: Cause
    params: Numbers
    then_words: Words
    key: str = ""

    @property
    def code(self) -> str:
        """The cause's name, which never changes."""
        return self.cause.code

    @property
    def severity(self) -> str:
        """trouble, wait or fine."""
        return self.cause.severity.value

    @property
    def title(self) -> str:
        """The cause in a few words."""
        return filled(self.cause.title, self.params)

    @property
    def words(self) -> str:
        """The cause with its numbers."""
        return filled(self.cause.words, self.params)

    @property
    def then(self) -> str:
        """What happens by itself, and when."""
        return filled(self.then_words, self.params)

    @property
    def action_name(self) -> str | None:
        """The act that helps, None when nothing needs doing."""
        return self.cause.act or None

    @property
    def action_words(self) -> str:
        """What to do about it."""
        return str(ACT_WORDS[self.cause.act])

    def to_json(self) -> dict[str, Any]:
        """As sent to programs."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "words": self.words,
            "then": self.then,
            "action": self.action_name,
            "params": {
                name: str(value) if isinstance(value, Promise) else value
                for name, value in self.params.items()
            },
        }


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Counted:
    """A cause with how many orders it explains now, and the keys among them, the most frequent first."""

    cause: Cause
    orders: int
    keys: tuple[tuple[str, int], ...] = field(default=())

    @property
    def title(self) -> str:
        """The cause in a few words, without numbers."""
        return filled(self.cause.title, {})


def filled(template: Words, params: Numbers) -> str:
    """The words with moments as UTC clock times and durations as people say them."""
    said = {name: _said(name, value) for name, value in params.items() if value is not None}
    return str(template) % _Params(said)


def duration(seconds: float) -> str:
    """A length of time in the active language."""
    whole = max(0, int(seconds))
    if whole < MINUTES_FROM:
        return str(_SECONDS) % {"count": whole}
    if whole < HOURS_FROM:
        return str(_MINUTES) % {"count": whole // 60}
    return str(_HOURS) % {"count": whole // 3600}


def _said(name: str, value: Any) -> Any:
    if name in MOMENTS and value is not None:
        return f"{datetime.fromtimestamp(float(value), UTC):%H:%M:%S} UTC"
    if name in DURATIONS and value is not None:
        return duration(float(value))
    return value
