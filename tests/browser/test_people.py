"""Names in place of addresses, a history that moves, an offer that is kept, and paying by a link."""

import re

from playwright.sync_api import Page, expect

from intents.devnet.accounts import named_wallet

from .person import READY, confirm, connect, review

ALICE = str(named_wallet("alice").address)
FORM = "/?from=birch:USDC&to=cedar:USDC&amount=25"


def test_a_name_becomes_the_address_that_is_confirmed_and_the_history_says_how_it_goes(page: Page) -> None:
    page.goto(FORM)
    connect(page)
    page.locator("details.recipient summary").first.click()
    page.fill("#recipient", "nobody.eth")
    expect(page.locator("#receiver [data-note=name]")).to_contain_text("leads to no address")
    page.fill("#recipient", "Alice.eth")
    expect(page.locator("#recipient")).to_have_value(ALICE)
    expect(page.locator("#receiver [data-note=named]")).to_contain_text("alice.eth")
    assert f"recipient={ALICE}" in page.url
    review(page)
    assert ALICE in page.locator("[data-signed]").inner_text()
    confirm(page)
    page.goto("/history")
    page.evaluate("window.isSamePage = true")
    page.locator(".transfers .pill.delivered").first.wait_for(timeout=60_000)
    expect(page.locator(".transfers .transfer-took").first).to_have_text(re.compile(r"\d"))
    assert page.evaluate("window.isSamePage")


def test_a_sentence_may_name_the_receiver(page: Page) -> None:
    page.goto("/")
    connect(page)
    page.fill("#say-text", "send 25 USDC from birch to alice.eth on cedar")
    page.press("#say-text", "Enter")
    expect(page.locator("#said [data-named]")).to_contain_text(ALICE)
    expect(page.locator("#recipient")).to_have_value(ALICE)
    page.locator(READY).wait_for()


def test_an_offer_is_kept_while_one_reads(page: Page) -> None:
    page.goto(FORM)
    connect(page)
    page.locator(READY).wait_for()
    # As if nearly over: it would be fetched anew at the next look.
    page.evaluate(
        "document.getElementById('quote-card').dataset.secondsLeft = '3';"
        "delete document.getElementById('quote-card').dataset.seen;"
        "document.body.dispatchEvent(new CustomEvent('htmx:afterSettle', { detail: {} }));"
        "document.querySelector('[data-keep-offer]').click()"
    )
    expect(page.locator("[data-keep-offer]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-countdown]")).to_contain_text("Kept for")
    kept = page.locator("[data-quote]").get_attribute("data-quote")
    expect(page.locator("[data-countdown]")).to_contain_text("expired", timeout=15_000)
    assert page.locator("[data-quote]").get_attribute("data-quote") == kept
    expect(page.locator("[data-confirm]")).to_be_disabled()


def test_who_pays_by_a_link_chooses_in_the_same_list(page: Page) -> None:
    page.goto("/pay?to=birch:vault&amount=5&recipient=alice.eth")
    expect(page.locator("#recipient")).to_have_value(ALICE)
    expect(page.locator("#receiver [data-note=first]")).to_be_visible()
    connect(page)
    page.click("#from-chosen")
    page.fill("#choice-search", "usdt alder")
    page.press("#choice-search", "Enter")
    expect(page.locator("#from-chosen")).to_contain_text("USDT")
    expect(page.locator("#from")).to_have_value("alder:USDT")
    page.locator(READY).wait_for()
