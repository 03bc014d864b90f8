"""The root of every error that a person or a program outside may see.

One class per situation. `code` is stable and language-neutral, `retry` says whether the same thing
may work later, `status` is the HTTP answer. Words for people are registered by the services layer.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

_WORDS: dict[str, Any] = {}


class WaymeetError(Exception):
    """A situation with a name; `params` are JSON values that its words mention."""

    code: ClassVar[str] = "error"
    retry: ClassVar[bool] = False
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", **params: Any) -> None:
        super().__init__(message or self.code)
        self.params: dict[str, Any] = params

    def words(self) -> str:
        """The sentence for a person in the active language; the plain message where none is known."""
        template = _WORDS.get(self.code)
        if template is None:
            return str(self)
        try:
            return str(template) % self.params
        except (KeyError, TypeError, ValueError):
            return str(template)

    def to_json(self) -> dict[str, Any]:
        """The `error` object of every JSON answer: code, message, params."""
        return {"code": self.code, "message": self.words(), "params": self.params}


def register_words(words: Mapping[str, Any]) -> None:
    """Add texts by code, lazily translated, with `%(param)s` places."""
    _WORDS.update(words)
