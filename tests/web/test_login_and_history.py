"""The history shows this browser's orders; a wallet's whole history needs its signature over our text."""

import json
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from eth_account import Account
from eth_account.messages import encode_defunct

from intents.services import login

from . import rows
from .conftest import Browser

WALLET = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)


def text_for(browser: Client, address: str = WALLET.address) -> str:
    answer = browser.get("/login/message", {"address": address})
    assert answer.status_code == 200
    return str(answer.json()["message"])


def sign(text: str, account: Any = WALLET) -> str:
    return "0x" + bytes(account.sign_message(encode_defunct(text=text)).signature).hex()


def send(browser: Client, signature: Any) -> Any:
    return browser.post("/login", json.dumps({"signature": signature}), content_type="application/json")


def test_only_this_browsers_orders(chains: None, alice_browser: Browser, mallory_browser: Browser) -> None:
    made = rows.order(seen_by=alice_browser.key)
    rows.order()
    assert alice_browser.get("/history").content.decode().count('class="transfer"') == 1
    assert made.order_id in alice_browser.get("/history").content.decode()
    assert "No transfers yet" in mallory_browser.get("/history").content.decode()


def test_signing_in_shows_the_wallets_orders_elsewhere(chains: None, stranger: Client) -> None:
    made = rows.order(user=WALLET.address)
    rows.order(user=OTHER.address)
    assert stranger.get(f"/t/{made.order_id}").status_code == 404
    before = stranger.cookies.get("sessionid")
    answer = send(stranger, sign(text_for(stranger)))
    assert answer.status_code == 200
    assert answer.json()["address"] == WALLET.address
    assert stranger.cookies["sessionid"].value != (before.value if before else "")
    assert stranger.get("/history").content.decode().count('class="transfer"') == 1
    assert stranger.get(f"/t/{made.order_id}").status_code == 200
    stranger.post("/logout")
    assert stranger.get(f"/t/{made.order_id}").status_code == 404


def test_the_session_key_changes_at_sign_in(chains: None, stranger: Client) -> None:
    text = text_for(stranger)
    before = stranger.cookies["sessionid"].value
    send(stranger, sign(text))
    assert stranger.cookies["sessionid"].value != before


def test_the_text_is_eip_4361(chains: None, stranger: Client) -> None:
    lines = text_for(stranger).split("\n")
    assert lines[0] == "testserver wants you to sign in with your Ethereum account:"
    assert lines[1] == WALLET.address
    assert lines[3].isascii()
    assert [line.split(":")[0] for line in lines[5:]] == [
        "URI",
        "Version",
        "Chain ID",
        "Nonce",
        "Issued At",
        "Expiration Time",
    ]
    assert text_for(stranger).split("\n")[8] != lines[8], "a nonce is used once"


def test_a_signature_counts_once(chains: None, stranger: Client) -> None:
    signature = sign(text_for(stranger))
    assert send(stranger, signature).status_code == 200
    again = send(stranger, signature)
    assert (again.status_code, again.json()["error"]["code"]) == (400, "login_not_started")


def test_a_failed_attempt_uses_the_text_up(chains: None, stranger: Client) -> None:
    text = text_for(stranger)
    assert send(stranger, sign(text, OTHER)).json()["error"]["code"] == "wrong_signer"
    assert send(stranger, sign(text)).json()["error"]["code"] == "login_not_started"
    assert "No transfers yet" in stranger.get("/history").content.decode()


def test_another_browsers_text(chains: None, stranger: Client) -> None:
    theirs = Client()
    signature = sign(text_for(theirs))
    text_for(stranger)
    assert send(stranger, signature).json()["error"]["code"] == "wrong_signer"


def test_too_late(chains: None, stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "LOGIN_SECONDS", -1)
    assert send(stranger, sign(text_for(stranger))).json()["error"]["code"] == "login_expired"


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        *[(text, "signature_malformed") for text in ("", "0x", "hello", "0x" + "1" * 1000)],
        # The right length, and nobody's.
        *[("0x" + byte * 65, "wrong_signer") for byte in ("00", "ff")],
    ],
)
def test_malformed_signatures(chains: None, stranger: Client, signature: str, code: str) -> None:
    text_for(stranger)
    answer = send(stranger, signature)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("address", ["", "0x12", "hello", "<script>", "0x" + "zz" * 20])
def test_malformed_addresses_start_no_session(chains: None, stranger: Client, address: str) -> None:
    answer = stranger.get("/login/message", {"address": address}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "address_malformed")
    assert not answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"signature": 1}', '{"signature": "0x", "more": 1}'])
def test_malformed_bodies_start_no_session(chains: None, stranger: Client, body: str) -> None:
    answer = stranger.post("/login", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]
    assert not answer.cookies
    assert not Session.objects.exists()


def test_many_orders_come_in_pages(chains: None, alice_browser: Browser) -> None:
    for _ in range(23):
        rows.order(seen_by=alice_browser.key)
    first = alice_browser.get("/history").content.decode()
    assert first.count('class="transfer"') == 20
    older = re.search(r'href="(/history[?]before=[^"]*)"', first)
    assert older
    assert alice_browser.get(older[1]).content.decode().count('class="transfer"') == 3


def test_an_order_signs_nobody_in(chains: None, alice_browser: Browser) -> None:
    rows.order(user=WALLET.address, seen_by=alice_browser.key)
    other = rows.order(user=WALLET.address)
    assert alice_browser.get(f"/t/{other.order_id}").status_code == 404
