"""A transfer that nobody can pay out comes back by itself, and its page says so all the way."""

from playwright.sync_api import Page, expect

from intents.devnet.bench.demo_process import DemoProcess
from tests.e2e.stack import chains_of

from .person import confirm, connect, review, wait_shown
from .test_arrival import broken, offer
from .test_transfer import balance


def test_money_that_cannot_be_delivered_comes_back_and_the_page_says_so(
    page: Page, demo: DemoProcess
) -> None:
    chains = chains_of(demo)
    payer = chains.manifest("alder").address("solver_account")
    before = balance(demo, "birch", "USDC")
    page.goto("/?from=birch:USDC&to=alder:USDC&amount=25")
    connect(page)
    review(page)
    assert "comes back to you by itself" in page.locator("[data-sentence]").inner_text()
    deadline = int(offer(page)["order"]["fillDeadline"])
    with broken(chains.rpc("alder"), payer):
        confirm(page)
        head = page.locator("#journey-head")
        expect(head.locator(".money")).to_contain_text("is in", timeout=30_000)
        assert balance(demo, "birch", "USDC") == before - 25 * 10**6
        chains.warp(deadline + 1 - int(chains.rpc("alder").block()["timestamp"], 16))
        wait_shown(page, "returning")
        expect(head.locator("progress")).to_have_class("way-bar back")
    wait_shown(page, "returned")
    assert balance(demo, "birch", "USDC") == before
