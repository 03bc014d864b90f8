"""Logs become facts only when the right contract of this chain wrote them."""

import json
from dataclasses import replace

import pytest
from django.conf import settings
from eth_abi import encode
from eth_utils import keccak

from intents.chains.client import Log
from intents.chains.events import KINDS, Field, decode_log, watched_addresses, watched_topics
from intents.chains.manifest import Contract
from intents.contracts.loader import load
from intents.settlement.order import MandateOutput, StandardOrder, order_to_json, output_to_abi, to_abi

from .conftest import manifest_for
from .node import ALICE, BOB

OWN = ("input_settler", "output_settler", "hyperlane_oracle", "call_executor")
HYPERLANE = {"mailbox": "Mailbox", "merkle_tree_hook": "MerkleTreeHook"}
ADDRESSES = {
    name: "0x" + f"{index:040x}" for index, name in enumerate((*OWN, *HYPERLANE), start=0x1000000000)
}
MANIFEST = manifest_for(
    "http://127.0.0.1:1", contracts={name: Contract(address) for name, address in ADDRESSES.items()}
)
ORDER_ID = "0x" + "ab" * 32
RESULT = MandateOutput(
    oracle=b"\x01" * 32,
    settler=b"\x02" * 32,
    chain_id=902,
    token=b"\x03" * 32,
    amount=2**255,
    recipient=b"\x04" * 32,
    callback_data=b"call",
    context=b"",
)
ORDER = StandardOrder(
    user=ALICE,
    nonce=2**200 + 1,
    origin_chain_id=901,
    expires=1_800_000_100,
    fill_deadline=1_800_000_000,
    input_oracle=BOB,
    inputs=((7, 8), (9, 2**256 - 1)),
    outputs=(RESULT, replace(RESULT, amount=1)),
)


def log_of(name: str, *topics: str, data: bytes = b"", address: str | None = None) -> Log:
    kind = next(kind for kind in KINDS if kind.name == name)
    return Log(
        address=ADDRESSES[kind.contract] if address is None else address,
        topics=(kind.topic, *topics),
        data=data,
        block_number=1,
        block_hash="0x" + "11" * 32,
        block_timestamp=5,
        tx_hash="0x" + "22" * 32,
        log_index=0,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_event_is_the_one_its_contract_emits(kind):
    entry = next(e for e in abi_of(kind.contract) if e["type"] == "event" and e["name"] == kind.name)
    assert [(item["name"], item["indexed"]) for item in entry["inputs"]] == [
        (field.name, field.is_indexed) for field in kind.fields
    ]
    assert kind.topic == "0x" + keccak(text=signature(entry)).hex()
    for item, field in zip(entry["inputs"], kind.fields, strict=True):
        assert_same_members(item, field)


def test_an_opened_order_reads_as_the_order_itself():
    data = encode([kind_field("Open", "order").abi_type], [to_abi(ORDER)])
    seen = decode_log(MANIFEST, log_of("Open", ORDER_ID, data=data))
    assert (seen.kind, seen.order_id) == ("Open", ORDER_ID)
    assert seen.data["order"] == order_to_json(ORDER)
    json.dumps(seen.data)


def test_a_fill_names_solver_time_output_and_amount():
    types = ["bytes32", "uint32", kind_field("OutputFilled", "output").abi_type, "uint256"]
    data = encode(types, [b"\x05" * 32, 1_800_000_000, output_to_abi(RESULT), 2**255])
    seen = decode_log(MANIFEST, log_of("OutputFilled", ORDER_ID, data=data))
    assert seen.order_id == ORDER_ID
    assert seen.data["solver"] == "0x" + "05" * 32
    assert seen.data["timestamp"] == "1800000000"
    assert seen.data["output"] == order_to_json(ORDER)["outputs"][0]
    assert seen.data["finalAmount"] == str(2**255)


def test_a_dispatched_message_keeps_its_bytes():
    topics = ["0x" + ALICE[2:].lower().rjust(64, "0"), "0x" + f"{901:064x}", "0x" + "07" * 32]
    seen = decode_log(MANIFEST, log_of("Dispatch", *topics, data=encode(["bytes"], [b"\x03abc"])))
    assert seen.order_id == ""
    assert seen.data == {
        "sender": ALICE,
        "destination": "901",
        "recipient": "0x" + "07" * 32,
        "message": "0x03616263",
    }


@pytest.mark.parametrize("address", [ALICE, ADDRESSES["output_settler"]])
def test_another_contract_that_writes_the_same_log_is_not_believed(address):
    assert decode_log(MANIFEST, log_of("Refunded", ORDER_ID)) is not None
    assert decode_log(MANIFEST, log_of("Refunded", ORDER_ID, address=address)) is None


@pytest.mark.parametrize(
    "raw",
    [
        log_of("Refunded"),
        log_of("Finalised", ORDER_ID, data=b"\0" * 63),
        log_of("Open", ORDER_ID, data=b"\xff" * 320),
        log_of("Refunded", ORDER_ID, ORDER_ID),
        log_of("Refunded", ORDER_ID)._replace(topics=()),
        log_of("Refunded", ORDER_ID)._replace(topics=("0x" + "00" * 32,)),
    ],
    ids=["no id", "short data", "garbage", "a topic too many", "anonymous", "another event"],
)
def test_a_log_that_does_not_decode_is_no_fact(raw):
    assert decode_log(MANIFEST, raw) is None


def test_contracts_that_a_chain_does_not_have_are_not_watched():
    only = replace(MANIFEST, contracts={"mailbox": MANIFEST.contracts["mailbox"]})
    assert watched_addresses(only) == [ADDRESSES["mailbox"]]
    assert decode_log(only, log_of("Refunded", ORDER_ID)) is None
    assert len(watched_topics()[0]) == len(KINDS)


def kind_field(kind: str, name: str) -> Field:
    fields = next(item for item in KINDS if item.name == kind).fields
    return next(field for field in fields if field.name == name)


def abi_of(contract: str) -> list:
    if contract in OWN:
        return list(load(contract).abi)
    path = settings.CACHE_DIR / "artifacts" / f"{HYPERLANE[contract]}.json"
    return json.loads(path.read_text())["abi"]


def signature(entry: dict) -> str:
    return f"{entry['name']}({','.join(abi_type(item) for item in entry['inputs'])})"


def abi_type(item: dict) -> str:
    if not item["type"].startswith("tuple"):
        return item["type"]
    return f"({','.join(abi_type(part) for part in item['components'])}){item['type'][5:]}"


def assert_same_members(item: dict, field: Field) -> None:
    assert abi_type(item) == field.abi_type
    parts = item.get("components", [])
    assert [part["name"] for part in parts] == [part.name for part in field.parts]
    for part, member in zip(parts, field.parts, strict=True):
        assert_same_members(part, member)
