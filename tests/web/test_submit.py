"""`POST /orders`: malformed and foreign orders are refused with a code and leave no cookie."""

import json
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.devnet.network import Network
from intents.models import Order, OrderAccess, Quote
from intents.services.quotes import quote_solve
from intents.services.signatures import typed_data_of
from intents.settlement.order import order_from_json

from . import rows
from .conftest import Browser

BODY = {"quote_id": str(uuid.uuid4()), "order": {}, "signature": "0x"}


def send(browser: Client, body: Any) -> Any:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return browser.post("/orders", data, content_type="application/json")


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ("{", "malformed_json", 400),
        ("[]", "malformed_json", 400),
        (b"\xff", "malformed_json", 400),
        ({}, "missing_field", 400),
        ({**BODY, "extra": 1}, "unknown_field", 400),
        ({**BODY, "order": "x"}, "wrong_type", 400),
        ({**BODY, "quote_id": "x"}, "quote_not_found", 404),
        (BODY, "quote_not_found", 404),
    ],
)
def test_bad_bodies(chains: None, stranger: Client, body: Any, code: str, status: int) -> None:
    answer = send(stranger, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(answer.json()["error"]["message"]) > 5
    assert not answer.cookies
    assert not Session.objects.exists()


def test_too_large_a_body(chains: None, stranger: Client) -> None:
    answer = send(stranger, {**BODY, "signature": "0x" + "0" * 70_000})
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["code"] == "body_too_large"
    assert not answer.cookies


def test_a_form_body_is_not_an_order(chains: None, stranger: Client) -> None:
    answer = stranger.post("/orders", {"quote_id": "x"}, headers={"accept": "application/json"})
    assert answer.json()["error"]["code"] == "json_expected"


def test_only_pages_of_ours_may_submit(chains: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = send(browser, BODY)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "csrf_failed"


@pytest.mark.parametrize("change", [{"nonce": "1"}, {"expires": "x"}, {"user": rows.BOB}])
def test_malformed_terms(chains: None, alice_browser: Browser, change: dict[str, str]) -> None:
    made = rows.quote(browser_key=alice_browser.key)
    answer = send(alice_browser, {"quote_id": str(made.pk), "order": change, "signature": "0x"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "order_field"


@pytest.fixture
def quoted(seen: Network, alice: LocalAccount) -> tuple[Browser, Quote]:
    """A ready quote that alice asked for in a browser."""
    browser = Browser()
    wish = {"from": "alder:USDC", "to": "birch:USDC", "amount": "25", "user": alice.address}
    browser.post("/quote", wish)
    made = Quote.objects.get()
    quote_solve(made.pk)
    made.refresh_from_db()
    assert made.state == "ready", made.refusal
    return browser, made


def signature(made: Quote, signer: LocalAccount) -> str:
    origin = registry.chain(made.origin_id)
    data = typed_data_of(order_from_json(made.order), origin=origin, way=made.confirm_way)
    return "0x" + bytes(signer.sign_message(encode_typed_data(full_message=data)).signature).hex()


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
class TestSigned:
    """Against real balances on real chains."""

    def test_it_opens_its_page_to_this_browser_alone(
        self, quoted: tuple[Browser, Quote], alice: LocalAccount
    ) -> None:
        browser, made = quoted
        body = {"quote_id": str(made.pk), "order": made.order, "signature": signature(made, alice)}
        browser.cookies["django_language"] = "zh-hans"
        answer = send(browser, body)
        assert answer.status_code == 201, answer.content
        assert Order.objects.get().language == "zh-hans", "of the page it was confirmed on"
        url = answer.json()["url"]
        assert browser.get(url).status_code == 200

        # The order and its signature are public calldata as soon as it is opened.
        second = Browser()
        replayed = send(second, body)
        assert 400 <= replayed.status_code < 500
        assert second.get(url).status_code == 404
        assert second.get("/history").content.count(b'class="transfer"') == 0
        assert OrderAccess.objects.count() == 1
        assert "sessionid" not in second.cookies

    @pytest.mark.parametrize(
        ("field", "value"),
        [("nonce", "7"), ("expires", "4000000000"), ("fillDeadline", "4000000000"), ("user", rows.BOB)],
    )
    def test_an_altered_field_is_named(
        self, quoted: tuple[Browser, Quote], alice: LocalAccount, field: str, value: str
    ) -> None:
        browser, made = quoted
        altered = {**made.order, field: value}
        answer = send(
            browser, {"quote_id": str(made.pk), "order": altered, "signature": signature(made, alice)}
        )
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["code"], error["params"]["field"]) == ("field_differs", field)
        assert field in error["message"]
        assert not Order.objects.exists()

    def test_another_signer(self, quoted: tuple[Browser, Quote], mallory: LocalAccount) -> None:
        browser, made = quoted
        answer = send(
            browser, {"quote_id": str(made.pk), "order": made.order, "signature": signature(made, mallory)}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "wrong_signer")
        assert not Order.objects.exists()

    @pytest.mark.parametrize("text", ["", "0x", "0x12", "hello", "0x" + "00" * 64, "0x" + "00" * 65])
    def test_malformed_signatures(self, quoted: tuple[Browser, Quote], text: str) -> None:
        browser, made = quoted
        answer = send(browser, {"quote_id": str(made.pk), "order": made.order, "signature": text})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "signature_malformed")
