"""On a narrow screen everything stays inside what holds it, and nothing is read by scrolling sideways."""

import pytest
from playwright.sync_api import Browser, Page

from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie

from .scenes import SCENES, Scene, delivered
from .stage import PHONE, SMALL, Look, staged

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 1_234_591_094_166 * 10**12
NARROW = [Look(language, "light", width) for language in ("en", "zh") for width in (SMALL, 360, PHONE)]
# A command may scroll within itself, for it is copied rather than read.
FAULTS = """() => [
    ...[...document.querySelectorAll("main .scroll, main table")]
        .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"),
    ...[...document.querySelectorAll(".sheet *, .ask *")].filter((e) => {
        const [its, whole] = [e, e.closest(".sheet, .ask")].map((each) => each.getBoundingClientRect().right);
        return !e.closest(".hidden, svg, .u-legend, thead, pre > *") && its > whole + 1;
    }),
].map((e) => e.outerHTML.slice(0, 120))"""


def _delivered_much(key: str) -> str:
    made = delivered(key, delivered_amount=LONG, output_amount=LONG, output_expected=LONG)
    return f"/t/{made.order_id}"


PAGES: dict[str, Scene] = {
    "network": SCENES["network"],
    "chain": SCENES["chain"],
    "delivered": _delivered_much,
    "receipt": lambda key: f"{_delivered_much(key)}/receipt",
}


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
    page.wait_for_timeout(200)


@pytest.mark.parametrize("look", NARROW, ids=str)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_or_scrolls_sideways(browser: Browser, stage: str, name: str, look: Look) -> None:
    cookie = new_browser_cookie()
    path = PAGES[name](browser_key({BROWSER_COOKIE: cookie}))
    with staged(browser, stage, look, cookie=cookie) as page:
        opened(page, path)
        assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("look", [Look("en", "light", SMALL), Look("en", "light", 1366)], ids=str)
def test_no_amount_however_long_widens_the_form(browser: Browser, stage: str, look: Look) -> None:
    with staged(browser, stage, look, cookie=new_browser_cookie()) as page:
        opened(page, "/")
        page.fill("#amount", "9" * 90)
        page.evaluate(
            "document.querySelector('[data-worth] span').textContent = `about $${'999,'.repeat(30)}999`"
        )
        assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("look", [Look(language, "light", SMALL) for language in ("en", "zh")], ids=str)
def test_the_links_of_the_header_stand_on_one_line(browser: Browser, stage: str, look: Look) -> None:
    with staged(browser, stage, look, cookie=new_browser_cookie()) as page:
        opened(page, "/help")
        tops = "[...document.querySelectorAll('.bar-links, .language, .theme')].map((e) => e.offsetTop)"
        assert len(set(page.evaluate(tops))) == 1
