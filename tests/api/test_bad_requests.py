"""Whatever is sent, the answer is a 4xx with a stable code and words, and never a cookie."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from intents.devnet.network import Network
from intents.models import Order, Quote

pytestmark = pytest.mark.django_db
DEAD = "0x" + "12" * 20
GOOD = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "100",
    "user": DEAD,
}


@pytest.fixture
def api() -> Client:
    # An exception must become an answer, as it does for a real client, and not a traceback here.
    return Client(raise_request_exception=False)


def post(api: Client, path: str, body: Any, **headers: str) -> HttpResponse:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    answer: HttpResponse = api.post(f"/api/v1/{path}", data, content_type="application/json", headers=headers)
    return answer


def refused(answer: HttpResponse, code: str, *, status: int = 400) -> dict[str, Any]:
    assert not answer.cookies, "the API never sets a cookie"
    error: dict[str, Any] = json.loads(answer.content)["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert len(error["message"]) > 5
    return error


@pytest.mark.parametrize("path", ["quotes", "orders"])
@pytest.mark.parametrize(
    "body",
    [" ", "{", "[]", "null", '"x"', "1e999", '{"a": NaN}', '{"a": 1, "a": 2}', b"\xff\xfe", "[" * 20000],
)
def test_what_is_not_one_json_object(api: Client, path: str, body: str | bytes) -> None:
    refused(post(api, path, body), "malformed_json")


@pytest.mark.parametrize("path", ["quotes", "orders"])
def test_a_body_of_another_kind(api: Client, path: str) -> None:
    refused(api.post(f"/api/v1/{path}", {"origin": "alder"}), "json_expected", status=415)


@pytest.mark.parametrize("path", ["quotes", "orders"])
def test_a_body_too_long_to_read(api: Client, path: str) -> None:
    body = {"origin": "a" * 70_000}
    refused(post(api, path, body), "body_too_large", status=413)


def test_a_misspelt_field_is_named(api: Client) -> None:
    error = refused(post(api, "quotes", {**GOOD, "recipent": DEAD}), "unknown_field")
    assert error["params"] == {"field": "recipent"}


@pytest.mark.parametrize("field", ["origin", "destination", "input_token", "output_token", "amount"])
def test_a_missing_field_is_named(api: Client, field: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != field}
    error = refused(post(api, "quotes", body), "missing_field")
    assert error["params"] == {"field": field}


@pytest.mark.parametrize("value", [1, 1.5, None, True, [], {}, 10**90])
def test_a_field_of_another_type_is_named(api: Client, value: Any) -> None:
    error = refused(post(api, "quotes", {**GOOD, "amount": value}), "wrong_type")
    assert error["params"]["field"] == "amount"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("quotes", "get"),
        ("quotes", "delete"),
        ("orders", "get"),
        ("orders", "put"),
        ("network", "post"),
        ("orders/0x12/events", "post"),
    ],
)
def test_a_wrong_method_names_the_right_ones(api: Client, path: str, method: str) -> None:
    answer = getattr(api, method)(f"/api/v1/{path}")
    refused(answer, "method_not_allowed", status=405)
    assert answer["Allow"]


@pytest.mark.parametrize(
    "path", ["", "quote", "orders/0x12", f"orders/0x{'0' * 64}", f"orders/0x{'0' * 64}/events", "orders/%00"]
)
def test_what_does_not_exist(api: Client, path: str) -> None:
    answer = api.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert json.loads(answer.content)["error"]["code"] in ("not_found", "order_not_found")


@pytest.mark.parametrize("quote_id", ["x", "1" * 500, "00000000-0000-0000-0000-000000000000"])
def test_a_quote_nobody_knows(api: Client, quote_id: str) -> None:
    refused(api.get(f"/api/v1/quotes/{quote_id}"), "quote_not_found", status=404)
    body = {"quote_id": quote_id, "order": {}, "signature": "0x"}
    refused(post(api, "orders", body), "quote_not_found", status=404)


def test_words_are_in_the_language_asked_for(api: Client) -> None:
    error = refused(post(api, "quotes", "{", **{"Accept-Language": "zh-hans"}), "malformed_json")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error["message"])


def test_a_cookie_is_no_authority(api: Client) -> None:
    api.cookies["waymeet_browser"] = "x"
    refused(post(api, "quotes", "{"), "malformed_json")
    assert getattr(resolve("/api/v1/quotes").func, "csrf_exempt", False)


@pytest.mark.chain
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": "0"}, "amount_not_positive"),
        ({"amount": "-1"}, "amount_not_positive"),
        ({"amount": "ten"}, "amount_not_a_number"),
        ({"amount": "０"}, "amount_not_a_number"),
        ({"amount": "1e80"}, "amount_too_large"),
        ({"amount": "0.0000001"}, "amount_too_precise"),
        ({"amount": "9" * 5000}, "field_invalid"),
        ({"origin": "elm"}, "chain_not_supported"),
        ({"destination": "999999999999999999999999"}, "chain_not_supported"),
        ({"input_token": "DOGE"}, "token_not_supported"),
        ({"output_token": DEAD}, "token_not_supported"),
        ({"destination": "alder", "output_token": "USDC"}, "same_token"),
        ({"exact": "both"}, "field_invalid"),
        ({"confirm": "shout"}, "way_not_known"),
        ({"user": "0x12"}, "address_malformed"),
        ({"recipient": "me"}, "address_malformed"),
        ({"recipient": "0x" + "00" * 20}, "recipient_not_allowed"),
    ],
)
def test_a_wish_that_makes_no_sense(
    api: Client, registered: Network, changes: dict[str, str], code: str
) -> None:
    error = refused(post(api, "quotes", {**GOOD, **changes}), code)
    assert error["params"]["field"]
    assert not Quote.objects.exists()
    assert not Order.objects.exists()


@pytest.mark.chain
def test_the_network_is_what_a_client_needs(api: Client, registered: Network) -> None:
    answer = api.get("/api/v1/network")
    assert answer.status_code == 200
    assert not answer.cookies
    network = json.loads(answer.content)
    assert network["is_local"] is True
    alder = next(chain for chain in network["chains"] if chain["slug"] == "alder")
    manifest = registered.manifest("alder")
    assert alder["contracts"]["input_settler"] == manifest.contracts["input_settler"].address
    assert alder["rpc_url"] == manifest.endpoints[0].url
    usdc = next(token for token in alder["tokens"] if token["symbol"] == "USDC")
    assert (usdc["decimals"], usdc["eip3009"], usdc["address"]) == (
        6,
        "bytes",
        manifest.token("USDC").address,
    )
