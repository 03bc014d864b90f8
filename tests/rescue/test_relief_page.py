"""On a transfer's own page: taking the confirmation back, with a real wallet's prompts and a real chain."""

from collections.abc import Mapping

import pytest
from django.core.management import call_command
from eth_account import Account
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from intents.client.transfer import DEMO_KEY
from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.relief import TAKEN_BACK
from tests.browser.conftest import chromium
from tests.browser.person import approve
from tests.engine.driver import Driver

__all__ = ["chromium"]

pytestmark = [pytest.mark.chain, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# What the wallet asks for value, by way of confirming.
PROMPTS = {"eip3009": 2, "permit2": 1, "permit": 2}


def test_transfers_that_have_not_begun_are_cancelled_from_their_pages(
    driver: Driver, live_server: LiveServer, chromium: str
) -> None:
    # The page trusts what its bundle has compiled in: a fresh copy of the project has none of this network.
    call_command("trust", "--build", verbosity=0)
    demo = Account.from_key(DEMO_KEY)
    driver.network.fund("alder", [demo.address], {"USDC": 600 * 10**6}, permit2=["USDC"])
    orders = {way: driver.transfer(demo, confirm=way) for way in PROMPTS}
    urls = {way: f"{live_server.url}/t/{order.order_id}?k={order.share_key}" for way, order in orders.items()}
    asked = cancelled_in_browser(urls, chromium)
    for way, order in orders.items():
        values = [title for title in asked[way] if title in ("Signature request", "Send a transaction")]
        assert len(values) == PROMPTS[way], (way, asked[way])
        driver.drive(order, OrderState.REJECTED)
        assert Order.objects.get(pk=order.pk).reason["code"] in TAKEN_BACK, way


def cancelled_in_browser(urls: Mapping[str, str], chromium: str) -> dict[str, list[str]]:
    """Titles of what the wallet asked until each page said that it is done; each is a new person's."""
    problems: list[str] = []
    asked: dict[str, list[str]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, url in urls.items():
            page = browser.new_context(locale="en-GB").new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.goto(url)
            expect(page.locator("[data-relief]")).to_be_hidden()
            page.click("[data-relief-act=cancel]", timeout=15_000)
            asked[name] = _approved_until_done(page)
            page.context.close()
        browser.close()
    assert not problems, problems
    return asked


def _approved_until_done(page: Page) -> list[str]:
    asked: list[str] = []
    note = page.locator("[data-relief-note]")
    for _ in range(400):
        if note.is_visible() and note.inner_text().startswith("Cancelled."):
            return asked
        if page.locator("[data-demo-prompt]").count():
            asked.append(approve(page))
        page.wait_for_timeout(50)
    raise AssertionError(f"{asked}: {note.inner_text()}")
