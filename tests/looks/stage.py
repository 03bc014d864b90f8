"""A browser before one scene: language, theme and width as somebody may have them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from intents.services.login import BROWSER_COOKIE
from tests import shifts
from tests.axe import is_too_wide, violations

PATIENCE_MS = 20_000
PHONE, DESK, SMALL = 390, 1280, 320


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody reads."""

    language: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


# Every pair of language, theme and width at least once.
LOOKS = (
    Look("en", "light", DESK),
    Look("zh", "dark", DESK),
    Look("zh", "light", PHONE),
    Look("en", "dark", PHONE),
    Look("en", "light", SMALL),
    Look("zh", "dark", SMALL),
)
# These pages stand still: nobody serves sockets here.
NO_SOCKETS = (
    "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(new CloseEvent('close', "
    "{ code: 1000 })), 0); } addEventListener() {} send() {} close() {} };"
)
LOCALES = {"en": "en-GB", "zh": "zh-CN"}


@contextmanager
def staged(browser: Browser, url: str, look: Look, *, cookie: str) -> Iterator[Page]:
    """A page of somebody who was here before with this cookie."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": look.width, "height": 900},
        color_scheme=look.theme,  # type: ignore[arg-type]
        locale=LOCALES[look.language],
        bypass_csp=True,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": BROWSER_COOKIE, "value": cookie, "url": url}])
    context.add_init_script(NO_SOCKETS)
    context.add_init_script(shifts.WATCH)
    yield context.new_page()
    context.close()


def faults(page: Page, *, may_jump: bool = False) -> list[str]:
    """What axe-core finds, but for trifles, whether the page is wider than its window, and whether it jumped."""
    jump = "" if may_jump else shifts.jump(page)
    said = violations(page) + ([jump] if jump else [])
    if is_too_wide(page):
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > "
            "window.innerWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 120))"
        )
        said.append(f"wider than the window: {wide}")
    return said
