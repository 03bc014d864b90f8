"""The page itself, as one file on a plain file server: nothing of Waymeet answers."""

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from eth_account.signers.local import LocalAccount
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from intents.chains.manifest import ChainManifest
from intents.selectors.rescue import rescue_page
from intents.settlement.order import order_from_json, order_to_json
from intents.settlement.recovery_code import recovery_code
from tests.browser.conftest import chromium, is_problem
from tests.engine.driver import Driver
from tests.rescue.opened import open_and_walk_away, warp_to

__all__ = ["chromium"]

pytestmark = [pytest.mark.chain, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def hosted(driver: Driver, tmp_path: Path) -> Iterator[str]:
    """The page's address on a file server that knows nothing else."""
    manifests: list[ChainManifest] = list(driver.network.manifests.values())
    (tmp_path / "rescue.html").write_text(rescue_page(manifests), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/rescue.html"
    server.shutdown()
    server.server_close()


def test_a_person_brings_the_money_back_from_any_file_server(
    driver: Driver, alice: LocalAccount, hosted: str, chromium: str
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order, tx_hash = open_and_walk_away(driver, alice)
    warp_to(driver.network, "birch", order.fill_deadline)
    problems: list[str] = []
    with driver.network.ticking(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB", viewport={"width": 390, "height": 844})
        page.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(hosted)
        page.fill("#pasted", tx_hash)
        page.click("#ask button")
        expect(page.locator("#answer")).to_have_attribute("data-situation", "attest")
        page.click("#by-hand summary")
        expect(page.locator("#lines pre").last).to_contain_text("cast send --rpc-url http")
        page.click("#language")
        expect(page.locator("h1")).to_have_text("取回我的资金")
        page.click("[data-wallet=local]")
        page.click("#run")
        expect(page.locator("#answer")).to_have_attribute("data-situation", "returned", timeout=40_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert not problems
    assert driver.network.balance("alder", "USDC", alice.address) == before


def test_a_link_or_the_recovery_file_shows_the_transfer(
    driver: Driver, alice: LocalAccount, hosted: str, chromium: str
) -> None:
    order, _ = open_and_walk_away(driver, alice)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN")
        page.goto(f"{hosted}#{recovery_code(order)}")
        expect(page.locator("#answer")).to_have_attribute("data-situation", "waiting_for_deadline")
        expect(page.locator("#facts")).to_contain_text(order.user)
        kept = {"order_id": "0x", "order": order_to_json(order), "recovery_code": recovery_code(order)}
        file = {"name": "kept.json", "mimeType": "application/json", "buffer": json.dumps(kept).encode()}
        page.goto(hosted)
        page.set_input_files("#file", file)
        page.click("#ask button")
        expect(page.locator("#answer")).to_have_attribute("data-situation", "waiting_for_deadline")
        browser.close()


def test_the_sites_own_copy_runs_under_its_policy(
    driver: Driver, alice: LocalAccount, live_server: LiveServer, chromium: str
) -> None:
    order = driver.transfer(alice)
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")
        page.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
        page.goto(f"{live_server.url}/rescue#{recovery_code(order_from_json(order.terms))}")
        expect(page.locator("#answer")).to_have_attribute("data-situation", "not_opened")
        browser.close()
    assert not problems


def test_the_file_fetches_nothing_but_chains_and_validators() -> None:
    text = (settings.BASE_DIR / "static" / "dist" / "rescue.html").read_text("utf-8")
    assert not re.findall(r"<(?:script|img|iframe)[^>]+src=|<link[^>]+href=\"(?!data:)", text)
    assert "script-src 'sha256-" in text
    assert "unsafe" not in text.split("</head>")[0]
