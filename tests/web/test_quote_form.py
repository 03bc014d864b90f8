"""The form: examples and links fill it; every bad input is a message with a code, and leaves nothing behind."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from intents.models import Quote
from intents.services.login import BROWSER_COOKIE

from . import rows
from .conftest import Browser

GOOD = {"from": "alder:USDC", "to": "birch:WETH", "amount": "100", "exact": "input"}
BAD = [
    ({"amount": "0"}, "amount_not_positive"),
    ({"amount": "0.0000000001"}, "amount_too_precise"),
    ({"amount": "1e80"}, "amount_too_large"),
    ({"amount": "abc"}, "amount_not_a_number"),
    ({"amount": "-5"}, "amount_not_positive"),
    ({"amount": "1" * 150}, "amount_too_large"),
    ({"amount": ""}, "field_missing"),
    ({"from": ""}, "field_missing"),
    ({"from": "nowhere:USDC"}, "chain_not_supported"),
    ({"from": "alder:NOPE"}, "token_not_supported"),
    ({"to": "birch:<img src=x onerror=alert(1)>"}, "token_not_supported"),
    ({"to": "alder:USDC"}, "same_token"),
    ({"to": "alder:WETH"}, "same_chain"),
    ({"exact": "both"}, "field_invalid"),
    ({"confirm": "trustme"}, "way_not_known"),
    ({"recipient": "0x123"}, "address_malformed"),
    ({"recipient": "0x" + "00" * 20}, "recipient_not_allowed"),
    ({"recipient": rows.ESCROW}, "recipient_not_allowed"),
    ({"user": "mallory"}, "address_malformed"),
]


def test_a_link_does_not_say_where_money_comes_back_to(chains: None, stranger: Client) -> None:
    text = stranger.get(f"/?amount=7&refund={rows.BOB}&user={rows.BOB}").content.decode()
    assert 'value="7"' in text
    assert f'value="{rows.BOB}"' not in text


def test_the_default_example(chains: None, stranger: Client) -> None:
    text = stranger.get("/").content.decode()
    assert '<option value="alder:USDC" selected>' in text
    assert '<option value="birch:WETH" selected>' in text
    assert 'value="100"' in text


def test_a_link_fills_the_form(chains: None, stranger: Client) -> None:
    text = stranger.get("/?from=birch:WETH&to=alder:USDC&amount=2.5&exact=output").content.decode()
    assert '<option value="birch:WETH" selected>' in text
    assert 'value="2.5"' in text
    assert 'value="output" checked' in text


def test_a_hostile_link_is_only_text(chains: None, stranger: Client) -> None:
    text = stranger.get('/?amount="><script>alert(1)</script>&from="><b hx-get=/x>').content.decode()
    assert "<script>alert" not in text
    assert "<b hx-get" not in text


@pytest.mark.parametrize("is_htmx", [True, False])
@pytest.mark.parametrize(("change", "code"), BAD)
def test_bad_input(chains: None, stranger: Client, change: dict[str, str], code: str, is_htmx: bool) -> None:
    headers = {"hx-request": "true"} if is_htmx else {}
    answer = stranger.post("/quote", {**GOOD, **change}, headers=headers)
    text = answer.content.decode()
    assert 400 <= answer.status_code < 500
    assert f"<code>{code}</code>" in text
    assert ("<html" in text) is not is_htmx
    assert "<img src=x" not in text
    assert_nothing_left(stranger, answer.cookies)


def assert_nothing_left(client: Client, cookies: object) -> None:
    assert BROWSER_COOKIE not in client.cookies
    assert "sessionid" not in client.cookies
    assert not Session.objects.exists()
    assert not Quote.objects.exists()


def test_the_message_is_in_the_persons_language(chains: None, stranger: Client) -> None:
    answer = stranger.post(
        "/quote", {**GOOD, "amount": "abc"}, headers={"hx-request": "true", "accept-language": "zh-CN"}
    )
    assert "数额不是数字" in answer.content.decode()
    assert "amount_not_a_number" in answer.content.decode()


@pytest.mark.parametrize(
    ("empty", "said"),
    [
        ("amount", "Type an amount."),
        ("from", "Choose what you send."),
        ("to", "Choose what arrives, and where."),
    ],
)
def test_what_is_missing_is_asked_for_in_words(chains: None, stranger: Client, empty: str, said: str) -> None:
    answer = stranger.post("/quote", {**GOOD, empty: ""}, headers={"hx-request": "true"})
    assert said in answer.content.decode()


def test_what_was_typed_stays(chains: None, stranger: Client) -> None:
    text = stranger.post("/quote", {**GOOD, "amount": "abc"}).content.decode()
    assert 'value="abc"' in text


def test_a_form_from_another_site(chains: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/quote", GOOD)
    assert answer.status_code == 403
    assert "csrf_failed" in answer.content.decode()
    assert not browser.cookies


def test_without_scripts_one_is_led_to_the_quote(chains: None, stranger: Client) -> None:
    answer = stranger.post("/quote", GOOD)
    made = Quote.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/q/{made.pk}"
    cookie = answer.cookies[BROWSER_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    page = stranger.get(answer["Location"]).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'value="100"' in page


def test_scripts_get_a_card_that_fills_itself(chains: None, stranger: Client) -> None:
    text = stranger.post("/quote", GOOD, headers={"hx-request": "true"}).content.decode()
    made = Quote.objects.get()
    assert f'ws-connect="/ws/quotes/{made.pk}/"' in text
    assert "<html" not in text


def test_a_quote_belongs_to_its_browser(
    chains: None, alice_browser: Browser, mallory_browser: Browser
) -> None:
    made = rows.quote(browser_key=alice_browser.key)
    for path in (f"/q/{made.pk}", f"/q/{made.pk}/card"):
        assert alice_browser.get(path).status_code == 200
        denied = mallory_browser.get(path)
        assert denied.status_code == 404
        assert rows.ALICE.lower() not in denied.content.decode().lower()


def test_the_card_shows_all_that_counts(chains: None, alice_browser: Browser) -> None:
    made = rows.quote(browser_key=alice_browser.key)
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    for shown in ("0.031", "0.03 WETH", "100 USDC", "0.077 USDC", "$0.077", "0.06 USDC", "3 seconds"):
        assert shown in text, shown
    assert "1 confirmation · 0 approvals · 0 claims" in re.sub("</?span>", "", text)
    assert "1 USDC ≈ 0.00031 WETH" in text


def test_fees_are_said_to_be_where_they_are(chains: None, alice_browser: Browser) -> None:
    made = rows.quote(browser_key=alice_browser.key)
    taken, added = "Fees are already taken off what you receive.", "Fees are already in what you send."
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    assert taken in text
    assert added not in text
    Quote.objects.filter(pk=made.pk).update(intent={**made.intent, "exact": "output"})
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    assert added in text
    assert taken not in text


def test_a_refusal_shows_words_and_code(chains: None, alice_browser: Browser) -> None:
    refusal = {
        "code": "below_minimum_order",
        "params": {"minimum": "2500000", "token": "USDC", "decimals": 6},
    }
    made = rows.quote(browser_key=alice_browser.key, state="refused", refusal=refusal, order=None)
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    assert "2.5 USDC" in text
    assert "<code>below_minimum_order</code>" in text
    assert "data-confirm" not in text


INSTEAD = [
    ("amount_too_large", {"maximum": "12493865812"}, "12,400"),
    ("amount_too_large", {"maximum": "7"}, "0.000007"),
    ("below_minimum_order", {"minimum": "1634021"}, "1.64"),
    ("insufficient_balance", {"have": "9920000001", "need": "11000000000"}, "9,920.000001"),
    ("insufficient_balance", {"have": "0", "need": "11000000000"}, ""),
    ("cold_start_cap", {"maximum": "2000000000"}, "2,000"),
]


@pytest.mark.parametrize(("code", "bound", "amount"), INSTEAD)
def test_a_refusal_with_a_bound_offers_an_amount_within_it(
    chains: None, alice_browser: Browser, code: str, bound: dict[str, str], amount: str
) -> None:
    params = {**bound, "token": "USDC", "chain": 901, "decimals": 6}
    refusal = {"code": code, "params": params}
    made = rows.quote(browser_key=alice_browser.key, state="refused", refusal=refusal, order=None)
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    assert (f'name="instead" value="{amount}"' in text and f"Send {amount} USDC instead" in text) == bool(
        amount
    )
    Quote.objects.filter(pk=made.pk).update(intent={**made.intent, "exact": "output"})
    # The bound is of what is sent, and here the other side was typed.
    assert 'name="instead"' not in alice_browser.get(f"/q/{made.pk}").content.decode()


def test_the_amount_instead_names_its_token_when_no_chain_was_chosen_yet(
    chains: None, alice_browser: Browser
) -> None:
    refusal = {"code": "amount_too_large", "params": {"maximum": "13030000", "token": "WBTC", "decimals": 8}}
    made = rows.quote(
        browser_key=alice_browser.key,
        state="refused",
        refusal=refusal,
        order=None,
        origin_id=0,
        input_token="",
    )
    assert "Send 0.13 WBTC instead" in alice_browser.get(f"/q/{made.pk}").content.decode()


def test_without_scripts_the_button_of_a_refusal_asks_for_its_amount(chains: None, stranger: Client) -> None:
    answer = stranger.post("/quote", {**GOOD, "amount": "999999999", "instead": "12,400"})
    assert answer.status_code == 302
    assert Quote.objects.get().intent["amount"] == str(12_400 * 10**6)


def test_too_little_on_one_chain_leads_to_all_of_them(
    chains: None, alice_browser: Browser, stranger: Client
) -> None:
    params = {
        "have": "5",
        "need": "9",
        "token": "USDC",
        "chain": "901",
        "decimals": 6,
        "elsewhere": "any:USDC",
    }
    refusal = {"code": "insufficient_balance", "params": params}
    made = rows.quote(browser_key=alice_browser.key, state="refused", refusal=refusal, order=None)
    text = alice_browser.get(f"/q/{made.pk}").content.decode()
    assert "On Alder your wallet holds 0.000005 USDC; this transfer needs 0.000009." in text
    assert 'name="elsewhere" value="any:USDC"' in text
    stranger.post("/quote", {**GOOD, "confirm": "permit2", "elsewhere": "any:USDC"})
    asked = Quote.objects.exclude(pk=made.pk).get().intent
    assert (asked["origin"], asked["asset"], asked["confirm"]) == (0, "usdc", "auto")


def test_an_expired_offer_cannot_be_confirmed(chains: None, alice_browser: Browser) -> None:
    made = rows.quote(browser_key=alice_browser.key)
    Quote.objects.filter(pk=made.pk).update(expires_at=made.created_at)
    text = alice_browser.get(f"/q/{made.pk}/card").content.decode()
    assert "expired" in text
    assert "disabled" in text


def test_the_api_does_not_tell_a_browsers_quote(
    chains: None, alice_browser: Browser, stranger: Client
) -> None:
    of_browser, of_program = rows.quote(browser_key=alice_browser.key), rows.quote(browser_key="")
    assert stranger.get(f"/api/v1/quotes/{of_browser.pk}").status_code == 404
    assert stranger.get(f"/api/v1/quotes/{of_program.pk}").status_code == 200
