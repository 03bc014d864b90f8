"""What staff do on the console's pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from intents.devnet.bench.demo_process import DemoProcess

from .conftest import watched

CLICKS = """
  addEventListener("click", (event) => {
    if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks ?? 0);
  }, true);
  addEventListener("pointerdown", () => {
    sessionStorage.pointers = 1 + Number(sessionStorage.pointers ?? 0);
  }, true);
"""


@contextmanager
def desk(browser: Browser, demo: DemoProcess, name: str = "staff", **settings: Any) -> Iterator[Page]:
    """A console page of a member of staff who is signed in; any error on its console fails the test."""
    with watched(browser, demo, **settings) as page:
        sign_in(page, demo, name)
        yield page


def sign_in(page: Page, demo: DemoProcess, name: str) -> None:
    """With the password that the demo printed."""
    page.goto("/console/")
    page.fill("#username", name)
    page.fill("#password", (Path(demo.run_dir) / f"{name}-password").read_text("utf-8"))
    page.keyboard.press("Enter")
    page.locator("#find").wait_for()


def count_clicks(page: Page) -> None:
    """From the next page on; a key that presses a button is a click, too."""
    page.add_init_script(CLICKS)


def counted(page: Page, what: str = "clicks") -> int:
    """How many there were."""
    return int(page.evaluate(f"Number(sessionStorage.{what} ?? 0)"))


def expected(page: Page) -> str:
    """What the form wants typed."""
    label = page.locator("label[for=typed]").last.inner_text()
    found = re.search(r"Type (\S+) to confirm", label)
    assert found, label
    return found[1]


def confirm(page: Page, reason: str) -> None:
    """Give the reason and type what is to be typed; nothing is clicked."""
    page.fill("#reason", reason)
    page.fill("#typed", expected(page))


def tab_to(page: Page, selector: str, *, most: int = 250) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")
