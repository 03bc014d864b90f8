"""A person with the demo wallet transfers in a real Chromium, on the whole running system."""

import json
import re
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from intents.chains.manifest import ChainManifest, parse
from intents.devnet.bench.demo_process import DemoProcess
from tests.axe import is_too_wide, violations

from .person import READY, approve, confirm, connect, fill, review, until_signature_request, wait_shown

DEMO_WALLET = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def manifest(demo: DemoProcess, slug: str) -> ChainManifest:
    return parse((Path(demo.run_dir) / "network" / f"{slug}.toml").read_text("utf-8"))


def balance(demo: DemoProcess, slug: str, symbol: str, owner: str = DEMO_WALLET) -> int:
    """Read from the chain, not from us."""
    chain = manifest(demo, slug)
    call = {"to": chain.token(symbol).address, "data": "0x70a08231" + owner[2:].lower().rjust(64, "0")}
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    request = Request(chain.endpoints[0].url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return int(json.load(answer)["result"], 16)


def signed_minimum(page: Page) -> int:
    """What the offer has signed, in base units."""
    offer = json.loads(page.get_attribute("#offer", "data-offer") or "")
    return int(offer["order"]["outputs"][0]["amount"])


def test_100_usdc_from_alder_become_weth_on_birch_with_one_confirmation(
    page: Page, demo: DemoProcess
) -> None:
    before, paid = balance(demo, "birch", "WETH"), balance(demo, "alder", "USDC")
    page.goto("/")
    connect(page)
    review(page)
    sentence = page.locator("[data-sentence]").inner_text()
    assert "100 USDC on Alder leaves your wallet" in sentence
    assert "comes back to you by itself" in sentence
    expect(page.locator("[data-added-note]")).to_be_hidden()
    minimum = signed_minimum(page)
    prompts = confirm(page)
    assert prompts.count("Signature request") == 1, prompts
    assert set(prompts) <= {"Signature request", "Switch to Alder?"}
    wait_shown(page, "delivered")
    assert balance(demo, "birch", "WETH") >= before + minimum
    assert balance(demo, "alder", "USDC") == paid - 100 * 10**6

    # The filler is paid from escrow, and the page shows that too, without a click.
    page.locator("#journey-head:not([data-running])").wait_for(timeout=60_000)
    for kind in ("open", "fill", "prove", "finalise"):
        state = page.locator(f"[data-step={kind}]").get_attribute("data-state")
        assert state in ("confirmed", "final"), (kind, state)
    assert balance(demo, "alder", "USDC", manifest(demo, "alder").address("input_settler")) == 0

    numbers = [int(item.get_attribute("data-seq") or 0) for item in page.locator("[data-seq]").all()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_in_stock_with_permit2(page: Page, demo: DemoProcess) -> None:
    """A token without EIP-3009 that the demo wallet lets Permit2 move."""
    before = balance(demo, "birch", "USDC")
    page.goto("/?from=alder:USDT&to=birch:USDC&amount=20")
    connect(page)
    review(page)
    assert "Permit2" in page.locator("[data-signed]").inner_text()
    minimum = signed_minimum(page)
    confirm(page)
    wait_shown(page, "delivered")
    assert balance(demo, "birch", "USDC") >= before + minimum


def test_reload_second_tab_second_device_and_reconnect_neither_miss_nor_repeat(
    page: Page, browser: Browser, demo: DemoProcess
) -> None:
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=25")
    connect(page)
    review(page)
    confirm(page)
    second = page.context.new_page()
    second.goto(page.url)
    page.reload()
    page.context.set_offline(True)
    context = browser.new_context(base_url=demo.url, locale="en-GB")
    device = context.new_page()
    device.goto(page.url)
    expect(device.locator("#journey-head")).to_have_count(0)
    device.goto("/history")
    device.click("[data-login]")
    assert [approve(device), approve(device)] == ["Connect to this page?", "Sign a message"]
    device.locator(f".transfer[href*='{page.url.rsplit('/', 1)[1]}']").click()
    wait_shown(device, "delivered")
    page.context.set_offline(False)
    for tab in (page, second, device):
        wait_shown(tab, "delivered")
        tab.locator("#journey-head:not([data-running])").wait_for(timeout=60_000)
        numbers = [item.get_attribute("data-seq") for item in tab.locator("[data-seq]").all()]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert len({tab.locator("[data-seq]").count() for tab in (page, second, device)}) == 1
    context.close()


def test_polling_where_websockets_are_blocked(page: Page) -> None:
    page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.("
        "new CloseEvent('close', { code: 1006 })), 1); } addEventListener() {} send() {} close() {} };"
    )
    page.goto("/")
    connect(page)
    review(page)
    confirm(page)
    wait_shown(page, "delivered")


def test_without_scripts_one_reads_everything(browser: Browser, demo: DemoProcess, page: Page) -> None:
    page.goto("/")
    connect(page)
    review(page)
    confirm(page)
    wait_shown(page, "delivered")
    link = page.get_by_role("link", name="secret link").get_attribute("href")
    context = browser.new_context(base_url=demo.url, java_script_enabled=False, locale="en-GB")
    plain = context.new_page()
    plain.goto(str(link))
    expect(plain.locator("h1")).to_have_text("Delivered")
    assert plain.locator("[data-seq]").count() >= 5
    plain.goto("/")
    plain.click("text=Get an offer")
    expect(plain).to_have_url(re.compile(r"/q/[0-9a-f-]{36}$"))
    # The page asks again by itself.
    expect(plain.locator("#quote-card")).to_contain_text("You receive", timeout=20_000)
    context.close()


def test_a_remembered_wallet_gets_its_offer_when_the_page_opens(page: Page) -> None:
    page.goto("/")
    connect(page)
    page.goto("/?from=alder:USDC&to=birch:USDC&amount=20")
    page.locator(READY).wait_for()


def test_a_rejected_signature_stays_calm(page: Page) -> None:
    page.goto("/")
    connect(page)
    review(page)
    until_signature_request(page)
    page.locator("[data-demo-reject]").click()
    expect(page.locator("[data-state]").first).to_contain_text("Nothing happened")
    expect(page.locator("[data-sign]")).to_be_enabled()
    page.click("#confirm-dialog [data-cancel]")
    expect(page.locator(READY)).to_be_visible()


def test_what_the_wallet_signs_after_back_is_not_submitted(page: Page) -> None:
    submitted: list[str] = []
    page.on(
        "request", lambda request: submitted.append(request.url) if request.url.endswith("/orders") else None
    )
    page.goto("/")
    connect(page)
    review(page)
    until_signature_request(page)
    # The demo wallet covers the page; a real one does not.
    page.locator("#confirm-dialog [data-cancel]").dispatch_event("click")
    assert approve(page) == "Signature request"
    expect(page.locator(READY)).to_be_visible()
    page.wait_for_timeout(1000)
    assert not submitted


def test_a_server_that_lies_gets_no_signature(page: Page) -> None:
    """The card's order pays somebody else: the page recomputes and refuses."""

    def tamper(route: Route) -> None:
        answer = route.fetch()
        evil = "ee" * 20
        honest = DEMO_WALLET[2:].lower()
        body = re.sub(
            rf"(recipient&quot;:&quot;0x0{{24}}){honest}", rf"\g<1>{evil}", answer.text(), flags=re.IGNORECASE
        )
        route.fulfill(response=answer, body=body)

    # Cards come by socket; without one they are fetched, where the test can alter them.
    page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.("
        "new CloseEvent('close', { code: 1000 })), 0); } addEventListener() {} send() {} close() {} };"
    )
    page.route("**/card", tamper)
    page.goto("/")
    connect(page)
    review(page)
    expect(page.locator("[data-problem]")).to_contain_text("Stopped for your safety")
    expect(page.locator("[data-sign]")).to_be_disabled()


def test_an_offer_refreshes_before_it_expires_but_not_under_ones_hands(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    connect(page)
    page.locator(READY).wait_for()
    first = page.locator("[data-quote]").get_attribute("data-quote")
    page.clock.fast_forward(26_000)
    expect(page.locator("[data-quote]")).not_to_have_attribute("data-quote", str(first))
    page.locator(READY).click()
    second = page.locator("[data-quote]").get_attribute("data-quote")
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-countdown]")).to_contain_text("expired")
    assert page.locator("[data-quote]").get_attribute("data-quote") == second


def test_bad_input_is_said_at_once(page: Page) -> None:
    page.goto("/")
    page.route("**/quote", lambda route: route.continue_())
    problems: list[int] = []
    page.on("response", lambda answer: problems.append(answer.status) if answer.status >= 500 else None)
    for amount in ("0", "1e80", "letters", "0.00000001"):
        fill(page, amount=amount)
        expect(page.locator("#quote .code")).to_be_visible()
    fill(page, amount="100000000")
    expect(page.locator("#quote-card")).to_contain_text("Code")
    assert not problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_and_are_accessible(
    browser: Browser, demo: DemoProcess, theme: str, language: str, width: int
) -> None:
    context = browser.new_context(
        base_url=demo.url,
        viewport={"width": width, "height": 800},
        color_scheme=theme,  # type: ignore[arg-type]
        locale=language,
        bypass_csp=True,
    )
    page = context.new_page()
    for path in ("/", "/history", "/network", "/nowhere"):
        page.goto(path)
        if path == "/":
            connect(page)
            page.locator(READY).wait_for()
        assert not is_too_wide(page), path
        assert violations(page) == [], path
    context.close()
