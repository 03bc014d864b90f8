"""How much of a page moved by itself, as browsers measure it (cumulative layout shift)."""

from typing import Final

from playwright.sync_api import Page

# Added to a context or page before it opens anything.
WATCH: Final = (
    "window.shifted = { sum: 0, most: 0, what: '' };"
    "new PerformanceObserver((list) => list.getEntries().forEach((entry) => {"
    "  if (entry.hadRecentInput) return;"
    "  shifted.sum += entry.value;"
    "  if (entry.value < shifted.most) return;"
    "  shifted.most = entry.value;"
    "  shifted.what = entry.sources.map(({ node }) => (node?.outerHTML ?? '').slice(0, 80)).join(' ');"
    "})).observe({ type: 'layout-shift', buffered: true });"
)
# A fifth of what browsers' makers call good.
MOST: Final = 0.02


def jump(page: Page) -> str:
    """What moved most since the page was opened, "" when no more did than anybody notices."""
    shifted = page.evaluate("window.shifted")
    return "" if shifted["sum"] <= MOST else f"jumps by {shifted['sum']:.3f}: {shifted['what']}"
