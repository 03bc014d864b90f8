"""What other programs read: chains, tokens, apps and wallet parameters, held against the public schemas' rules."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from eth_utils.address import is_checksum_address, to_checksum_address

from intents.chains import registry
from intents.chains.app import App
from intents.chains.manifest import ChainManifest, Endpoint, parse
from intents.models import Chain, PublishedList
from intents.selectors.icons import chain_icon
from intents.services.published import next_version
from tests.web import rows
from tests.web.conftest import chains

__all__ = ["chains"]

pytestmark = pytest.mark.django_db

Rules = dict[str, Callable[[Any], bool]]


def get(client: Client, name: str) -> Any:
    answer = client.get(f"/api/v1/lists/{name}.json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def check(value: Any, rules: Rules, *, required: str) -> None:
    """An object with these properties and no others, as `additionalProperties: false` and `required` say."""
    assert isinstance(value, dict)
    assert not set(required.split()) - value.keys(), value
    for name, found in value.items():
        assert name in rules, f"{name} is no property of the schema"
        assert rules[name](found), f"{name}: {found!r}"


def text(pattern: str = r".+", *, most: int = 10_000, least: int = 1) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, str) and least <= len(value) <= most and re.fullmatch(pattern, value) is not None
    )


def whole(least: int = 0, most: int = 2**63) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


URI = text(r"[a-z][a-z0-9+.-]*://\S+")
COIN: Rules = {"name": text(), "symbol": text(), "decimals": whole(0, 255)}
# ethereum-lists/chains, tools/schema/chainSchema.json
CHAIN: Rules = {
    "name": text(),
    "title": text(),
    "chain": text(),
    "icon": text(),
    "shortName": text(r"[A-Za-z0-9_-]+"),
    "rpc": lambda value: texts(value) and all(URI(item) for item in value),
    "faucets": texts,
    "nativeCurrency": lambda value: check(value, COIN, required="name symbol decimals") is None,
    "infoURL": URI,
    "chainId": whole(1),
    "networkId": whole(1),
    "slip44": whole(0),
    "explorers": lambda value: all(
        check(
            item,
            {"name": text(), "url": URI, "standard": text(r"EIP3091|none")},
            required="name url standard",
        )
        is None
        for item in value
    ),
    "parent": lambda value: (
        check(
            value,
            {
                "type": text(r"L2|shard"),
                "chain": text(r"eip155-[1-9][0-9]*"),
                "bridges": lambda bridges: all(
                    list(bridge) == ["url"] and URI(bridge["url"]) for bridge in bridges
                ),
            },
            required="type chain",
        )
        is None
    ),
    "status": text(r"active|incubating|deprecated"),
}
CHAIN_REQUIRED = "name shortName chain chainId networkId rpc faucets infoURL nativeCurrency"
# Uniswap/token-lists, src/tokenlist.schema.json
TAG_NAME = text(r"\w+", most=10)
TAG: Rules = {"name": text(r"[ \w]+", most=20), "description": text(r"[ \w.,:]+", most=200)}
TOKEN: Rules = {
    "chainId": whole(1),
    "address": lambda value: text(r"0x[a-fA-F0-9]{40}")(value) and is_checksum_address(value),
    "decimals": whole(0, 255),
    "name": text(most=60),
    "symbol": text(r"\S+", most=20),
    "logoURI": URI,
    "tags": lambda value: len(value) <= 10 and all(TAG_NAME(item) for item in value),
    "extensions": lambda value: (
        len(value) <= 10
        and all(text(r"\w+", most=40)(name) and text(most=42)(item) for name, item in value.items())
    ),
}
TOKENS: Rules = {
    "name": text(r"[\w ]+", most=30),
    "timestamp": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "version": lambda value: (
        check(value, dict.fromkeys(("major", "minor", "patch"), whole(0)), required="major minor patch")
        is None
    ),
    "keywords": lambda value: (
        len(value) == len(set(value)) <= 20 and all(text(r"[\w ]+", most=20)(word) for word in value)
    ),
    "tags": lambda value: (
        len(value) <= 20
        and all(
            TAG_NAME(key) and check(tag, TAG, required="name description") is None
            for key, tag in value.items()
        )
    ),
    "logoURI": URI,
    "tokens": lambda value: 1 <= len(value) <= 10_000,
}
# EIP-3085
WALLET: Rules = {
    "chainId": text(r"0x(0|[1-9a-f][0-9a-f]*)"),
    "chainName": text(),
    "nativeCurrency": lambda value: check(value, COIN, required="name symbol decimals") is None,
    "rpcUrls": lambda value: bool(value) and all(URI(item) for item in value),
    "blockExplorerUrls": lambda value: bool(value) and all(URI(item) for item in value),
    "iconUrls": lambda value: bool(value) and all(URI(item) for item in value),
}


def real(**changes: Any) -> ChainManifest:
    """Birch as a rollup of 901 that is not local, with a node of ours and one for everybody."""
    nodes = (Endpoint("https://node.example/our-key"), Endpoint("https://open.example", is_public=True))
    return replace(
        rows.manifest(902, "birch"),
        is_local=False,
        parent_id=901,
        endpoints=nodes,
        explorer="https://scan.example/",
        **changes,
    )


def vault(chain: ChainManifest) -> App:
    return App(
        slug="vault",
        name="Vault",
        target=to_checksum_address("0x" + "f1" * 20),
        token=chain.token("USDC").address,
        call="deposit(uint256,address)",
        arguments=("amount", "recipient"),
        gas=200_000,
        page="/apps/birch-vault",
    )


def test_the_chain_list_is_of_the_public_schema(client: Client, chains: None) -> None:
    rows.connect(rows.manifest(901, "alder"), real())
    found = get(client, "chains")
    for chain in found:
        check(chain, CHAIN, required=CHAIN_REQUIRED)
    alder, birch = found
    assert (alder["chainId"], alder["rpc"]) == (901, ["http://127.0.0.1:40901"])
    assert birch["parent"]["chain"] == "eip155-901" and birch["explorers"][0]["url"] == "https://scan.example"
    assert birch["rpc"] == ["https://open.example"], "a node with our key is nobody's business"


def test_the_token_list_is_of_the_public_schema_and_names_every_listed_token(
    client: Client, chains: None
) -> None:
    found = get(client, "tokens")
    check(found, TOKENS, required="name timestamp version tokens")
    for token in found["tokens"]:
        check(token, TOKEN, required="chainId address decimals name symbol")
        assert set(token["tags"]) <= found["tags"].keys()
    listed = {
        (chain.chain_id, token.address) for chain in registry.all_chains().values() for token in chain.tokens
    }
    assert {(token["chainId"], token["address"]) for token in found["tokens"]} == listed
    assert found["version"] == {"major": 1, "minor": 0, "patch": 0}


def test_the_version_says_what_kind_of_change_there_was(client: Client, chains: None) -> None:
    def version(*manifests: ChainManifest) -> tuple[int, ...]:
        rows.connect(*manifests)
        return tuple(get(client, "tokens")["version"].values())

    alder, birch = rows.manifest(901, "alder"), rows.manifest(902, "birch")
    assert version(alder, birch) == (1, 0, 0) == version(alder, birch)
    renamed = replace(birch.tokens[0], name="Dollar")
    assert version(alder, replace(birch, tokens=(renamed, birch.tokens[1]))) == (1, 0, 1)
    extra = replace(birch.tokens[0], address=to_checksum_address("0x" + "77" * 20), symbol="EXTRA")
    assert version(alder, replace(birch, tokens=(renamed, birch.tokens[1], extra))) == (1, 1, 0)
    moved = replace(extra, address=to_checksum_address("0x" + "78" * 20))
    assert version(alder, replace(birch, tokens=(renamed, birch.tokens[1], moved))) == (2, 0, 0)
    assert PublishedList.objects.count() == 1


def test_a_process_that_has_not_heard_of_a_change_yet_takes_nothing_back(
    client: Client, chains: None
) -> None:
    birch = rows.manifest(902, "birch")
    assert get(client, "tokens")["version"]["minor"] == 0
    before = registry.all_chains()
    extra = replace(birch.tokens[0], address=to_checksum_address("0x" + "77" * 20), symbol="EXTRA")
    rows.connect(replace(birch, tokens=(*birch.tokens, extra)))
    after = get(client, "tokens")
    assert after["version"] == {"major": 1, "minor": 1, "patch": 0}
    registry._cache.chains, registry._cache.read_at = before, time.monotonic()
    registry._cache.hashes = {chain.chain_id: chain.content_hash for chain in before.values()}
    assert get(client, "tokens") == after


def test_a_token_that_goes_while_another_comes_is_a_removal() -> None:
    one, other = {"chainId": 1, "address": "0xA"}, {"chainId": 1, "address": "0xB"}
    assert next_version((3, 2, 1), before=[one], after=[other]) == (4, 0, 0)
    assert next_version((3, 2, 1), before=[one], after=[one, other]) == (3, 3, 0)
    assert next_version((3, 2, 1), before=[one, other], after=[other, one]) == (3, 2, 1)


def test_wallets_and_pages_are_given_a_chain_by_one_source(client: Client, chains: None) -> None:
    rows.connect(rows.manifest(901, "alder"), real())
    found = {entry["chainId"]: entry for entry in get(client, "wallets")}
    assert found.keys() == {"0x385", "0x386"}
    page = client.get("/history").content.decode()
    for chain_id, entry in found.items():
        check(entry, WALLET, required="chainId chainName nativeCurrency rpcUrls")
        assert get(client, f"wallets/{int(chain_id, 16)}") == entry
        assert entry["iconUrls"][0] in page and entry["rpcUrls"][0] in page
    assert "our-key" not in page
    closed = replace(real(), endpoints=(Endpoint("https://node.example/our-key"),))
    rows.connect(closed)
    assert [entry["chainId"] for entry in get(client, "wallets")] == ["0x385"]
    for number in (902, 777):
        assert client.get(f"/api/v1/lists/wallets/{number}.json").status_code == 404


def test_an_app_is_reached_from_a_chain_that_joined_a_moment_ago(client: Client, chains: None) -> None:
    birch = rows.manifest(902, "birch")
    rows.connect(replace(birch, apps=(vault(birch),)))
    before = get(client, "apps")
    assert [place["chain"] for place in before["reachable_from"]] == ["alder", "birch"]
    [app] = before["apps"]
    assert (app["name"], app["call"], app["token"]["symbol"]) == (
        "birch:vault",
        "deposit(uint256,address)",
        "USDC",
    )
    joined = replace(rows.manifest(901, "alder"), chain_id=904, domain=904, slug="dogwood", name="Dogwood")
    rows.connect(joined)
    after = get(client, "apps")
    assert [place["chain"] for place in after["reachable_from"]] == ["alder", "birch", "dogwood"]
    assert after["apps"] == before["apps"], "nothing about the app changed"
    listing = client.get("/apps").content.decode()
    assert "Dogwood" in listing and "/pay?to=birch:vault&amp;from=any:USDC" in listing
    offered = client.get(app["pay"].removeprefix("http://testserver")).content.decode()
    assert 'value="dogwood:USDC"' in offered


def test_a_manifest_for_strangers_is_one_and_holds_nothing_of_ours(client: Client, chains: None) -> None:
    ours = real(
        tokens=tuple(replace(token, stock_target=77_777) for token in rows.manifest(902, "birch").tokens)
    )
    rows.connect(replace(ours, quorum=2))
    answer = client.get("/api/v1/lists/manifests/902.toml")
    told = parse(answer.content.decode())
    assert [endpoint.url for endpoint in told.endpoints] == ["https://open.example"] and told.quorum == 1
    assert "our-key" not in answer.content.decode() and "77777" not in answer.content.decode()
    assert (told.contracts, told.chain_id, told.limits) == (ours.contracts, 902, ours.limits)
    rows.connect(replace(ours, endpoints=(Endpoint("https://node.example/our-key"),)))
    closed = client.get("/api/v1/lists/manifests/902.toml").content.decode()
    assert "add [[endpoints]] of your own" in closed and "our-key" not in closed
    assert client.get("/api/v1/lists/manifests/777.toml").status_code == 404


def test_lists_may_be_kept_and_asked_for_again_cheaply(client: Client, chains: None) -> None:
    for path in (
        "lists/chains.json",
        "lists/tokens.json",
        "lists/apps.json",
        "lists/wallets.json",
        "icons/901.svg",
    ):
        first = client.get(f"/api/v1/{path}")
        assert "public, max-age=" in first["Cache-Control"] and first["Access-Control-Allow-Origin"] == "*"
        again = client.get(f"/api/v1/{path}", headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again["Access-Control-Allow-Origin"] == "*"
    assert client.get("/api/v1/network")["Cache-Control"] == "no-store"


def test_icons_are_drawn_here_and_differ(client: Client, chains: None) -> None:
    drawn = [chain_icon(number) for number in [1, 10, 8453, 900, 901, 902, 903, 904, *range(7001, 7041)]]
    assert len(set(drawn)) == len(drawn) and drawn == [
        chain_icon(number) for number in [1, 10, 8453, 900, 901, 902, 903, 904, *range(7001, 7041)]
    ]
    for icon in drawn:
        names = {element.tag.partition("}")[2] for element in ElementTree.fromstring(icon).iter()}
        assert names == {"svg", "rect", "g", "path", "circle"} and len(icon) < 1200
    answer = client.get("/api/v1/icons/901.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert client.get("/api/v1/icons/777.svg").status_code == 404


def test_without_chains_there_is_no_list_to_mislead_anybody(client: Client) -> None:
    Chain.objects.all().delete()
    registry.forget()
    assert client.get("/api/v1/lists/tokens.json").status_code == 404
    assert get(client, "chains") == []
    assert client.get("/apps").status_code in (200, 503)
