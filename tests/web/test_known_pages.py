"""Chains that are known and not connected: searched, narrowed and paged without a script, and called what they are."""

import re

import pytest
from django.test import Client

from intents.known import source
from intents.known.importing import import_registry
from intents.known.source import Registry
from intents.models import Chain, KnownChain

from .test_weight import MOST_BYTES, weight

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def registry() -> Registry:
    return source.read(source.fetch())


@pytest.fixture
def imported(chains: None, registry: Registry) -> None:
    import_registry(registry)


def names(text: str) -> list[str]:
    return re.findall(r'<a href="/network/known/([\w-]+)">', text)


def test_every_main_network_is_found_by_turning_pages(client: Client, imported: None) -> None:
    found: list[str] = []
    address = "/network/known"
    while address:
        text = client.get(address).content.decode()
        found += names(text)
        link = re.search(r'href="(\?[^"]*)" rel="next"', text)
        address = f"/network/known{link[1]}" if link else ""
    assert len(found) == len(set(found)) == 209
    assert "209 chains" in text and "4,816 connections" in text and "not connected" in text


@pytest.mark.parametrize(
    ("query", "expected", "absent"),
    [
        ("q=8453", "base", "ethereum"),
        ("q=arbitrum&stack=arbitrumnitro", "arbitrum", "optimism"),
        ("kind=test&q=sepolia", "sepolia", "base"),
        ("kind=rest&q=solana", "solanamainnet", "base"),
        ("q=AIXBT", "form", "celo"),
    ],
)
def test_what_is_asked_for_is_found(
    client: Client, imported: None, query: str, expected: str, absent: str
) -> None:
    found = names(client.get(f"/network/known?{query}").content.decode())
    assert expected in found and absent not in found


def test_odd_addresses_are_answered(client: Client, imported: None) -> None:
    for query in (
        "q=%00&page=x",
        "kind=nonsense&stack=%3Cb%3E",
        "page=9999",
        "q=" + "9" * 60,
        "q=no such chain",
    ):
        assert client.get(f"/network/known?{query}").status_code == 200
    assert "Show all" in client.get("/network/known?q=no such chain").content.decode()
    assert client.get("/network/known/nothing-like-it").status_code == 404


def test_a_chain_tells_its_framework_nodes_and_routes_and_which_nodes_need_a_key(
    client: Client, imported: None
) -> None:
    text = client.get("/network/known/base").content.decode()
    assert "OP Stack" in text and "https://mainnet.base.org" in text
    assert "AIXBT" in text and "EvmHypCollateral" in text
    opbnb = client.get("/network/known/opbnb").content.decode()
    assert "needs a key of your own" in opbnb and "64a9df08" not in opbnb
    assert "another number" in client.get("/network/known/metal").content.decode()


def test_one_that_is_connected_says_so(client: Client, imported: None) -> None:
    KnownChain.objects.filter(pk="base").update(chain_id=901)
    assert 'href="/network/alder"' in client.get("/network/known/base").content.decode()
    Chain.objects.filter(pk=901).update(is_connected=False)
    assert 'href="/network/alder"' not in client.get("/network/known/base").content.decode()


def test_the_network_page_leads_there_and_all_stay_light(client: Client, imported: None) -> None:
    assert "348 more chains and 341 bridge routes" in client.get("/network").content.decode()
    for path in ("/network/known", "/network/known/ethereum"):
        assert weight(client, path) < MOST_BYTES


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing was read in yet"), ("zh-hans", "尚未导入")])
def test_before_the_import_it_says_how(client: Client, chains: None, language: str, words: str) -> None:
    text = client.get("/network/known", headers={"accept-language": language}).content.decode()
    assert words in text and "manage.py chains import" in text
    assert "more chains" not in client.get("/network").content.decode()
