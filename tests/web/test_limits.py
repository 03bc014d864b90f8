"""Who asks too often is told so in words, with a code and a time, on pages and in the API alike."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from intents.services import limits

from . import rows
from .conftest import Browser

FORM = {"from": "alder:USDC", "to": "birch:WETH", "amount": "100", "exact": "input"}
API = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "x",
}


@pytest.fixture(autouse=True)
def _strict(chains: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two requests of each kind, as if the chains were real."""
    settings.RATE_LIMITS = dict.fromkeys(("quotes", "orders", "logins", "lookups", "balances"), (2, 3600))
    monkeypatch.setattr(limits, "LOCAL_FACTOR", 1)
    limits.forget()
    yield
    limits.forget()


def ask(client: Client, what: str, **headers: str) -> Any:
    if what == "page quote":
        return client.post("/quote", FORM, headers=headers)
    if what == "API quote":
        return client.post(
            "/api/v1/quotes", json.dumps(API), content_type="application/json", headers=headers
        )
    if what == "order":
        return client.post("/orders", "{}", content_type="application/json", headers=headers)
    if what == "API order":
        return client.post("/api/v1/orders", "{}", content_type="application/json", headers=headers)
    if what == "staff password":
        guess = {"username": "staff", "password": secrets.token_hex(4)}
        return client.post(f"/{settings.CONSOLE_PATH}login/", guess, headers=headers)
    if what == "login message":
        return client.get("/login/message", {"address": rows.ALICE}, headers=headers)
    return client.post("/login", "{}", content_type="application/json", headers=headers)


EVERYTHING = ["page quote", "API quote", "order", "API order", "login message", "login", "staff password"]


@pytest.mark.parametrize("what", EVERYTHING)
@pytest.mark.parametrize(("language", "words"), [("en", "Please try again in"), ("zh-hans", "过于频繁")])
def test_the_third_is_refused_in_words(alice_browser: Browser, what: str, language: str, words: str) -> None:
    headers = {"Accept-Language": language}
    for _ in range(2):
        assert ask(alice_browser, what, **headers).status_code != 429
    refused = ask(alice_browser, what, **headers)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3601
    said = refused.content.decode()
    if refused["Content-Type"] == "application/json":
        said = json.dumps(json.loads(said), ensure_ascii=False)
    assert "too_many_requests" in said
    assert words in said


def test_the_page_and_the_api_share_one_count(alice_browser: Browser) -> None:
    ask(alice_browser, "page quote")
    ask(alice_browser, "API quote")
    assert ask(alice_browser, "page quote").status_code == 429


@pytest.mark.parametrize("path", ["/", "/pay"])
def test_a_link_that_has_chains_asked_about_a_receiver_is_counted(stranger: Client, path: str) -> None:
    asked = {"to": "birch:WETH", "recipient": rows.ALICE}
    assert [stranger.get(path, asked).status_code for _ in range(3)] == [200, 200, 429]
    assert stranger.get(path, {"to": "birch:WETH"}).status_code == 200


def test_a_card_that_asks_too_often_shows_it_in_its_place(alice_browser: Browser) -> None:
    for _ in range(2):
        alice_browser.post("/quote", FORM, headers={"HX-Request": "true"})
    refused = alice_browser.post("/quote", FORM, headers={"HX-Request": "true"})
    assert refused.status_code == 429
    assert refused.content.decode().lstrip().startswith('<div id="quote-card"')


def test_scripts_of_other_sites_can_read_the_refusal(stranger: Client) -> None:
    for _ in range(3):
        refused = ask(stranger, "API quote")
    assert refused["Access-Control-Allow-Origin"] == "*"
    assert json.loads(refused.content)["error"]["params"]["retry_after"] > 0


@pytest.mark.parametrize(
    "path",
    [
        "/t/{id}",
        "/t/{id}?k=guess",
        "/t/{id}/live",
        "/api/v1/orders/{id}?k=guess",
        "/api/v1/orders/{id}/events",
    ],
)
def test_guessing_ends(stranger: Client, path: str) -> None:
    made = rows.order()
    answers = [stranger.get(path.format(id=each)).status_code for each in (made.order_id, *unknown(2))]
    assert answers == [404, 404, 429]
    own = f"/t/{made.order_id}?k={made.share_key}"
    assert stranger.get(own).status_code == 429, "not even what exists is told to who only guesses"


def test_quotes_are_not_guessed_either(stranger: Client) -> None:
    path = "/api/v1/quotes/00000000-0000-0000-0000-000000000000"
    assert [stranger.get(path).status_code for _ in range(3)] == [404, 404, 429]


def test_reading_ones_own_is_not_limited(alice_browser: Browser) -> None:
    made = rows.order(seen_by=alice_browser.key)
    path = f"/api/v1/orders/{made.order_id}/events?k={made.share_key}"
    assert {alice_browser.get(path).status_code for _ in range(10)} == {200}
    assert {alice_browser.get(f"/t/{made.order_id}").status_code for _ in range(10)} == {200}


@pytest.mark.parametrize("what", EVERYTHING)
def test_nothing_breaks_without_redis(alice_browser: Browser, settings: Any, what: str) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [ask(alice_browser, what).status_code < 500 for _ in range(3)] == [True] * 3
    made = rows.order(seen_by=alice_browser.key)
    assert alice_browser.get(f"/t/{made.order_id}").status_code == 200
    assert alice_browser.get("/").status_code == 200


def unknown(count: int) -> list[str]:
    return ["0x" + secrets.token_hex(32) for _ in range(count)]
