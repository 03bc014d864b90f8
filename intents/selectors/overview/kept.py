"""Answers that are the same for everybody, kept for some seconds in every process."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Answer = TypeVar("Answer")

_kept: dict[str, tuple[float, object]] = {}
_asking = threading.Lock()


def kept(seconds: float) -> Callable[[Callable[[], Answer]], Callable[[], Answer]]:
    """Ask again only once the last answer is `seconds` old; many at once ask once."""

    def decorate(ask: Callable[[], Answer]) -> Callable[[], Answer]:
        name = f"{ask.__module__}.{ask.__qualname__}"

        @wraps(ask)
        def wrapper() -> Answer:
            with _asking:
                at, answer = _kept.get(name, (0.0, None))
                if not at or time.monotonic() - at > seconds:
                    answer = ask()
                    _kept[name] = time.monotonic(), answer
                return answer  # type: ignore[return-value]

        return wrapper

    return decorate


def forget() -> None:
    """Ask anew, whatever was answered before."""
    _kept.clear()
