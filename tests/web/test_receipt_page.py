"""The receipt to read and to print: offered against real, with its proofs; masked behind the link to show around."""

import json
import secrets
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from intents.lifecycle import OrderState
from intents.models import ChainLog, Order
from intents.selectors.access import shown_key_of

from . import rows
from .conftest import Browser
from .test_plain_words import internal_words


def delivered(browser: Browser, **changes: Any) -> Order:
    settler = "0x" + "00" * 12 + rows.ESCROW[2:]
    output = {
        "settler": settler.lower(),
        "token": "0x" + "00" * 12 + rows.WETH[902][2:],
        "amount": str(30 * 10**15),
    }
    terms = {"outputs": [{**output, "callbackData": "0x", "chainId": "902"}]}
    made = rows.order(
        state=OrderState.SETTLED,
        seen_by=browser.key,
        quote=rows.quote(),
        terms=terms,
        delivered_amount=31 * 10**15,
        delivered_at=timezone.now(),
        value_usd_e8=100 * 10**8,
        **changes,
    )
    rows.log(made, "Open", block=90)
    ChainLog.objects.create(
        chain_id=902,
        block_number=77,
        block_hash="0x" + "fb" * 32,
        block_timestamp=1,
        tx_hash="0x" + secrets.token_hex(32),
        log_index=4,
        address=rows.manifest(902, "birch").address("output_settler"),
        kind="OutputFilled",
        order_id=made.order_id,
        data={"output": terms["outputs"][0]},
    )
    return made


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_says_what_was_offered_what_came_and_where_that_stands(
    chains: None, alice_browser: Browser, language: str
) -> None:
    made = delivered(alice_browser)
    text = alice_browser.get(
        f"/t/{made.order_id}/receipt", headers={"accept-language": language}
    ).content.decode()
    for said in (
        "100 USDC",
        "0.031 WETH",
        "0.03 WETH",
        "0x" + "fb" * 32,
        "77",
        made.user,
        made.order_id,
        "$0.14",
    ):
        assert said in text, said
    assert internal_words(text) == []


def test_what_strangers_had_recorded_is_no_line(chains: None, alice_browser: Browser) -> None:
    made = delivered(alice_browser)
    ChainLog.objects.filter(order_id=made.order_id, kind="OutputFilled").update(address="0x" + "99" * 20)
    document = alice_browser.get(f"/t/{made.order_id}/receipt.json").json()
    assert [line["what"] for line in document["lines"]] == ["locked"]


def test_the_document_is_the_owners(
    chains: None, alice_browser: Browser, mallory_browser: Browser, stranger: Client
) -> None:
    made = delivered(alice_browser)
    path = f"/t/{made.order_id}/receipt"
    answer = alice_browser.get(f"{path}.json")
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(answer.content)
    assert document["order_id"] == made.order_id
    for_programs = stranger.get(f"/api/v1/orders/{made.order_id}/receipt?k={made.share_key}").json()
    assert {**for_programs, "issued_at": ""} == {**document, "issued_at": ""}
    for query in ("", f"?k={shown_key_of(made)}", f"?s={shown_key_of(made)}"):
        assert stranger.get(f"/api/v1/orders/{made.order_id}/receipt{query}").status_code == 404
    assert stranger.get(f"{path}.json?k={made.share_key}").status_code == 200
    shown = shown_key_of(made)
    for query in ("", f"?s={shown}", f"?k={shown}", f"?s={made.share_key}"):
        assert stranger.get(f"{path}.json{query}").status_code == 404
    assert mallory_browser.get(path).status_code == 404


def test_behind_the_link_to_show_around_addresses_are_masked(
    chains: None, alice_browser: Browser, stranger: Client
) -> None:
    made = delivered(alice_browser)
    text = stranger.get(f"/t/{made.order_id}/receipt?s={shown_key_of(made)}").content.decode()
    assert made.user.lower() not in text.lower()
    assert f"{made.user[:6]}…{made.user[-4:]}" in text
    assert "receipt.json" not in text and made.share_key not in text


@pytest.mark.parametrize("state", list(OrderState))
def test_every_state_has_one(chains: None, alice_browser: Browser, state: OrderState) -> None:
    made = rows.order(state=state, seen_by=alice_browser.key)
    for path in ("receipt", "receipt.json"):
        assert alice_browser.get(f"/t/{made.order_id}/{path}").status_code == 200
