"""Pages of lists: every view, sorted every way, narrowed, and deep down."""

import re
import time
from datetime import timedelta
from html import unescape

from django.test import Client
from django.urls import reverse

from intents.selectors.order_lists import VIEWS

from .figures import Figure, milliseconds
from .orders import Maker
from .searches import PAGE_MS, staff_client

DEEP_PAGES = 10
TIMES = 3
SLOWEST = 3
_NEXT = re.compile(r'<a rel="next" href="([^"]+)"')


def list_figures(maker: Maker) -> list[Figure]:
    """Figures of the first page, of views, sorted, narrowed and deep pages."""
    client = staff_client("bench-lists")
    every = [reverse("console:home")] + [reverse("console:list", args=[name]) for name in VIEWS]
    home = reverse("console:list", args=["all"])
    sorted_ = [
        f"{url}?sort={sort}&dir={way}"
        for url in every[1:]
        for sort in ("value", "status", "deadline", "when")
        for way in ("asc", "desc")
    ]
    deep, position = [], home
    for _page in range(DEEP_PAGES):
        deep.append(position)
        position = _next(client, position)
    figures = []
    for name, urls in (
        ("views", every),
        ("sorted lists", sorted_),
        ("narrowed lists", [f"{home}?{query}" for query in _narrowed(maker)]),
        ("deep pages", deep),
    ):
        measured = [(_seconds(client, url), url) for url in urls * TIMES]
        figures += milliseconds(f"page: {name}", [seconds for seconds, _ in measured], p95=PAGE_MS)
        for seconds, url in sorted(measured, reverse=True)[:SLOWEST]:
            figures.append(Figure(f"  {url.removeprefix(home)}"[-60:], seconds * 1e3, None, "ms"))
    return figures


def _narrowed(maker: Maker) -> tuple[str, ...]:
    first, last = (maker.now - timedelta(days=100)).date(), (maker.now - timedelta(days=93)).date()
    return (
        "origin=alder",
        "destination=cedar&token=WBTC",
        "token=USDT",
        "token=WETH&status=refunded",
        "route=bridge_swap_fill",
        "route=in_stock&origin=summit&destination=birch",
        "status=refunded",
        "status=rejected&sort=value",
        "status=needs_attention",
        "status=settled&token=USDC&sort=value&dir=desc",
        f"since={first}&until={last}",
        f"since={first}&until={last}&origin=birch&sort=value",
        "asked=1",
        "care=me",
        "care=nobody&status=refund_due",
    )


def _seconds(client: Client, url: str) -> float:
    began = time.perf_counter()
    answer = client.get(url)
    if answer.status_code != 200:
        raise ValueError(f"{url}: status {answer.status_code}")
    return time.perf_counter() - began


def _next(client: Client, url: str) -> str:
    found = _NEXT.search(client.get(url).content.decode())
    if found is None:
        raise ValueError(f"{url}: no next page")
    return unescape(found.group(1))
