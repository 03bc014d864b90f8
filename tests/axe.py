"""axe-core on a page as a person sees it. The context needs `bypass_csp`: our policy lets no stranger's script in."""

from collections.abc import Collection
from typing import Final

from django.conf import settings
from playwright.sync_api import Page

SCRIPT: Final = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS: Final = frozenset({"serious", "critical"})
ALL_BUT_TRIFLES: Final = SERIOUS | {"moderate"}
MOST_CHARACTERS: Final = 300


def violations(page: Page, impacts: Collection[str] = ALL_BUT_TRIFLES) -> list[str]:
    """What axe finds of these impacts, each with its rule and the first element."""
    page.add_script_tag(path=str(SCRIPT))
    found = page.evaluate("axe.run().then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))")
    return [f"{impact} {rule}: {html[:MOST_CHARACTERS]}" for impact, rule, html in found if impact in impacts]


def is_too_wide(page: Page) -> bool:
    """Whether something makes the page scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
