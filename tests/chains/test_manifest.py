"""A wrong manifest is refused with the name of the key; a right one survives both its forms."""

import tomllib
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from intents.chains import registry
from intents.chains.app import AppNotListed
from intents.chains.calls import encode_call
from intents.chains.manifest import (
    ManifestError,
    MissingContract,
    TokenNotSupported,
    from_json,
    parse,
    to_json,
)
from intents.chains.manifest_toml import to_toml
from intents.models import Chain, Departure

from .conftest import CHAIN_ID, manifest_for
from .node import ALICE, BOB

TEXT = """
chain_id = 901
domain = 901
slug = "alder"
name = "Alder"
label = "Local test chain"
stack = "anvil"
parent_id = 900
is_local = true
block_seconds = 1.5
depth = 3
max_fee_wei = 100000000000
priority_fee_wei = 1000000
validator_threshold = 2
native = {symbol = "ETH", name = "Ether", canonical_id = "eth"}
endpoints = [{url = "http://127.0.0.1:8545", ws_url = "ws://127.0.0.1:8545"}]
value_tiers = [{max_usd_e8 = 100, depth = 1}, {max_usd_e8 = 1000, depth = 2}]
limits = {fill_seconds = 33}

[contracts.multicall3]
address = "0xcA11bde05977b3631167028862bE2a173976CA11"

[[tokens]]
address = "0x00000000000000000000000000000000000000a1"
symbol = "USDC"
name = "USD Coin"
decimals = 6
canonical_id = "usdc"
eip3009 = "bytes"
version = "2"

[[tokens]]
address = "0x00000000000000000000000000000000000000b2"
symbol = "WETH"
name = "Wrapped Ether"
decimals = 18
canonical_id = "eth"

[[venues]]
kind = "uniswap_v3"
address = "0x00000000000000000000000000000000000000c3"
router = "0x00000000000000000000000000000000000000d4"
token0 = "0x00000000000000000000000000000000000000a1"
token1 = "0x00000000000000000000000000000000000000b2"
fee_pips = 3000
extra = {tick_spacing = 60, quoter = "0x00000000000000000000000000000000000000e5"}

[contracts.call_executor]
address = "0x00000000000000000000000000000000000000e6"

[[apps]]
slug = "vault"
name = "A vault"
target = "0x00000000000000000000000000000000000000e7"
token = "0x00000000000000000000000000000000000000a1"
call = "deposit(uint256,address)"
arguments = ["amount", "recipient"]
gas = 200000

[feeds.eth]
address = "0x00000000000000000000000000000000000000f6"
heartbeat_seconds = 60

[[validators]]
address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
url = "http://127.0.0.1:9001"

[[validators]]
address = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
url = "http://127.0.0.1:9002"
"""


def test_toml_and_json_hold_the_same_manifest():
    manifest = parse(TEXT)
    assert from_json(to_json(manifest)) == manifest
    assert parse(to_toml(manifest)) == manifest
    assert manifest.venues[0].extra["tick_spacing"] == 60
    assert manifest.limits.fill_seconds == 33
    assert manifest.limits.min_left_seconds == 45


def test_what_a_manifest_answers():
    manifest = parse(TEXT)
    assert manifest.token("usdc").address == manifest.token("0x" + "A1".rjust(40, "0")).address
    assert [manifest.depth_for(value) for value in (0, 100, 101, 1000, 1001)] == [1, 1, 2, 2, 3]
    assert manifest.finality_seconds == 5
    with pytest.raises(TokenNotSupported):
        manifest.token("USDT")
    with pytest.raises(MissingContract):
        manifest.address("input_settler")
    with pytest.raises(AppNotListed):
        manifest.app("casino")


def test_an_app_makes_its_call_from_amount_and_recipient():
    app = parse(TEXT).app("Vault")
    expected = encode_call("deposit(uint256,address)", [77, BOB])
    assert app.call_data(amount=77, recipient=BOB) == expected


@pytest.mark.parametrize(
    ("key", "path", "value"),
    [
        ("chain_id", ["chain_id"], "901"),
        ("chain_id", ["chain_id"], True),
        ("chain_id", ["chain_id"], 2**32),
        ("domain", ["domain"], 902),
        ("slug", ["slug"], "Alder!"),
        ("slug", ["slug"], "a" * 51),
        ("slug", ["slug"], "any"),
        ("name", ["name"], " "),
        ("name", ["name"], "A" * 65),
        ("name", ["name"], "Al\u202eder"),
        ("block_seconds", ["block_seconds"], 0),
        ("block_seconds", ["block_seconds"], float("nan")),
        ("block_seconds", ["block_seconds"], float("inf")),
        ("depth", ["depth"], 0),
        ("depth", ["depth"], 10**7),
        ("max_fee_wei", ["max_fee_wei"], 2**256),
        ("endpoints", ["endpoints"], []),
        ("endpoints.0.url", ["endpoints", 0, "url"], "ftp://node"),
        ("endpoints.0.url", ["endpoints", 0, "url"], "http://node:door"),
        ("endpoints.0.ws_url", ["endpoints", 0, "ws_url"], "http://node"),
        ("quorum", ["quorum"], 2),
        ("priority_fee_wei", ["priority_fee_wei"], 10**12),
        ("validator_threshold", ["validator_threshold"], 1),
        ("validator_threshold", ["validator_threshold"], 3),
        ("validators", ["validators", 1, "address"], ALICE),
        ("value_tiers.1", ["value_tiers", 1, "max_usd_e8"], 100),
        ("value_tiers.1.depth", ["value_tiers", 1, "depth"], 4),
        ("native.symbol", ["native", "symbol"], None),
        ("native.decimals", ["native", "decimals"], 10**9),
        ("contracts.multicall3.address", ["contracts", "multicall3", "address"], "0x12"),
        ("contracts.multicall3.address", ["contracts", "multicall3", "address"], BOB[:-1] + "c"),
        ("contracts.multicall3.code_hash", ["contracts", "multicall3", "code_hash"], "0x12"),
        ("tokens.0.decimals", ["tokens", 0, "decimals"], -1),
        ("tokens.0.eip3009", ["tokens", 0, "eip3009"], "maybe"),
        ("tokens.0.version", ["tokens", 0, "version"], ""),
        ("tokens.0.is_pausable", ["tokens", 0, "is_pausable"], "no"),
        ("tokens", ["tokens", 1, "symbol"], "usdc"),
        ("tokens", ["tokens", 1, "symbol"], "eth"),
        ("tokens.1.symbol", ["tokens", 1, "symbol"], "W ETH"),
        ("tokens.1.symbl", ["tokens", 1, "symbl"], "x"),
        ("venues.0.kind", ["venues", 0, "kind"], "curve"),
        ("venues.0.token1", ["venues", 0, "token1"], BOB),
        ("venues.0.fee_pips", ["venues", 0, "fee_pips"], 1_000_000),
        ("apps.0.slug", ["apps", 0, "slug"], "A vault"),
        ("apps.0.token", ["apps", 0, "token"], BOB),
        ("apps.0.call", ["apps", 0, "call"], "deposit(bytes)"),
        ("apps.0.arguments", ["apps", 0, "arguments"], ["amount"]),
        ("apps.0.arguments", ["apps", 0, "arguments"], ["recipient", "amount"]),
        ("apps.0.arguments", ["apps", 0, "arguments"], "amount"),
        ("apps.0.gas", ["apps", 0, "gas"], 0),
        ("apps.0.page", ["apps", 0, "page"], "javascript:alert(1)"),
        ("venues.0.extra", ["venues", 0, "extra"], {"since": date(2026, 1, 1)}),
        ("feeds.eth.heartbeat_seconds", ["feeds", "eth", "heartbeat_seconds"], 0),
        ("limits.fil_seconds", ["limits", "fil_seconds"], 1),
        ("blok_seconds", ["blok_seconds"], 1),
    ],
)
def test_a_wrong_value_is_named(key: str, path: list[Any], value: Any):
    values = tomllib.loads(TEXT)
    table = values
    for step in path[:-1]:
        table = table[step]
    if value is None:
        del table[path[-1]]
    else:
        table[path[-1]] = value
    with pytest.raises(ManifestError) as error:
        from_json(values)
    assert error.value.key == key
    assert str(error.value).startswith(f"{key}: ")


def test_a_chain_that_is_not_local_needs_encrypted_endpoints():
    values = tomllib.loads(TEXT) | {"is_local": False}
    with pytest.raises(ManifestError) as error:
        from_json(values)
    assert error.value.key == "endpoints.0.url"


def test_a_pools_tokens_stand_in_its_own_order():
    values = tomllib.loads(TEXT)
    pool = values["venues"][0]
    pool["token0"], pool["token1"] = pool["token1"], pool["token0"]
    with pytest.raises(ManifestError) as error:
        from_json(values)
    assert error.value.key == "venues.0.token0"


@pytest.mark.parametrize("text", ["chain_id = = 1", "chain_id = " + "9" * 5000, "chain_id = " + "[" * 20_000])
def test_text_that_is_no_toml_is_refused(text: str):
    with pytest.raises(ManifestError):
        parse(text)


def test_what_is_written_can_be_read_whatever_its_letters():
    values = tomllib.loads(TEXT)
    values["venues"][0]["extra"]["said"] = "\x7f\x00 “quoted” \\ end"
    manifest = from_json(values)
    assert parse(to_toml(manifest)) == manifest


@pytest.mark.django_db
def test_a_directory_fills_the_registry_and_a_changed_file_is_noticed(tmp_path):
    (tmp_path / "alder.toml").write_text(TEXT)
    registry.load_directory(tmp_path)
    assert registry.chain(901).name == "Alder"
    assert registry.chain_by_slug(" ALDER ").chain_id == 901
    assert registry.chain(901).token("weth").decimals == 18
    (tmp_path / "alder.toml").write_text(TEXT.replace('name = "Alder"', 'name = "Elder"'))
    registry.load_directory(tmp_path)
    assert registry.chain(901).name == "Elder"
    Chain.objects.update(is_connected=False)
    registry.forget()
    with pytest.raises(registry.ChainNotSupported):
        registry.chain(901)
    Departure.objects.create(chain_id=901, kind="leave", reason="too quiet", left_at=timezone.now())
    assert registry.load_directory(tmp_path) == [], "who left comes back by joining alone"
    assert 901 not in registry.all_chains()


def test_a_file_at_fault_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text(TEXT.replace("depth = 3", "depth = 0"))
    with pytest.raises(ManifestError, match=r"bad\.toml: depth"):
        registry.read_directory(tmp_path)


def test_two_manifests_for_one_chain_are_refused(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(TEXT)
    with pytest.raises(ManifestError, match="chain_id"):
        registry.read_directory(tmp_path)


def test_the_content_hash_follows_the_content():
    one, other = manifest_for("http://a"), manifest_for("http://b")
    assert one.content_hash == manifest_for("http://a").content_hash != other.content_hash
    assert one.chain_id == CHAIN_ID
