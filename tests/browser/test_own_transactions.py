"""The wallet's own transaction confirms: the chain's coin with the open, or one atomic batch."""

import json
from decimal import Decimal
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from intents.devnet.bench.demo_process import DemoProcess

from .person import READY, approve, confirm, connect, review, wait_shown
from .test_transfer import DEMO_WALLET, balance, manifest, signed_minimum


def rpc(demo: DemoProcess, slug: str, method: str, *params: object) -> str:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    url = manifest(demo, slug).endpoints[0].url
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["result"])


def coins(demo: DemoProcess, slug: str, owner: str = DEMO_WALLET) -> int:
    return int(rpc(demo, slug, "eth_getBalance", owner, "latest"), 16)


def test_the_coin_is_paid_with_one_transaction(page: Page, demo: DemoProcess) -> None:
    before, paid = balance(demo, "birch", "USDC"), coins(demo, "alder")
    page.goto("/?from=alder:ETH&to=birch:USDC&amount=0.05")
    connect(page)
    review(page)
    sentence = page.locator("[data-sentence]").inner_text()
    assert "0.05 ETH on Alder leaves your wallet" in sentence
    assert "if the price and our stock still allow it" in sentence
    assert "0.05 ETH comes back to you by itself" in sentence
    minimum = signed_minimum(page)
    prompts = confirm(page)
    assert prompts.count("Send a transaction") == 1, prompts
    assert set(prompts) <= {"Send a transaction", "Switch to Alder?"}
    wait_shown(page, "delivered")
    assert balance(demo, "birch", "USDC") >= before + minimum
    assert coins(demo, "alder") < paid - 5 * 10**16


def test_a_payment_that_is_not_sent_waits_and_can_be_sent_again(page: Page) -> None:
    page.goto("/?from=alder:ETH&to=birch:USDC&amount=0.05")
    connect(page)
    review(page)
    page.click("[data-sign]")
    prompt = page.locator("[data-demo-prompt]")
    prompt.wait_for()
    if prompt.locator("h2").inner_text() != "Send a transaction":
        approve(page)
        page.locator("[data-demo-prompt] h2", has_text="Send a transaction").wait_for()
    page.click("[data-demo-reject]")
    expect(page.locator("[data-state]")).to_contain_text("did not confirm")
    prompts = confirm(page)
    assert prompts == ["Send a transaction"]
    wait_shown(page, "delivered")


def test_dollars_arrive_as_the_coin_itself(page: Page, demo: DemoProcess) -> None:
    before = coins(demo, "birch")
    page.goto("/?from=alder:USDC&to=birch:ETH&amount=100")
    connect(page)
    review(page)
    minimum = signed_minimum(page)
    confirm(page)
    wait_shown(page, "delivered")
    assert coins(demo, "birch") >= before + minimum


def test_a_token_without_any_signature_takes_one_batch(page: Page, demo: DemoProcess) -> None:
    before, held = balance(demo, "alder", "USDC"), balance(demo, "birch", "WETH")
    page.goto("/?from=birch:WETH&to=alder:USDC&amount=0.01")
    connect(page)
    review(page)
    minimum = signed_minimum(page)
    prompts = confirm(page)
    assert prompts.count("Several steps in one transaction") == 1, prompts
    assert set(prompts) <= {"Several steps in one transaction", "Switch to Birch?"}
    wait_shown(page, "delivered")
    assert balance(demo, "alder", "USDC") >= before + minimum
    assert balance(demo, "birch", "WETH") == held - 10**16
    settler = manifest(demo, "birch").address("input_settler")
    data = "0xdd62ed3e" + DEMO_WALLET[2:].lower().rjust(64, "0") + settler[2:].lower().rjust(64, "0")
    call = {"to": manifest(demo, "birch").token("WETH").address, "data": data}
    assert int(rpc(demo, "birch", "eth_call", call, "latest"), 16) == 0


def test_another_way_can_be_picked_and_what_cannot_work_says_why(page: Page, demo: DemoProcess) -> None:
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    connect(page)
    page.locator(READY).wait_for()
    page.click(".ways summary")
    expect(page.locator("[data-way=eip3009]")).to_contain_text("✓")
    expect(page.locator("[data-way=native]")).to_contain_text("Only the chain's own coin")
    assert not page.locator("[data-way=native] button").count()
    page.click("[data-way=batch] button")
    page.locator("[data-way=batch]", has_text="✓").wait_for(state="attached")
    review(page)
    prompts = confirm(page)
    assert prompts.count("Several steps in one transaction") == 1, prompts
    wait_shown(page, "delivered")

    # From its first batch on the account borrows code (EIP-7702); its key signs for it as before.
    assert rpc(demo, "alder", "eth_getCode", DEMO_WALLET, "latest").startswith("0xef0100")
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    review(page)
    assert confirm(page) == ["Signature request"]
    wait_shown(page, "delivered")


def test_the_most_that_can_be_sent_leaves_gas(page: Page, demo: DemoProcess) -> None:
    page.goto("/?from=alder:ETH&to=birch:USDC&amount=0.01")
    connect(page)
    page.locator(READY).wait_for()
    if not page.locator("[data-share='100']").count():
        # The wallet is on another chain: reviewing has it switch.
        review(page)
        page.click("[data-sign]")
        approve(page)
        page.locator("[data-demo-prompt] h2", has_text="Send a transaction").wait_for()
        page.click("[data-demo-reject]")
        page.click("#confirm-dialog [data-cancel]")
        page.select_option("#from", "alder:USDC")
        page.select_option("#from", "alder:ETH")
    held = Decimal(coins(demo, "alder")).scaleb(-18)
    most, patience = held, 50
    # The first figure may be older than the transaction before this one; the wallet's own follows.
    while most >= held and (patience := patience - 1):
        page.locator("[data-share='100']").click()
        most = Decimal(page.input_value("#amount"))
        page.wait_for_timeout(100)
    assert held - Decimal("0.01") < most < held
    page.locator("[data-share='50']").click()
    assert abs(Decimal(page.input_value("#amount")) * 2 - most) < Decimal("0.000001")
