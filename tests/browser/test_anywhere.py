"""Money of any chain: one balance, one choice with its reason, and two chains that pay together."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.funding import fund_wallets

from .person import ORDER_PAGE, READY, approve, confirm, connect, review, wait_shown
from .test_own_transactions import coins
from .test_transfer import DEMO_WALLET, balance, manifest, signed_minimum

DECIMALS = {"summit": 6, "alder": 6, "cedar": 18}
PURSE = 10_000


@pytest.fixture(autouse=True)
def purses(demo: DemoProcess) -> Iterator[None]:
    """These empty whole purses, which other tests pay from: they are filled again."""
    yield
    for slug, digits in DECIMALS.items():
        missing = PURSE * 10**digits - balance(demo, slug, "USDC")
        if missing > 0:
            amounts, wei = {"USDC": missing}, coins(demo, slug)
            fund_wallets(manifest(demo, slug), [DEMO_WALLET], amounts=amounts, wei=wei)


def dollars(demo: DemoProcess) -> dict[str, int]:
    """Whole USDC of the demo wallet on the chains other than Birch, most first."""
    held = {slug: balance(demo, slug, "USDC") // 10**digits for slug, digits in DECIMALS.items()}
    return dict(sorted(held.items(), key=lambda item: -item[1]))


def test_any_usdc_is_paid_from_the_best_chain_with_one_signature(page: Page, demo: DemoProcess) -> None:
    before = balance(demo, "birch", "WETH")
    page.goto("/?amount=60")
    connect(page)
    holdings = page.locator("#holdings summary")
    expect(holdings).to_contain_text("Your USDC: ")
    expect(holdings).to_contain_text("on 4 chains")
    holdings.click()
    expect(page.locator("#holdings .line")).to_have_count(4)
    page.locator("[data-use-anywhere]").click()
    expect(page.locator("#from")).to_have_value("any:USDC")
    expect(page.locator("#from-chosen")).to_contain_text("any chain")
    expect(page.locator("[data-why]")).to_have_text(re.compile(r"^From (Summit|Alder|Cedar): "))
    review(page)
    assert "60 USDC on " in page.locator("[data-sentence]").inner_text()
    minimum = signed_minimum(page)
    prompts = confirm(page)
    assert prompts.count("Signature request") == 1, prompts
    expect(page.locator("#together")).to_have_count(0)
    wait_shown(page, "delivered", seconds=90)
    assert balance(demo, "birch", "WETH") >= before + minimum


def ask_for_more_than_one_chain_has(page: Page, demo: DemoProcess) -> int:
    """Ask for 300 more than the largest purse holds; that amount."""
    amount = next(iter(dollars(demo).values())) + 300
    page.goto(f"/?from=any:USDC&to=birch:WETH&amount={amount}")
    connect(page)
    expect(page.locator("[data-together]")).to_contain_text("2 confirmations, one for each chain")
    expect(page.locator(".counts")).to_contain_text("2 confirmations, one for each chain")
    expect(page.locator("#quote-card [data-part]")).to_have_count(2)
    return amount


def offers(page: Page) -> list[int]:
    """What both parts have signed, in base units."""
    offer = json.loads(page.get_attribute("#offer", "data-offer") or "")
    return [int(part["order"]["outputs"][0]["amount"]) for part in (offer, offer["second"])]


def test_two_chains_pay_together_with_two_prompts(page: Page, demo: DemoProcess) -> None:
    before = balance(demo, "birch", "WETH")
    ask_for_more_than_one_chain_has(page, demo)
    review(page)
    expect(page.locator("#confirm-title")).to_have_text("You confirm twice, once for each chain")
    sentence = page.locator("[data-sentence]").inner_text()
    assert sentence.count("leaves your wallet") == 2
    assert "the first still goes its way" in sentence
    minimums = offers(page)
    prompts = confirm(page)
    assert prompts.count("Signature request") == 2, prompts
    expect(page.locator("#together [data-part]")).to_have_count(2)
    for number in (1, 2):
        part = page.locator(f"#together [data-part='{number}']")
        expect(part).to_contain_text(re.compile("delivered", re.IGNORECASE), timeout=120_000)
    assert balance(demo, "birch", "WETH") >= before + sum(minimums)
    page.locator("#together a").click()
    wait_shown(page, "delivered")
    expect(page.locator("#together [data-part='2']")).to_contain_text("this page")


def test_the_first_part_stands_when_the_second_is_not_confirmed(page: Page, demo: DemoProcess) -> None:
    ask_for_more_than_one_chain_has(page, demo)
    review(page)
    page.click("[data-sign]")
    signed = 0
    while True:
        prompt = page.locator("[data-demo-prompt]")
        prompt.wait_for()
        is_signature = prompt.last.locator("h2").inner_text() == "Signature request"
        if is_signature and signed:
            prompt.last.locator("[data-demo-reject]").click()
            break
        signed += is_signature
        approve(page)
        page.wait_for_timeout(50)
    state = page.locator("[data-state]")
    expect(state).to_contain_text("The first part was sent and stands")
    expect(state).to_contain_text("nothing was taken for it")
    expect(page.locator("[data-sign]")).to_have_text("Confirm part 2 of 2 in wallet")
    page.click("#confirm-dialog [data-cancel]")
    page.wait_for_url(ORDER_PAGE)
    wait_shown(page, "delivered", seconds=120)
    second = page.locator("#together [data-part='2']")
    expect(second).to_contain_text("nothing was taken for this part")
    second.locator("a").click()
    expect(page.locator("#amount")).not_to_have_value("")
    connected = page.locator(READY)
    connected.wait_for()
