"""A thousand searches of every kind, as they are typed and pasted: the query alone, then the page."""

import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse

from intents.selectors.search import search

from .figures import Figure, milliseconds
from .orders import Maker

QUERY_MS = 50.0
PAGE_MS = 200.0
WARM_UP = 30
Sample = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: its kind, what is typed, and the order that must be among what is found, or ""."""

    kind: str
    text: str
    order_id: str


class _Clock:
    """How long the database took, until its rows were here."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, execute: Any, *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*args)
        finally:
            self.seconds += time.perf_counter() - began


def search_figures(
    maker: Maker, extra: dict[str, Sample], *, count: int, seed: int
) -> tuple[list[Figure], list[str]]:
    """Figures, and the searches that did not find their order."""
    asked = _asked(maker, extra, count=count, seed=seed)
    client = staff_client("bench-support")
    for each in asked[:WARM_UP]:
        search(each.text, may_see=True)
    client.get(reverse("console:home"))
    queries: dict[str, list[float]] = defaultdict(list)
    searches: list[float] = []
    pages: list[float] = []
    missed = []
    for each in asked:
        clock = _Clock()
        began = time.perf_counter()
        with connection.execute_wrapper(clock):
            found = search(each.text, may_see=True)
        searches.append(time.perf_counter() - began)
        queries[each.kind].append(clock.seconds)
        ids = {row.order_id for group in found.groups for row in group.rows}
        if each.order_id and each.order_id not in ids and not any(group.has_more for group in found.groups):
            missed.append(f"{each.kind}: {each.text}")
        began = time.perf_counter()
        answer = client.get(reverse("console:search"), {"q": each.text})
        pages.append(time.perf_counter() - began)
        if answer.status_code not in (200, 302):
            missed.append(f"{each.kind}: {each.text}: status {answer.status_code}")
    every = [seconds for kind in queries.values() for seconds in kind]
    figures = [
        figure
        for kind, values in sorted(queries.items())
        for figure in milliseconds(f"queries by {kind}", values)[1:2]
    ]
    figures += milliseconds("queries of a search", every, p95=QUERY_MS)
    figures += milliseconds("search with its lines", searches)
    return figures + milliseconds("page of a search", pages, p95=PAGE_MS), missed


def staff_client(name: str) -> Client:
    """The browser of a member of staff who may see everything."""
    user = get_user_model().objects.create_user(username=name)
    user.groups.add(Group.objects.get(name="admin"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _asked(maker: Maker, extra: dict[str, Sample], *, count: int, seed: int) -> list[Asked]:
    pick = random.Random(f"searches {seed}")
    known = maker.samples

    def of(sample: Sample) -> Callable[[], tuple[str, str]]:
        return lambda: pick.choice(sample)

    def cut(sample: Sample) -> tuple[str, str]:
        text, order_id = pick.choice(sample)
        return text[: pick.randint(6, 14)], order_id if len(text) > 14 else ""

    hashes = known.order + known.transaction
    kinds: dict[str, Callable[[], tuple[str, str]]] = {
        "order": of(known.order),
        "transaction": of(known.transaction),
        "who pays": of([(text.lower(), order_id) for text, order_id in known.user]),
        "who receives": of(known.recipient),
        "one that many use": lambda: (pick.choice(maker.crowds), ""),
        "deposit address": of(extra["deposit"]),
        "quote": of(extra["quote"]),
        "link": of(known.link),
        "amount": lambda: (pick.choice(known.amount)[0], ""),
        "amount, no token": lambda: (pick.choice(known.amount)[0].split()[0], ""),
        "beginning": lambda: (cut(hashes + known.user + known.recipient)[0], ""),
        "beginning of 10": lambda: _begun(pick, hashes),
        "beginning of a quote": lambda: (cut(extra["quote"])[0], ""),
        "both ends": lambda: _ends(pick, hashes + known.recipient),
        "noise": lambda: _noise(pick, hashes),
        "nothing": lambda: (
            pick.choice([maker.hex(32), maker.hex(20), "0x" + "ab" * 5, "0.123456 WBTC"]),
            "",
        ),
    }
    names = list(kinds)
    return [
        Asked(names[number % len(names)], *kinds[names[number % len(names)]]()) for number in range(count)
    ]


def _begun(pick: random.Random, sample: Sample) -> tuple[str, str]:
    text, order_id = pick.choice(sample)
    return text[:12], order_id


def _ends(pick: random.Random, sample: Sample) -> tuple[str, str]:
    text, order_id = pick.choice(sample)
    return f"{text[:6]}…{text[-4:]}", order_id


def _noise(pick: random.Random, sample: Sample) -> tuple[str, str]:
    text, order_id = pick.choice(sample)
    form = pick.choice(
        ["“{}”.", "https://explorer.example/tx/{}#logs", "my transfer {} is late!", "{}\n", "tx: {}", "<{}>"]
    )
    half = pick.randint(20, 50)
    text = pick.choice([text, text.upper().replace("0X", "0x"), f"{text[:half]}\n{text[half:]}"])
    return form.format(text), order_id
