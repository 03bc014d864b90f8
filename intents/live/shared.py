"""A transfer as all who look at it see it: read and rendered once, however many listen."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakValueDictionary

from django.template.loader import render_to_string
from django.utils import translation

from intents.models import Order
from intents.selectors.timeline import Timeline, masked, timeline

HEAD: Final = "parts/timeline_head.html"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page; it is sent again when `content` differs."""

    content: object
    text: str


@dataclass(slots=True)
class Seen:
    """What was read at one time."""

    view: Timeline
    language: str
    _parts: dict[tuple[str, str], Part] = field(default_factory=dict)

    def part(self, name: str, access_query: str) -> Part:
        """One of the page's parts, whose links carry the keys of `access_query`."""
        key = (name, access_query)
        if key not in self._parts:
            self._parts[key] = self._rendered(name, access_query)
        return self._parts[key]

    def _rendered(self, name: str, access_query: str) -> Part:
        context: dict[str, Any] = {"timeline": self.view, "is_oob": True, "access_query": access_query}
        with translation.override(self.language):
            text = render_to_string(name, context)
        return Part(_moving(self.view) if name == HEAD else text, text)


class SharedTimeline:
    """One transfer in one language, with or without the addresses of people."""

    def __init__(self, order_id: str, language: str, is_masked: bool) -> None:
        self.order_id = order_id
        self.language = language
        self.is_masked = is_masked
        self._lock = threading.Lock()
        self._began = float("-inf")
        self._seen: Seen | None = None

    def seen(self, *, since: float) -> Seen | None:
        """As it was at `since`, monotonic seconds, or later; None when there is no such order any more.

        Reads the database unless somebody has since then.
        """
        with self._lock:
            if self._began < since:
                began = time.monotonic()
                self._seen = self._read()
                self._began = began
            return self._seen

    def _read(self) -> Seen | None:
        order = Order.objects.select_related("quote").filter(pk=self.order_id).first()
        if order is None:
            return None
        with translation.override(self.language):
            view = timeline(order)
            return Seen(masked(view) if self.is_masked else view, self.language)


def shared_timeline(order_id: str, language: str, *, is_masked: bool) -> SharedTimeline:
    """The one that all have who ask for the same; it goes with the last of them."""
    key = (order_id, language, is_masked)
    with _lock:
        found = _shared.get(key)
        if found is None:
            found = _shared[key] = SharedTimeline(*key)
        return found


def _moving(view: Timeline) -> object:
    """What is news in the head. Its clock runs on the page: the passing of time alone is none."""
    return (
        view.shown,
        view.headline,
        view.progress,
        view.money,
        view.reason,
        view.is_settled,
        view.relief,
        view.deposit is None,
        view.remaining is not None and view.remaining.seconds is None,
    )


_shared: WeakValueDictionary[tuple[str, str, bool], SharedTimeline] = WeakValueDictionary()
_lock = threading.Lock()
