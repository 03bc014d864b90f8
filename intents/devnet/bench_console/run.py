"""The whole benchmark, in a database that is empty at its beginning."""

import time
import warnings
from collections.abc import Callable

from django.core.management import call_command
from django.urls import reverse

from . import chains
from .copying import quickened, settled, size_bytes, without_indexes
from .figures import Figure, table
from .filling import fill
from .lists import list_figures
from .orders import Maker, utc_now
from .searches import search_figures

FILL_SECONDS = 600.0
FILL_BYTES = 5 * 10**9


def measure(tell: Callable[[str], None], *, orders: int, full: int, searches: int, seed: int) -> bool:
    """Fill, search, list; print the figures; whether all are within their limits."""
    began = time.monotonic()
    # All code is read now, and not when much later the first page is asked for.
    reverse("console:home")
    call_command("migrate", verbosity=0)
    chains.connect()
    warnings.filterwarnings("ignore", message="No directory at")
    tell(f"migrated in {time.monotonic() - began:.0f} s")
    maker = Maker(seed=seed, count=orders, full=min(full, orders), now=utc_now())
    quickened()
    with without_indexes("intents_order", "intents_chainlog"):
        extra = fill(maker, lambda text: tell(f"{text} after {time.monotonic() - began:.0f} s"))
    tell(f"indexes after {time.monotonic() - began:.0f} s")
    settled()
    took, size = time.monotonic() - began, size_bytes()
    figures = [
        Figure(f"fill {orders:,} orders", took, FILL_SECONDS, "s"),
        Figure("on disk", size / 1e9, FILL_BYTES / 1e9, "GB"),
    ]
    tell(f"{figures[0].text()}\n{figures[1].text()}")
    found, missed = search_figures(maker, extra, count=searches, seed=seed)
    figures += found + list_figures(maker)
    for line in table(figures):
        tell(line)
    for text in missed[:20]:
        tell(f"not found: {text}")
    return not missed and all(figure.is_good for figure in figures)
