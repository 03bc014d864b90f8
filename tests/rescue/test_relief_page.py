"""On a transfer's own page: taking the confirmation back, with a real wallet's prompts and a real chain."""

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


@pytest.mark.parametrize(("way", "prompts"), [("eip3009", 2), ("permit2", 1), ("permit", 2)])
def test_a_transfer_that_has_not_begun_is_cancelled_from_its_page(
    driver: Driver, live_server: LiveServer, chromium: str, way: str, prompts: int
) -> None:
    # The page trusts what its bundle has compiled in: a fresh copy of the project has none of this network.
    call_command("trust", "--build", verbosity=0)
    demo = Account.from_key(DEMO_KEY)
    driver.network.fund("alder", [demo.address], {"USDC": 200 * 10**6}, permit2=["USDC"])
    order = driver.transfer(demo, confirm=way)
    asked = cancel_in_browser(f"{live_server.url}/t/{order.order_id}?k={order.share_key}", chromium)
    values = [title for title in asked if title in ("Signature request", "Send a transaction")]
    assert len(values) == prompts
    order = driver.drive(order, OrderState.REJECTED)
    assert Order.objects.get(pk=order.pk).reason["code"] in TAKEN_BACK


def cancel_in_browser(url: str, chromium: str) -> list[str]:
    """Titles of what the wallet asked until the page says that it is done."""
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        expect(page.locator("[data-relief]")).to_be_hidden()
        page.click("[data-relief-act=cancel]", timeout=15_000)
        asked = _approved_until_done(page)
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
