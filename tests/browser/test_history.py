"""A delivered transfer is found again, its receipt holds against the chains, and others see it masked."""

import json
import re
from pathlib import Path

from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from intents.chains.manifest import parse
from intents.devnet.bench.demo_process import DemoProcess

from .person import confirm, connect, review, wait_shown


def test_receipt_history_and_the_link_to_show_around(
    page: Page, browser: Browser, demo: DemoProcess, tmp_path: Path
) -> None:
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=21")
    connect(page)
    review(page)
    confirm(page)
    wait_shown(page, "delivered")
    expect(page.locator("progress.way-bar")).to_have_attribute("value", "100")
    expect(page.locator("#journey-result")).to_contain_text("Offered and actual")
    page.locator("#journey-head:not([data-running])").wait_for(timeout=60_000)
    transfer, shown = page.url, str(page.locator("[data-share-link]").get_attribute("href"))

    page.locator("#journey-result").get_by_role("link", name="Receipt").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save for checking (JSON)").click()
    file = tmp_path / "receipt.json"
    saved.value.save_as(file)
    folder = Path(demo.run_dir) / "network"
    chains = [parse(each.read_text("utf-8")) for each in folder.glob("*.toml")]
    call_command(
        "verify-receipt", str(file), endpoint=[chain.endpoints[0].url for chain in chains], network=folder
    )
    order_id = json.loads(file.read_text("utf-8"))["order_id"]

    page.goto("/history")
    page.get_by_label("Search").fill("21 usdc")
    expect(page).to_have_url(re.compile(r"/history\?q=21%20usdc$"))
    expect(page.locator(".transfer")).to_have_count(1)
    assert order_id in str(page.locator(".transfer").get_attribute("href"))
    expect(page.get_by_label("Search")).to_be_focused()
    page.get_by_label("Search").fill("nothing like it")
    expect(page.locator("#history-found")).to_contain_text("No transfer is like that")
    expect(page.locator("#history-count")).to_have_text("0 transfers")
    page.get_by_role("link", name="Show all").click()
    with page.expect_download() as table:
        page.get_by_role("link", name="Save as a table (CSV)").click()
    assert order_id in Path(table.value.path()).read_text("utf-8-sig")

    context = browser.new_context(base_url=demo.url, locale="en-GB")
    other = context.new_page()
    other.goto(shown)
    expect(other.locator("h1")).to_have_text("Delivered")
    user = json.loads(file.read_text("utf-8"))["order"]["user"]
    assert user.lower() not in other.content().lower()
    other.goto(transfer)
    expect(other.locator("h1")).not_to_have_text("Delivered")
    context.close()

    page.goto(transfer)
    page.get_by_role("link", name="Send back").click()
    expect(page.locator("#from")).to_have_value("cedar:USDC")
    expect(page.locator("#to")).to_have_value("birch:USDC")
