"""The form in a real browser: a sentence fills it, the list is used by keyboard, and no offer changes unseen."""

import gzip
import json
import re
import sqlite3
from contextlib import closing
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Response, Route, expect

from intents.devnet.bench.demo_process import DemoProcess
from intents.models.fields import DIGITS
from tests import shifts
from tests.axe import is_too_wide, violations

from .conftest import watched
from .person import ORDER_PAGE, READY, approve, confirm, connect, review, until_signature_request

MOST_BYTES = 150_000
KNOWN = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.mark.parametrize("sentence", ["send 25 USDC to Cedar", "把 25 USDC 转到 Cedar"])
def test_a_sentence_asks_what_is_missing_and_brings_an_offer(page: Page, sentence: str) -> None:
    page.goto("/")
    connect(page)
    page.fill("#say-text", sentence)
    page.press("#say-text", "Enter")
    expect(page.locator("[data-asked=origin] legend")).to_have_text("From which chain?")
    expect(page.locator("#from")).to_have_value("")
    page.locator("[data-asked=origin] button", has_text="Birch").click()
    expect(page.locator("#from")).to_have_value("birch:USDC")
    expect(page.locator("#to")).to_have_value("cedar:USDC")
    expect(page.locator("#from-chosen")).to_contain_text("Birch")
    expect(page.locator("#say-text")).to_have_value(re.compile("Birch"))
    page.locator(READY).wait_for()
    expect(page.locator("#quote-card")).to_contain_text("USDC on Cedar")


def test_what_is_not_understood_is_marked_and_no_offer_is_asked_for(page: Page) -> None:
    page.goto("/")
    page.fill("#say-text", "send 25 USDC from Birch to Cedar tomorrow")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/quote") else None)
    page.press("#say-text", "Enter")
    expect(page.locator("#said mark")).to_have_text("tomorrow")
    expect(page.locator("#amount")).to_have_value("25")
    page.wait_for_timeout(800)
    assert not asked


def test_a_question_that_nobody_heard_is_said_and_asked_again(page: Page) -> None:
    page.goto("/")
    page.route("**/quote", lambda route: route.abort())
    page.fill("#amount", "21")
    said = page.locator("#quote [role=alert]")
    expect(said).to_contain_text("The server does not answer")
    page.unroute("**/quote")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#quote-card")).to_contain_text("You receive")
    expect(said).to_have_count(0)


def test_too_much_leads_to_what_can_go_with_one_press(page: Page) -> None:
    page.goto("/")
    page.fill("#amount", "999999999")
    instead = page.locator("button[name=instead]")
    amount = str(instead.get_attribute("value"))
    instead.click()
    expect(page.locator("#amount")).to_have_value(amount.replace(",", ""))
    expect(page.locator("#quote-card")).to_contain_text("You receive")


def test_all_of_it_is_what_the_wallet_holds(page: Page) -> None:
    page.goto("/")
    connect(page)
    page.fill("#say-text", "move all my USDT from Alder to Birch")
    page.press("#say-text", "Enter")
    expect(page.locator("#from")).to_have_value("alder:USDT")
    assert float(page.input_value("#amount")) > 100


def test_a_token_is_chosen_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/")
    connect(page)
    page.locator("#to-chosen").focus()
    page.keyboard.press("ArrowDown")
    search = page.locator("#choice-search")
    expect(search).to_be_focused()
    expect(page.locator("#choice-list [role=option]").first).to_contain_text("$", timeout=20_000)
    page.keyboard.type("cedar us")
    expect(page.locator("#choice-list [role=option]").first).to_have_attribute("data-value", "cedar:USDC")
    pointed = page.locator("#choice-list .active")
    expect(search).to_have_attribute("aria-activedescendant", str(pointed.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(page.locator("#to")).to_have_value("cedar:USDC")
    expect(page.locator("#to-chosen")).to_be_focused()
    expect(page.locator("#to-chosen")).to_contain_text("Cedar")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#to-chosen")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/\?from=alder:USDC&to=cedar:USDC&amount=100$"))


def test_what_cannot_be_chosen_says_why(page: Page) -> None:
    page.goto("/")
    page.click("#from-chosen")
    page.fill("#choice-search", "hypUSDC alder")
    item = page.locator("#choice-list [role=option]")
    expect(item).to_have_attribute("aria-disabled", "true")
    expect(item).to_contain_text("not supported")
    item.dispatch_event("click")
    page.keyboard.press("Enter")
    expect(page.locator("#choice-dialog")).to_be_visible()
    page.fill("#choice-search", "0x" + "12" * 20)
    expect(page.locator("[data-choice-note]")).to_have_text("This token is not supported here.")
    page.click("#choice-dialog [data-cancel]")
    expect(page.locator("#from")).to_have_value("alder:USDC")


def test_a_chosen_token_that_is_held_says_why_before_any_offer_does(page: Page) -> None:
    reason = "USDC on Alder is paused: looked into"

    def held(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        for choice in found["choices"]:
            if choice["value"] == "alder:USDC":
                choice["why_from"] = choice["why_to"] = reason
        route.fulfill(response=answer, json=found)

    page.route(re.compile("/choices"), held)
    page.goto("/")
    expect(page.locator("#from-chosen .choice-why")).to_have_text(reason)
    expect(page.locator("#to-chosen .choice-why")).to_have_count(0)
    assert not is_too_wide(page)


def test_the_amount_may_be_typed_in_dollars(page: Page) -> None:
    page.goto("/?from=alder:WETH&to=birch:USDC&amount=0.05")
    page.click("[data-dollars]")
    page.fill("#dollars", "100")
    expect(page.locator("[data-worth]")).to_contain_text("WETH")
    assert 0.01 < float(page.input_value("#amount")) < 0.1
    page.click("[data-dollars]")
    expect(page.locator("#amount")).to_be_visible()
    expect(page.locator("[data-worth]")).to_contain_text("about $")


def signed_minimum(page: Page) -> int:
    offer = json.loads(page.get_attribute("#offer", "data-offer") or "")
    return int(offer["order"]["outputs"][0]["amount"])


def outlast(page: Page) -> None:
    """Let the time of the offer that is shown pass, on the page's own clock."""
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-countdown]")).to_contain_text("expired")


def test_nothing_is_renewed_while_the_wallet_is_asked(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    connect(page)
    review(page)
    until_signature_request(page)
    first = page.locator("[data-quote]").get_attribute("data-quote")
    outlast(page)
    assert page.locator("[data-quote]").get_attribute("data-quote") == first
    page.locator("[data-demo-reject]").click()


def test_a_worse_offer_than_was_shown_stops_before_signing(page: Page) -> None:
    page.clock.install()
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=25")
    connect(page)
    review(page)
    before = page.locator("[data-sentence]").inner_text()
    shown = signed_minimum(page)
    # The dialog stays open until its offer is over; what is priced then is for another, smaller delivery.
    outlast(page)

    def worse(route: Route) -> None:
        body = dict(part.split("=") for part in (route.request.post_data or "").split("&"))
        route.continue_(post_data="&".join(f"{k}={v}" for k, v in {**body, "gas_on_arrival": "yes"}.items()))

    page.route("**/quote", worse)
    page.click("[data-sign]")
    problem = page.locator("[data-problem]:not([hidden])")
    expect(problem).to_contain_text("the offer became worse")
    expect(page.locator("[data-sign]")).to_have_text("Confirm the new offer")
    assert not page.locator("[data-demo-prompt]").count()
    assert signed_minimum(page) < shown
    assert page.locator("[data-sentence]").inner_text() != before


def test_an_offer_that_is_over_but_as_good_is_confirmed_in_one_go(page: Page) -> None:
    page.clock.install()
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=30&exact=output")
    connect(page)
    review(page)
    outlast(page)
    page.click("[data-sign]")
    expect(page.locator("[data-demo-prompt], [data-problem]:not([hidden])").first).to_be_visible()


def test_a_price_that_fell_while_the_wallet_asked_is_shown_and_confirmed_anew(
    page: Page, demo: DemoProcess
) -> None:
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=25")
    connect(page)
    review(page)
    shown = signed_minimum(page)
    until_signature_request(page)
    make_worse(demo, str(page.locator("[data-quote]").get_attribute("data-quote")))
    with page.expect_response("**/orders") as answered:
        approve(page)
    refusal = answered.value
    assert (refusal.status, refusal.json()["error"]["code"]) == (409, "worse_price")
    expect(page.locator("[data-problem]")).to_contain_text("the offer became worse")
    expect(page.locator("[data-sign]")).to_have_text("Confirm the new offer")
    assert signed_minimum(page) < shown
    assert "Gas on arrival" in page.locator("[data-signed]").inner_text()
    assert confirm(page) == ["Signature request"]


def test_an_order_whose_answer_was_lost_is_handed_in_again_and_not_made_anew(page: Page) -> None:
    page.clock.install()
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=25")
    connect(page)
    review(page)
    until_signature_request(page)
    taken: list[str] = []

    def lose(route: Route) -> None:
        taken.append(route.fetch().json()["order_id"])
        route.abort()

    page.route("**/orders", lose, times=1)
    approve(page)
    expect(page.locator("[data-problem]")).to_contain_text("It may have been taken all the same")
    outlast(page)
    page.click("[data-sign]")
    page.wait_for_url(ORDER_PAGE)
    assert taken == [page.url.rsplit("/", 1)[1]]


def make_worse(demo: DemoProcess, quote: str) -> None:
    """The quote's time is over, its input buys less now, and the next one is for a smaller delivery."""
    change = (
        "UPDATE intents_quote SET expires_at = '2000-01-01 00:00:00', input_amount = ?, "
        "intent = json_set(intent, '$.gas_on_arrival', 'yes') WHERE id = ?"
    )
    with closing(sqlite3.connect(demo.run_dir / "waymeet.sqlite3", timeout=10)) as database, database:
        less = str(20 * 10**6).zfill(DIGITS)
        assert database.execute(change, (less, UUID(quote).hex)).rowcount == 1


def test_a_look_alike_needs_a_second_look(page: Page) -> None:
    page.goto(f"/?from=birch:USDC&to=cedar:USDC&amount=25&recipient={KNOWN}")
    connect(page)
    expect(page.locator("#receiver [data-note=first]")).to_be_visible()
    review(page)
    confirm(page)
    like = KNOWN[:6] + "00" * 16 + KNOWN[-4:]
    page.goto("/?from=birch:USDC&to=cedar:USDC&amount=25")
    page.locator("details.recipient summary").first.click()
    page.fill("#recipient", like.lower())
    expect(page.locator("#receiver [data-danger]")).to_contain_text(KNOWN)
    review(page)
    expect(page.locator("[data-sign]")).to_be_disabled()
    page.locator("label.look input").check()
    expect(page.locator("[data-sign]")).to_be_enabled()


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_sentence_works_without_scripts(browser: Browser, demo: DemoProcess, language: str) -> None:
    context = browser.new_context(base_url=demo.url, java_script_enabled=False, locale=language)
    plain = context.new_page()
    plain.goto("/")
    plain.fill("#say-text", "把 25 USDC 转到 Cedar")
    plain.press("#say-text", "Enter")
    plain.locator("[data-asked=origin] button", has_text="Birch").click()
    expect(plain.locator("#from")).to_have_value("birch:USDC")
    expect(plain.locator("#amount")).to_have_value("25")
    plain.locator("#ask button[type=submit].wide").click()
    expect(plain).to_have_url(re.compile(r"/q/[0-9a-f-]{36}$"))
    context.close()


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "en-GB", 1280), ("dark", "zh-CN", 320)])
def test_the_list_fits_and_is_accessible(
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
    page.goto("/say?say=move+100+U+to+Birch+tomorrow+to+bob.eth")
    connect(page)
    expect(page.locator("#from-chosen")).to_be_visible()
    for state in ("asked", "list"):
        if state == "list":
            page.click("#from-chosen")
            expect(page.locator("#choice-list [role=option]").first).to_contain_text("$", timeout=20_000)
        assert not is_too_wide(page), state
        assert violations(page) == [], state
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_for_who_comes_back(browser: Browser, demo: DemoProcess, width: int) -> None:
    with watched(browser, demo, viewport={"width": width, "height": 844}) as page:
        page.add_init_script(shifts.WATCH)
        page.goto("/")
        connect(page)
        page.locator(READY).wait_for()
        page.goto("/")
        page.locator(READY).wait_for()
        expect(page.locator("[data-balance]")).to_be_visible()
        expect(page.locator("#holdings summary")).to_be_visible()
        assert shifts.jump(page) == ""


def test_the_page_is_light(page: Page) -> None:
    """What a person's browser loads, compressed; the demo wallet is on local chains only."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/", wait_until="networkidle")
    loaded = [answer for answer in answers if "demo-wallet" not in answer.url]
    total = sum(len(gzip.compress(answer.body())) for answer in loaded)
    assert len(loaded) > 5
    assert total <= MOST_BYTES, total
