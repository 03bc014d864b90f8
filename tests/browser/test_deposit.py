"""A person pays from elsewhere to a transfer's own address, and one signs a permit, in a real Chromium."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from eth_account import Account
from playwright.sync_api import Browser, Page, expect

from intents.chains.calls import encode_call
from intents.chains.manifest import ChainManifest
from intents.client.chain_reader import ChainReader
from intents.client.sending import send_transaction
from intents.client.transfer import DEMO_KEY
from intents.contracts.addresses import deposit_address_of
from intents.devnet.bench.demo_process import DemoProcess
from intents.settlement.order import order_id
from intents.settlement.recovery_code import order_of
from tests.axe import is_too_wide, violations

from .conftest import PATIENCE_MS
from .person import ORDER_PAGE, READY, confirm, connect, review, wait_shown
from .test_transfer import balance, manifest

# Somebody without a wallet in this browser and without money on any chain.
OWNER = Account.create("nobody's key").address
ASKED = 20 * 10**6


def offered_address(chain: ChainManifest, code: str) -> str:
    settler = chain.address("input_settler")
    identity = order_id(order_of(code), settler=settler)
    return deposit_address_of(
        identity, settler=settler, implementation=chain.address("deposit_implementation")
    )


def pay(chain: ChainManifest, to: str, amount: int) -> None:
    """As an exchange would: a plain transfer from an address that the transfer does not know."""
    data = encode_call("transfer(address,uint256)", [to, amount])
    reader = ChainReader(chain.endpoints[0].url)
    send_transaction(reader, key=DEMO_KEY, chain_id=chain.chain_id, to=chain.token("USDC").address, data=data)


def ask_for_an_address(page: Page) -> dict[str, Any]:
    """Open the review without any wallet and take the recovery file; what it holds."""
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    page.locator("details:has(#refund) > summary").click()
    page.fill("#refund", OWNER)
    page.locator(READY).click()
    page.locator("#confirm-dialog[open] .keepsake .qr").wait_for()
    expect(page.locator("[data-sign]")).to_be_disabled()
    with page.expect_download() as download:
        page.click("[data-keep-file]")
    expect(page.locator("[data-sign]")).to_be_disabled()
    page.locator(".tick input").last.check()
    return dict(json.loads(Path(download.value.path()).read_text("utf-8")))


def test_paid_from_elsewhere_to_an_address_that_is_shown_after_the_recovery_code(
    page: Page, demo: DemoProcess
) -> None:
    alder = manifest(demo, "alder")
    kept = ask_for_an_address(page)
    address = offered_address(alder, kept["recovery_code"])
    assert kept["recovery_link"].endswith("/rescue#" + kept["recovery_code"])
    # The address appears only once the person holds the code.
    assert address not in page.content()
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    page.locator("[data-deposit-qr] .qr").wait_for()
    expect(page.locator("[data-deposit-address]")).to_have_text(address)
    expect(page.locator("[data-deposit-missing]")).to_have_text("20")
    expect(page.locator("[data-deposit-note]")).to_be_hidden()
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("[data-deposit-note]")).to_contain_text(OWNER)
    pay(alder, address, ASKED - 1)
    expect(page.locator("[data-deposit-missing]")).to_have_text("0.000001", timeout=20_000)
    expect(page.locator("#journey-head .money")).to_contain_text("exactly 0.000001 USDC is missing")
    pay(alder, address, 1)
    wait_shown(page, "delivered")
    expect(page.locator("[data-deposit]")).to_be_hidden()
    assert balance(demo, "birch", "USDC", OWNER) > 0


def test_an_address_that_is_not_the_transfers_own_is_never_shown(page: Page) -> None:
    """Whoever alters the page on its way cannot have the money sent elsewhere."""
    ask_for_an_address(page)
    # Chromium opens no socket from a page that the test itself hands out.
    page.add_init_script("window.WebSocket = class { addEventListener() {} send() {} close() {} };")

    def altered(route: Any) -> None:
        answer = route.fetch()
        body = answer.text()
        shown = body.split('data-address="')[1].split('"')[0]
        route.fulfill(response=answer, body=body.replace(shown, OWNER))

    page.route(ORDER_PAGE, altered)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    expect(page.locator("[data-deposit-problem]")).to_contain_text("Do not pay")
    expect(page.locator("[data-deposit-address]")).to_have_count(0)


@pytest.mark.parametrize(("language", "width"), [("en", 320), ("zh-Hans", 1280)])
def test_what_is_shown_for_paying_fits_and_is_accessible(
    browser: Browser, demo: DemoProcess, language: str, width: int
) -> None:
    context = browser.new_context(
        base_url=demo.url, viewport={"width": width, "height": 800}, locale=language, bypass_csp=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    page.locator("details:has(#refund) > summary").click()
    page.fill("#refund", OWNER)
    page.locator(READY).click()
    page.locator("#confirm-dialog[open] .keepsake .qr").wait_for()
    assert_accessible(page)
    for tick in page.locator(".tick input").all():
        tick.check()
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    page.locator("[data-deposit-qr] .qr").wait_for()
    for summary in page.locator("[data-deposit] summary").all():
        summary.click()
    assert_accessible(page)
    context.close()


def assert_accessible(page: Page) -> None:
    """Nothing sticks out sideways, and axe finds nothing that matters."""
    assert not is_too_wide(page)
    assert violations(page) == []


def test_the_connected_wallet_pays_with_one_transaction(page: Page) -> None:
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    connect(page)
    page.locator(READY).wait_for()
    page.click("details.ways summary")
    page.locator("[data-way=deposit] button").click()
    expect(page.locator("[data-way=deposit]")).to_contain_text("used for this offer")
    review(page)
    prompts = confirm(page)
    assert [title for title in prompts if not title.startswith("Switch")] == ["Send a transaction"]
    wait_shown(page, "delivered")


def test_one_permit_moves_a_token_that_knows_nothing_else(page: Page, demo: DemoProcess) -> None:
    before = balance(demo, "birch", "USDC")
    page.goto("/?from=cedar:USDC&to=birch:USDC&amount=20&confirm=permit")
    connect(page)
    review(page)
    assert "may take it" in page.locator("[data-signed]").inner_text()
    prompts = confirm(page)
    assert prompts.count("Signature request") == 1, prompts
    wait_shown(page, "delivered")
    assert balance(demo, "birch", "USDC") > before


def test_without_scripts_the_address_and_the_code_are_read(page: Page, demo: DemoProcess) -> None:
    kept = ask_for_an_address(page)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    link = page.get_by_role("link", name="secret link").get_attribute("href")
    body = urlopen(Request(demo.url + str(link)), timeout=10).read().decode()
    assert kept["recovery_code"] in body
    assert offered_address(manifest(demo, "alder"), kept["recovery_code"]) in body
