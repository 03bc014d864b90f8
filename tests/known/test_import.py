"""The outside registry: read whole from its pinned package, without other people's keys, and twice is once."""

import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder

from intents.chains.manifest import parse
from intents.known import source
from intents.known.draft import NotConnectable, draft
from intents.known.importing import import_registry
from intents.known.keys import without_key
from intents.known.source import Registry
from intents.models import Chain, KnownChain, KnownRoute, KnownRouteEnd

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The real package."""
    return source.read(source.fetch())


def test_everything_of_the_package_is_known_and_nothing_is_connected(registry: Registry) -> None:
    found = import_registry(registry)
    assert (found.evm_mainnet_chains, found.routes, found.connections) == (209, 341, 4816)
    assert (found.chains, found.ends, found.added) == (348, 1122, 348 + 341)
    evm = KnownChain.objects.filter(protocol="ethereum", is_testnet=False)
    assert evm.count() == 209
    assert KnownRoute.objects.count() == 341
    assert not Chain.objects.exists()
    base = KnownChain.objects.get(pk="base")
    assert (base.chain_id, base.stack, base.reorg_period, base.block_seconds) == (8453, "opstack", "10", 2.0)
    assert base.contracts["mailbox"] == registry.addresses["base"]["mailbox"]
    assert base.explorers[0]["name"] == "BaseScan"
    assert base.is_connectable and not KnownChain.objects.get(pk="metal").is_connectable


def test_every_connection_leads_to_an_end_of_its_route(registry: Registry) -> None:
    import_registry(registry)
    ends = {(end.route_id, end.chain_id, end.address) for end in KnownRouteEnd.objects.all()}
    led = [
        (end.route_id, to["chain"], to["address"])
        for end in KnownRouteEnd.objects.all()
        for to in end.leads_to
    ]
    assert len(led) == 4816 and set(led) <= ends


def test_a_second_time_changes_nothing_and_a_newer_release_only_what_differs(registry: Registry) -> None:
    import_registry(registry)
    again = import_registry(registry)
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    names = set(registry.chains) - {"celestia", "base"}
    routes = {
        name: route
        for name, route in registry.routes.items()
        if not any(token["chainName"] in ("celestia", "base") for token in route["tokens"])
    }
    newer = Registry({name: registry.chains[name] for name in names}, registry.addresses, routes)
    newer.chains["ethereum"] = {**registry.chains["ethereum"], "displayName": "Ether Land"}
    change = import_registry(newer)
    assert (change.added, change.changed) == (0, 1)
    assert change.removed == 2 + 341 - len(routes)
    assert KnownChain.objects.get(pk="ethereum").display_name == "Ether Land"
    assert KnownRouteEnd.objects.count() == sum(len(route["tokens"]) for route in routes.values())


def test_no_key_of_anybody_is_kept(registry: Registry) -> None:
    import_registry(registry)
    kept = json.dumps(
        [list(model.objects.values()) for model in (KnownChain, KnownRoute, KnownRouteEnd)],
        cls=DjangoJSONEncoder,
    )
    keys = {
        explorer["apiKey"]
        for chain in registry.chains.values()
        for explorer in chain.get("blockExplorers", ())
        if explorer.get("apiKey")
    }
    nodes = [node["http"] for chain in registry.chains.values() for node in chain["rpcUrls"]]
    keys |= {
        found for url in nodes for found in re.findall(r"[0-9a-f]{32}|kXhX[\w-]+|YZIZ[\w-]+|326002fc", url)
    }
    assert len(keys) > 10
    assert [key for key in keys if key in kept] == []
    opbnb = KnownChain.objects.get(pk="opbnb")
    assert {
        "url": "https://opbnb-mainnet.nodereal.io/v1/",
        "ws_url": "",
        "needs_key": True,
    } in opbnb.endpoints


@pytest.mark.parametrize(
    ("url", "kept", "needs_key"),
    [
        ("https://mainnet.base.org", "https://mainnet.base.org", False),
        ("https://andromeda.metis.io/?owner=1088", "https://andromeda.metis.io/?owner=1088", False),
        ("https://rpc.ankr.com/scroll_sepolia_testnet", "https://rpc.ankr.com/scroll_sepolia_testnet", False),
        ("https://api.avax.network/ext/bc/C/rpc", "https://api.avax.network/ext/bc/C/rpc", False),
        ("https://user:word@rpc.example/x", "https://rpc.example/x", True),
        ("https://node.example/v3/9aa3d95b3bc440fa88ea12eaa4456161", "https://node.example/v3/", True),
        ("https://node.example/v2/AbCdEfGhIjKlMnOp0123/more", "https://node.example/v2/", True),
        ("https://node.example/?apikey=abc&net=5", "https://node.example/?net=5", True),
        ("wss://node.example/0b7c6d5e-1234-4abc-9def-001122334455", "wss://node.example/", True),
    ],
)
def test_keys_are_told_from_words(url: str, kept: str, needs_key: bool) -> None:
    assert without_key(url) == (kept, needs_key)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://x", "https://a1b2c3d4e5f6a7b8c9d0.rpc.example"]
)
def test_what_cannot_be_used_without_its_key_is_left_out(url: str) -> None:
    assert without_key(url) is None


def test_every_chain_that_could_join_gets_a_manifest_to_begin_with(registry: Registry) -> None:
    import_registry(registry)
    drafted = 0
    for chain in KnownChain.objects.filter(protocol="ethereum"):
        try:
            text = draft(chain)
        except NotConnectable:
            continue
        manifest = parse(text)
        assert (manifest.chain_id, manifest.slug) == (chain.chain_id, chain.name)
        assert all(endpoint.is_public for endpoint in manifest.endpoints) and not manifest.is_local
        drafted += 1
    assert drafted > 150
    base = draft(KnownChain.objects.get(pk="base"))
    assert f'address = "{registry.addresses["base"]["mailbox"]}"' in base and "depth = 10" in base
    assert parse(uncommented(base)).token("USDC").decimals == 6
    with pytest.raises(NotConnectable):
        draft(KnownChain.objects.get(pk="metal"))


def uncommented(text: str) -> str:
    """The draft with its first USDC taken."""
    head, _, rest = text.partition("# [[tokens]]")
    offered = ["# [[tokens]]" + part for part in rest.split("# [[tokens]]")]
    usdc = next(part for part in offered if 'symbol = "USDC"' in part)
    return head + re.sub(r"^# ", "", usdc, flags=re.MULTILINE)


def test_the_command_says_what_it_counted(capsys: Any) -> None:
    call_command("chains", "import")
    said = capsys.readouterr().out
    assert "348 chains, 209 of them EVM mainnets; 341 warp routes with 1122 ends and 4816 connections" in said
    assert "689 added, 0 changed, 0 removed" in said
