"""Support staff at work in a real Chromium, on the whole running system."""

import re
from itertools import cycle

from playwright.sync_api import Browser, Page, expect

from intents.devnet.bench.demo_process import DemoProcess
from tests.axe import SERIOUS, is_too_wide, violations

from .person import confirm as confirm_transfer
from .person import connect, review, wait_shown
from .staff import confirm, count_clicks, counted, desk, expected, tab_to
from .test_transfer import balance

PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TX_HASH = re.compile(r"0x[0-9a-f]{64}")


def transfer(page: Page, path: str = "/?from=birch:USDC&to=cedar:USDC&amount=25") -> str:
    """A person makes one; its order id. The page stays on it."""
    page.goto(path)
    connect(page)
    review(page)
    confirm_transfer(page)
    return page.url.rsplit("/", 1)[1]


def hash_of(page: Page) -> str:
    """The first transaction that the transfer's page names."""
    shown = page.locator("#journey-events code.hash").first
    shown.wait_for(timeout=60_000)
    found = TX_HASH.fullmatch(shown.get_attribute("title") or "")
    assert found
    return found[0]


def test_from_a_transactions_hash_to_diagnosis_and_act_in_three_clicks(
    page: Page, browser: Browser, demo: DemoProcess
) -> None:
    order_id = transfer(page)
    tx_hash = hash_of(page)
    with desk(browser, demo) as staff:
        count_clicks(staff)
        staff.goto("/console/")
        staff.fill("#find", f" tx: {tx_hash} ")
        staff.keyboard.press("Enter")
        staff.wait_for_url(re.compile(f"/console/t/{order_id}/"))
        expect(staff.locator("[data-cause]").first).to_be_visible()
        assert len(staff.locator("[data-cause]").first.inner_text()) > 10
        staff.click("#act-note a")
        staff.fill("#note", "They asked where it is.")
        confirm(staff, "to remember it")
        staff.click("main form button[type=submit]")
        staff.wait_for_url(re.compile(f"/console/t/{order_id}/$"))
        expect(staff.locator(".said").first).to_contain_text("Done")
        assert counted(staff) <= 3
        staff.goto(f"/console/record/?q={order_id}")
        expect(staff.locator("main")).to_contain_text("staff")


def test_two_people_pay_goodwill(page: Page, browser: Browser, demo: DemoProcess) -> None:
    order_id = transfer(page)
    wait_shown(page, "delivered")
    before = balance(demo, "cedar", "USDC")
    with desk(browser, demo) as staff, desk(browser, demo, "second") as second:
        staff.goto(f"/console/t/{order_id}/")
        staff.click("#act-goodwill a")
        staff.select_option("#side", "recipient")
        staff.fill("#amount", "1.5")
        confirm(staff, "it took long")
        staff.click("main form button[type=submit]")
        staff.wait_for_url(re.compile(r"/console/requests/[0-9a-f-]{36}/"))
        expect(staff.locator("main")).to_contain_text("somebody else has to decide")
        assert not staff.locator("[name=decision]").count()

        second.goto("/console/requests/")
        second.click(f"a[href*='{staff.url.rstrip('/').rsplit('/', 1)[1]}']")
        confirm(second, "yes, it did")
        second.click("[name=decision][value=approve]")
        expect(second.locator(".said").first).to_be_visible()
        for _ in range(60):
            second.goto(second.url)
            if TX_HASH.search(second.locator("main").inner_text()):
                break
            second.wait_for_timeout(1000)
        assert TX_HASH.search(second.locator("main").inner_text()), second.locator("main").inner_text()
        for _ in range(30):
            if balance(demo, "cedar", "USDC") > before:
                break
            second.wait_for_timeout(500)
    decimals = 18
    assert balance(demo, "cedar", "USDC") == before + 15 * 10 ** (decimals - 1)


def test_a_question_is_answered_live(page: Page, browser: Browser, demo: DemoProcess) -> None:
    transfer(page)
    address = page.url
    with desk(browser, demo) as staff:
        staff.goto("/console/tickets/")
        page.click("text=Get help")
        page.wait_for_url(re.compile("/help$"))
        expect(page.locator("#help-money .money")).to_be_visible()
        posts: list[str] = []
        page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
        page.fill("#text", PHRASE)
        page.click("[data-help-form] button")
        expect(page.locator("[data-help-problem]")).to_contain_text("This was not sent")
        assert not posts, "what looks like a secret does not leave the browser"
        page.fill("#text", "Is it on its way?")
        page.click("[data-help-form] button")
        expect(page.locator("#help-messages")).to_contain_text("Is it on its way?")
        word = page.locator(".code-word strong").inner_text()

        staff.locator("tr[data-ticket]", has_text=word).locator("a[data-open]").click()
        expect(staff.locator("h1")).to_contain_text(word)
        expect(staff.locator("#ticket-messages")).to_contain_text("Is it on its way?")
        staff.click("[data-insert]")
        assert "about your transfer" in staff.input_value("#text")
        staff.fill("#text", "Yes, look at the blocks.")
        staff.click("button[value=answer]")
        expect(page.locator("#help-messages")).to_contain_text("Yes, look at the blocks.")
        expect(page.locator("#help-state")).to_contain_text("have answered")

        # The money's sentence is the same on both sides, whatever moves meanwhile.
        wait_money(page, "delivered")
        wait_money(staff, "delivered")
        assert money(page) == money(staff)

        page.goto(address)
        staff.fill("#text", "And here it is.")
        staff.click("button[value=answer]")
        expect(page.locator("#help-mark")).to_contain_text("1 new answer")
        expect(page).to_have_title(re.compile(r"^\(1\) "))
        page.click("#help-mark a")
        expect(page.locator("#help-messages")).to_contain_text("And here it is.")
        page.fill("#text", "Thank you!")
        page.click("[data-help-form] button")
        expect(staff.locator("#ticket-messages")).to_contain_text("Thank you!")
        staff.click("button[value=close]")
        expect(page.locator("#help-state")).to_contain_text("has ended")


def money(page: Page) -> str:
    return page.locator("#help-money .money").inner_text()


def wait_money(page: Page, code: str) -> None:
    page.locator(f"#help-money .money[data-code={code}]").wait_for(timeout=60_000)


def test_by_keyboard_alone(page: Page, browser: Browser, demo: DemoProcess) -> None:
    transfer(page)
    with desk(browser, demo) as staff:
        count_clicks(staff)
        staff.goto("/console/")
        staff.keyboard.press("/")
        staff.keyboard.type("0x90F79bf6EB2c4f870365E785982E1f101E93b906")
        staff.keyboard.press("Enter")
        staff.wait_for_url(re.compile(r"/console/search"))
        staff.keyboard.press("j")
        staff.keyboard.press("Enter")
        staff.wait_for_url(re.compile(r"/console/t/0x[0-9a-f]{64}/"))
        shown = staff.url
        tab_to(staff, "#act-note a")
        staff.keyboard.press("Enter")
        staff.wait_for_url(re.compile(r"/act/note/"))
        typed = expected(staff)
        for selector, text in (("#note", "By keyboard"), ("#reason", "a try"), ("#typed", typed)):
            tab_to(staff, selector)
            staff.keyboard.type(text)
        staff.keyboard.press("Enter")
        staff.wait_for_url(shown)
        expect(staff.locator(".said").first).to_contain_text("Done")
        assert counted(staff, "pointers") == 0
        staff.keyboard.press("?")
        expect(staff.locator("#keys-dialog")).to_be_visible()
        staff.keyboard.press("Escape")
        expect(staff.locator("#keys-dialog")).to_be_hidden()


def test_the_console_is_accessible(page: Page, browser: Browser, demo: DemoProcess) -> None:
    order_id = transfer(page)
    page.goto(f"{page.url}/help")
    page.fill("#text", "Where is it?")
    page.click("[data-help-form] button")
    page.locator("#help-messages").wait_for()
    with desk(browser, demo, bypass_csp=True) as staff:
        staff.goto("/console/tickets/")
        ticket = staff.locator("a[data-open]").first.get_attribute("href") or ""
        staff.goto(f"/console/t/{order_id}/")
        who_else = staff.locator(".diagnosis a[href*='/causes/']").first.get_attribute("href") or ""
        paths = [
            "/console/",
            "/console/list/all/",
            "/console/search?q=0x90F79bf6EB2c4f870365E785982E1f101E93b906",
            f"/console/t/{order_id}/",
            f"/console/t/{order_id}/act/note/",
            "/console/causes/",
            who_else,
            "/console/requests/",
            f"/console/requests/ask/goodwill/?order={order_id}",
            "/console/tickets/",
            ticket,
            "/console/network/",
            "/console/record/",
        ]
        found = {}
        # Every page in one look, every look on several pages.
        looks = (("en", "light"), ("zh-hans", "dark"), ("en", "dark"), ("zh-hans", "light"))
        for path, (language, theme) in zip(paths, cycle(looks), strict=False):
            chosen = {"django_language": language, "theme": theme}
            staff.context.add_cookies(
                [{"name": name, "value": value, "url": demo.url} for name, value in chosen.items()]
            )
            answer = staff.goto(path)
            assert answer is not None and answer.status == 200, path
            if problems := violations(staff, SERIOUS):
                found[path, language, theme] = problems
            assert not is_too_wide(staff), path
        assert not found, found
