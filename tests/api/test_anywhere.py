"""`origin: "any"` and `GET /balances` over the real network."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from eth_account.signers.local import LocalAccount

from intents import wake
from intents.devnet.accounts import named_wallet
from intents.devnet.network import Network
from intents.engine import world
from intents.services import balances, quotes
from tests.services.heads import write_heads

WISH = {
    "origin": "any",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "100",
}


@pytest.fixture
def seen(registered: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The network with its heads; a quote is solved where a worker would."""
    world.forget()
    balances.forget()
    write_heads(registered)
    monkeypatch.setattr(wake, "solve", lambda quote_id: quotes.quote_solve(quote_id))
    yield registered
    world.forget()
    balances.forget()


def ask(client: Client, **changes: Any) -> Any:
    return client.post("/api/v1/quotes", json.dumps(WISH | changes), content_type="application/json")


def test_a_quote_from_anywhere_is_one_from_a_chain(
    seen: Network, client: Client, alice: LocalAccount
) -> None:
    answer = ask(client, user=alice.address)
    assert answer.status_code == 201
    body = answer.json()
    assert body["confirmations"] == 1
    assert body["anywhere"]["chosen"] == body["input"]["chain_id"] == int(body["order"]["originChainId"])
    assert body["anywhere"]["symbol"] == body["input"]["symbol"] == "USDC"
    assert {place["chain_id"] for place in body["anywhere"]["places"]} == {900, 901, 902, 903}


def test_a_quote_that_names_its_chain_says_nothing_of_others(
    seen: Network, client: Client, alice: LocalAccount
) -> None:
    assert ask(client, origin="alder", user=alice.address).json()["anywhere"] is None


def test_not_enough_anywhere_is_a_refusal_with_figures(seen: Network, client: Client) -> None:
    answer = ask(client, user=named_wallet("nobody anywhere").address)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "not_enough_anywhere"
    shown = client.get(f"/api/v1/quotes/{answer.json()['quote_id']}").json()
    assert shown["input"]["chain_id"] is None
    assert shown["input"]["amount"] is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"input_token": "NOPE"}, "token_not_supported"),
        ({"confirm": "deposit"}, "anywhere_needs_wallet"),
        ({"amount": "0"}, "amount_not_positive"),
        ({"destination": "any"}, "chain_not_supported"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_its_code(
    seen: Network, client: Client, changes: dict[str, str], code: str
) -> None:
    answer = ask(client, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_balances_of_an_address(seen: Network, client: Client, alice: LocalAccount) -> None:
    body = client.get(f"/api/v1/balances?user={alice.address}").json()
    usdc = next(asset for asset in body["assets"] if asset["asset"] == "usdc")
    assert usdc["is_complete"] is True
    assert {place["chain_id"]: place["amount"] for place in usdc["chains"]} == {
        manifest.chain_id: str(seen.balance(slug, "USDC", alice.address))
        for slug, manifest in seen.manifests.items()
    }
    assert int(usdc["total"]) == 4 * 100_000 * 10**18


@pytest.mark.parametrize(("query", "code"), [("", "field_missing"), ("?user=0x12", "address_malformed")])
def test_balances_of_no_address_are_refused(seen: Network, client: Client, query: str, code: str) -> None:
    answer = client.get(f"/api/v1/balances{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
