"""What may be chosen at the ends of the form: marks and prices for all, balances for a wallet, reasons against."""

import json
from typing import Any

import pytest
from django.test import Client

from intents.devnet.network import Network
from intents.models import Chain, Departure, Pause
from intents.passports import records
from intents.selectors import choices as selector
from intents.services import balances
from intents.services.limits import BALANCES
from tests.web.test_scripts import run

from . import rows


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    selector.forget()
    balances.forget()


def asked(client: Client, **query: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/choices", query)
    assert answer.status_code == 200, answer.content
    return {choice["value"]: choice for choice in json.loads(answer.content)["choices"]}


def test_what_has_no_price_cannot_be_chosen(chains: None, stranger: Client) -> None:
    found = asked(stranger)
    assert set(found) >= {"any:USDC", "alder:USDC", "alder:ETH", "birch:WETH"}
    assert found["alder:USDC"]["why_from"] and found["alder:USDC"]["why_to"]
    assert found["alder:USDC"]["spendable"] is None


def test_a_wallet_is_an_address(chains: None, stranger: Client) -> None:
    assert stranger.get("/choices", {"user": "mallory"}).status_code == 400


def test_it_is_counted(chains: None, stranger: Client, settings: Any) -> None:
    row = Chain.objects.get(pk=902)
    row.manifest["is_local"] = False
    row.manifest["endpoints"] = [{"url": "https://node.example/", "ws_url": ""}]
    row.manifest_hash = "0xother"
    row.save()
    from intents.chains import registry

    registry.forget()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, BALANCES: (1, 60)}
    answers = [stranger.get("/choices", REMOTE_ADDR="198.51.100.77").status_code for _ in range(2)]
    assert answers == [200, 429]


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_on_real_chains(seen: Network, stranger: Client, alice: Any) -> None:
    found = asked(stranger, user=alice.address, **{"from": "alder:USDC"})
    usdc = found["alder:USDC"]
    assert int(usdc["spendable"]) > 0
    assert int(usdc["usd_e8"]) == int(usdc["spendable"]) * int(usdc["price_e8"]) // 10**6
    total = sum(
        int(each["spendable"]) * 10 ** (18 - each["decimals"])
        for value, each in found.items()
        if each["symbol"] == "USDC" and not value.startswith("any:")
    )
    assert int(found["any:USDC"]["spendable"]) == total
    # Of the coin the gas of sending it stays.
    wei = int(found["alder:ETH"]["spendable"])
    held = int(seen.rpc("alder").request("eth_getBalance", alice.address, "latest"), 16)
    assert 0 < held - wei < 10**17
    assert "not supported" in found["alder:hypUSDC"]["why_to"]
    assert found["birch:USDC"]["why_to"] == ""


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_what_is_stopped_says_so_in_the_list_and_not_only_at_the_offer(
    seen: Network, stranger: Client
) -> None:
    token = seen.manifest("birch").token("USDC").address
    Pause.objects.create(kind=Pause.Kind.TOKEN, origin_id=902, token=token, reason="maintenance")
    Pause.objects.create(
        kind=Pause.Kind.ROUTE, origin_id=901, destination_id=900, reason="bridge looked into"
    )
    Departure.objects.create(chain_id=903, kind="drain", reason="its operator moves")
    found = asked(stranger, **{"from": "alder:USDC"})
    assert "maintenance" in found["birch:USDC"]["why_from"] and "maintenance" in found["birch:USDC"]["why_to"]
    assert found["alder:USDC"]["why_from"] == "" and found["birch:WETH"]["why_to"] == ""
    assert "bridge looked into" in found["summit:USDC"]["why_to"] and found["summit:USDC"]["why_from"] == ""
    assert "its operator moves" in found["cedar:ETH"]["why_from"]
    assert found["any:USDC"]["why_from"] == "", "other chains have it"
    page = stranger.get("/").content.decode()
    assert "USDC · Birch · not at the moment</option>" in page and "USDC · Alder</option>" in page


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_an_asset_that_is_held_everywhere_cannot_be_sent_from_anywhere(
    seen: Network, stranger: Client
) -> None:
    for manifest in seen.manifests.values():
        for token in manifest.tokens:
            if token.canonical_id == "usdt":
                records.hold_token(manifest.chain_id, token.address, {"rebases"})
    found = asked(stranger)
    assert "balances of it change by themselves" in found["any:USDT"]["why_from"]
    assert found["any:USDC"]["why_from"] == ""


WORTH = [
    ("100", {"price_e8": "100000000", "decimals": 6}, "100.00"),
    ("0.5", {"price_e8": "320000000000", "decimals": 18}, "1,600.00"),
    ("1,000.25", {"price_e8": "100000000", "decimals": 6}, "1,000.25"),
    ("1 000", {"price_e8": "100000000", "decimals": 6}, "1,000.00"),
    ("1,5", {"price_e8": "100000000", "decimals": 6}, ""),
    ("0.000001", {"price_e8": "100000000", "decimals": 6}, "< 0.01"),
    ("abc", {"price_e8": "100000000", "decimals": 6}, ""),
    ("5", {"price_e8": None, "decimals": 6}, ""),
]
BOUGHT = [
    ("100", {"price_e8": "100000000", "decimals": 6}, "100"),
    ("1600", {"price_e8": "320000000000", "decimals": 18}, "0.5"),
    ("$1", {"price_e8": "300000000000", "decimals": 18}, "0.00033333"),
    ("1", {"price_e8": "99950000", "decimals": 2}, "1"),
    ("x", {"price_e8": "99950000", "decimals": 2}, ""),
    ("0,25", {"price_e8": "100000000", "decimals": 6}, ""),
]


def test_dollars_and_tokens_in_the_page() -> None:
    found = run(
        "return { worth: input.worth.map(([a, c]) => dollars.worth(a, c)),"
        " bought: input.bought.map(([a, c]) => dollars.bought(a, c)) };",
        {"worth": [case[:2] for case in WORTH], "bought": [case[:2] for case in BOUGHT]},
        imports={"dollars": "* as dollars"},
    )
    assert found["worth"] == [case[2] for case in WORTH]
    assert found["bought"] == [case[2] for case in BOUGHT]


def test_without_scripts_the_lists_are_plain(chains: None, stranger: Client) -> None:
    text = stranger.get("/").content.decode()
    assert text.count('aria-haspopup="dialog"') == 2
    assert '<select id="from" name="from">' in text
    assert rows.USDC[901] not in text.split("<main")[1].split("</main>")[0]
