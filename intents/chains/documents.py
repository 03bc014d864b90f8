"""Small JSON documents that others publish over HTTP: read in a bounded time and size, and nowhere else than asked."""

import json
from typing import Any, Final

import requests

from .answers import Session

FOUND: Final = 200


class Unreadable(Exception):
    """There is no such document, or its server is away; `is_slow` when it kept us waiting."""

    code = "unreadable"
    retry = True

    def __init__(self, text: str, *, is_slow: bool = False) -> None:
        super().__init__(text)
        self.is_slow = is_slow


def read_json(url: str, *, timeout_seconds: float, most_bytes: int) -> Any:
    """What is published there, whatever JSON it is. Raises Unreadable.

    A read may take `timeout_seconds`, and the whole answer WHOLE_TIMES as long. Whoever answers with another
    place to look is not followed: it may be inside our own network.
    """
    try:
        with Session(most_bytes=most_bytes) as session:
            answer = session.get(url, timeout=timeout_seconds, allow_redirects=False)
        if answer.status_code != FOUND:
            raise Unreadable(f"status {answer.status_code}")
        return json.loads(answer.content)
    except requests.Timeout as error:
        raise Unreadable("took too long", is_slow=True) from error
    except (requests.RequestException, OSError, ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error
