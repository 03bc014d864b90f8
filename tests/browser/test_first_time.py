"""The first time: four acts on a phone, and everything with the keyboard alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from intents.devnet.bench.demo_process import DemoProcess
from tests.axe import is_too_wide

from .conftest import watched
from .person import ORDER_PAGE, READY, approve, confirm, wait_shown
from .staff import count_clicks, counted, tab_to
from .test_transfer import balance

MOST_ACTS = 4
# What a person does on the page itself: each press, and each field however many keys it takes.
ACTS = """
  const told = (name) => {
    const acts = JSON.parse(sessionStorage.acts ?? "[]");
    if (!acts.includes(name)) sessionStorage.acts = JSON.stringify([...acts, name]);
  };
  let presses = 0;
  addEventListener("click", (event) => {
    const isWallets = event.target.closest("[data-demo-prompt]");
    if (event.isTrusted && !isWallets) told(`${location.pathname} press ${(presses += 1)}`);
  }, true);
  addEventListener("input", (event) => event.isTrusted && told(`field ${event.target.name}`), true);
"""


@pytest.fixture
def phone(browser: Browser, demo: DemoProcess) -> Iterator[Page]:
    """A new person's phone."""
    screen = {"width": 390, "height": 844}
    mobile = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
    with watched(browser, demo, viewport=screen, locale="zh-CN", **mobile) as opened:
        yield opened


def test_a_first_transfer_on_a_phone_takes_four_acts(phone: Page, demo: DemoProcess) -> None:
    before = balance(demo, "birch", "WETH")
    phone.add_init_script(ACTS)
    phone.goto("/")
    phone.fill("#amount", "40")
    phone.locator("[data-connect]").tap()
    prompts = [approve(phone)]
    phone.locator(READY).tap()
    phone.locator("#confirm-dialog[open]").wait_for()
    assert not is_too_wide(phone)
    assert "40 USDC" in phone.locator("[data-sentence]").inner_text()
    prompts += confirm(phone)
    wait_shown(phone, "delivered")
    acts = phone.evaluate("JSON.parse(sessionStorage.acts)")
    assert acts[0] == "field amount" and len(acts) <= MOST_ACTS, acts
    assert len(prompts) <= MOST_ACTS and prompts.count("签名请求") == 1, prompts
    assert not is_too_wide(phone)
    expect(phone.locator("h1")).to_have_text("已到账")
    assert balance(demo, "birch", "WETH") > before


def test_a_whole_transfer_with_the_keyboard_alone(page: Page, demo: DemoProcess) -> None:
    before = balance(demo, "cedar", "USDC")
    count_clicks(page)
    page.goto("/")
    keys = page.keyboard
    tab_to(page, "#amount")
    keys.press("Control+a")
    keys.type("30")
    tab_to(page, "#to-chosen")
    keys.press("Enter")
    expect(page.locator("#choice-search")).to_be_focused()
    keys.type("cedar usdc")
    keys.press("Enter")
    expect(page.locator("#to-chosen")).to_be_focused()
    tab_to(page, "[data-connect]")
    keys.press("Enter")
    answer(page)
    page.locator(READY).wait_for()
    tab_to(page, READY)
    keys.press("Enter")
    expect(page.locator("#confirm-title")).to_be_focused()
    tab_to(page, "[data-sign]")
    keys.press("Enter")
    while not ORDER_PAGE.search(page.url):
        if page.locator("[data-demo-prompt]").count():
            answer(page)
        page.wait_for_timeout(50)
    wait_shown(page, "delivered")
    expect(page.locator("#journey-head [role=status] h1")).to_have_text("Delivered")
    tab_to(page, "a[href$='/receipt']")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/receipt$"))
    assert counted(page, "pointers") == 0
    assert balance(demo, "cedar", "USDC") > before


def answer(page: Page) -> None:
    """Say yes in the wallet, whose button has the focus."""
    approval = page.locator("[data-demo-approve]")
    expect(approval).to_be_focused()
    shown = approval.element_handle()
    page.keyboard.press("Enter")
    shown.wait_for_element_state("hidden")
