"""What a person does on the pages with the demo wallet."""

import re

from playwright.sync_api import Page

ORDER_PAGE = re.compile(r"/t/0x[0-9a-f]{64}$")
READY = "[data-confirm]:not([data-needs-wallet]):not([disabled])"


def approve(page: Page) -> str:
    """Approve what the wallet asks; its title."""
    prompt = page.locator("[data-demo-prompt]").last
    title = prompt.locator("h2").inner_text()
    prompt.locator("[data-demo-approve]").click()
    return title


def connect(page: Page) -> None:
    """Connect the demo wallet."""
    page.click("[data-connect]")
    approve(page)


def fill(
    page: Page, *, origin: str = "alder:USDC", destination: str = "birch:WETH", amount: str = "100"
) -> None:
    """Say what is wanted."""
    page.select_option("#from", origin)
    page.select_option("#to", destination)
    page.fill("#amount", amount)


def review(page: Page) -> None:
    """Wait for an offer that can be confirmed and open the dialog."""
    page.locator(READY).click()
    page.locator("#confirm-dialog[open]").wait_for()


def confirm(page: Page) -> list[str]:
    """Confirm in the wallet until the transfer's page appears; titles of every prompt."""
    page.click("[data-sign]")
    prompts: list[str] = []
    while not ORDER_PAGE.search(page.url):
        prompt = page.locator("[data-demo-prompt]")
        if prompt.count():
            prompts.append(approve(page))
        page.wait_for_timeout(50)
        problem = page.locator("[data-problem]:not([hidden])")
        assert not problem.count(), problem.inner_text()
    return prompts


def until_signature_request(page: Page) -> None:
    """Confirm and approve whatever the wallet asks before it shows the order."""
    page.click("[data-sign]")
    page.locator("[data-demo-prompt]").wait_for()
    while page.locator("[data-demo-prompt] h2").last.inner_text() != "Signature request":
        approve(page)
        page.locator("[data-demo-prompt]").wait_for()


def wait_shown(page: Page, shown: str, *, seconds: float = 60) -> None:
    """Wait until the transfer is shown as this."""
    page.locator(f"#journey-head[data-shown={shown}]").wait_for(timeout=seconds * 1000)
