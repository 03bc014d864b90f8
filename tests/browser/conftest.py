"""A real Chromium, and a new person's page of the running demo."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from intents.devnet.bench.demo_process import DemoProcess

CHROMIUMS = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")
PATIENCE_MS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser; BROWSER_TESTS=0 leaves it out, and the report says so."""
    for item in items:
        if not {"browser", "looks"} & set(item.path.parts):
            continue
        item.add_marker(pytest.mark.browser)
        if os.environ.get("BROWSER_TESTS") == "0":
            item.add_marker(pytest.mark.skip(reason="BROWSER_TESTS=0: browser tests were switched off"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; its absence is a failure, not a skip."""
    path = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail(
            f"no Chromium on PATH (looked for {', '.join(CHROMIUMS)}). "
            "Install one, for example `apt-get install chromium`, or set BROWSER_TESTS=0."
        )
    return path


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Ends with this folder's tests: while it stands, its event loop is in the way of all others."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs privileges that containers and root do not have.
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


def is_problem(message: ConsoleMessage) -> bool:
    """Chromium itself reports refused input and lost connections as errors; those are not the page's.

    Nor are requests that were lost so, or were under way when the page was left, of which htmx tells; of a
    WebSocket it tells by the bare event.
    """
    by_htmx = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError", "[object Event]")
    expected = ("Failed to load resource", "WebSocket connection to", *by_htmx)
    return message.type == "error" and not message.text.startswith(expected)


@contextmanager
def watched(browser: Browser, demo: DemoProcess, **settings: Any) -> Iterator[Page]:
    """A new person's page at a desk, or as `settings` of its context say; any error on its console fails the test."""
    wanted = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **settings}
    context = browser.new_context(base_url=demo.url, **wanted)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    try:
        yield opened
    finally:
        context.close()
    assert not problems, problems


@pytest.fixture
def page(browser: Browser, demo: DemoProcess) -> Iterator[Page]:
    """A new person's page."""
    with watched(browser, demo) as opened:
        yield opened
