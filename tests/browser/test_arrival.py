"""Acting on arrival in a real Chromium: the vault's button, a vault that breaks meanwhile, gas besides."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_account import Account
from playwright.sync_api import Browser, Page, expect

from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.rpc import Rpc
from tests.axe import SERIOUS, is_too_wide, violations

from .person import confirm, connect, review, wait_shown
from .test_transfer import DEMO_WALLET, manifest

USDC = 10**6
BROKEN = "0x60006000fd"


def birch(demo: DemoProcess) -> Rpc:
    return Rpc(manifest(demo, "birch").endpoints[0].url)


def held(demo: DemoProcess, token: str, owner: str = DEMO_WALLET) -> int:
    return int(birch(demo).call(token, "balanceOf(address)", owner))


def offer(page: Page) -> dict[str, Any]:
    return dict(json.loads(page.get_attribute("#offer", "data-offer") or ""))


@contextmanager
def broken(rpc: Rpc, contract: str) -> Iterator[None]:
    """For a while whoever calls the contract is refused."""
    code = rpc.request("eth_getCode", contract, "latest")
    rpc.request("anvil_setCode", contract, BROKEN)
    try:
        yield
    finally:
        rpc.request("anvil_setCode", contract, code)


def test_the_vaults_button_takes_a_deposit_paid_from_alder_with_one_confirmation(
    page: Page, demo: DemoProcess
) -> None:
    vault = manifest(demo, "birch").app("vault").target
    before = held(demo, vault)
    page.goto("/apps/birch-vault")
    connect(page)
    expect(page.locator("[data-shares]")).to_contain_text("vUSDC")
    page.click("[data-bring]")
    page.wait_for_url("**/pay?to=birch:vault&amount=25")
    expect(page.locator("#quote-card")).to_contain_text("tried just now, it works")
    review(page)
    assert "goes into Demo vault of USDC on Birch" in page.locator("[data-sentence]").inner_text()
    assert vault in page.locator("[data-signed]").inner_text()
    prompts = confirm(page)
    assert prompts.count("Signature request") == 1, prompts
    assert set(prompts) <= {"Signature request", "Switch to Alder?"}
    wait_shown(page, "delivered")
    expect(page.locator(".money")).to_contain_text("went into Demo vault of USDC")
    assert held(demo, vault) - before == 25 * USDC
    page.goto("/apps/birch-vault")
    expect(page.locator("[data-shares]")).to_contain_text("vUSDC")


def test_a_vault_that_breaks_meanwhile_leaves_the_tokens_with_the_person_and_the_page_says_so(
    page: Page, demo: DemoProcess
) -> None:
    vault, usdc = manifest(demo, "birch").app("vault").target, manifest(demo, "birch").token("USDC").address
    page.goto("/pay?to=birch:vault&amount=10")
    connect(page)
    review(page)
    before = held(demo, usdc)
    with broken(birch(demo), vault):
        confirm(page)
        wait_shown(page, "delivered")
    expect(page.locator(".money")).to_contain_text("failed, so you received the tokens themselves")
    assert held(demo, usdc) - before == 10 * USDC


def test_a_recipient_without_coins_gets_gas_besides(page: Page, demo: DemoProcess) -> None:
    recipient = Account.create().address
    page.goto(f"/?from=alder:USDC&to=birch:USDC&amount=30&recipient={recipient}")
    connect(page)
    expect(page.locator("#quote-card")).to_contain_text("Besides, for gas")
    review(page)
    assert "Gas on arrival" in page.locator("[data-signed]").inner_text()
    wei = int(offer(page)["order"]["outputs"][1]["amount"])
    confirm(page)
    wait_shown(page, "delivered")
    assert int(birch(demo).request("eth_getBalance", recipient, "latest"), 16) == wei > 0


def test_the_frame_opens_a_page_of_its_own(page: Page, demo: DemoProcess) -> None:
    page.goto("/apps/birch-vault")
    frame = page.frame_locator("iframe.bring")
    with page.context.expect_page() as opening:
        frame.locator("button[type=submit]").click()
    opened = opening.value
    opened.wait_for_url("**/pay?**")
    assert "to=birch%3Avault" in opened.url
    assert opened.evaluate("window.opener") is None
    expect(opened.locator("#amount")).to_have_value("25")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_readable_by_everybody(
    browser: Browser, demo: DemoProcess, width: int, theme: Any
) -> None:
    context = browser.new_context(
        base_url=demo.url, viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True
    )
    page = context.new_page()
    for path in ("/pay?to=birch:vault&amount=25", "/pay/embed?to=birch:vault", "/apps/birch-vault"):
        page.goto(path)
        page.wait_for_timeout(300)
        assert not is_too_wide(page), path
        assert violations(page, SERIOUS) == [], path
    context.close()
