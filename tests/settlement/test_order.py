"""Order identity equals the reference vectors, and JSON is read strictly."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from intents.settlement.order import (
    MandateOutput,
    OrderFieldError,
    StandardOrder,
    address_to_bytes32,
    bytes32_to_address,
    fill_payload,
    int_to_address,
    order_from_json,
    order_id,
    order_to_json,
    output_hash,
    unfilled_payload,
)
from intents.settlement.typed_data import permit2_typed_data, struct_hash
from tests.contracts.strategies import addresses, identifiers, numbers, orders, outputs, seconds

VECTORS = json.loads((Path(__file__).parents[1] / "contracts" / "vectors" / "oif.json").read_text())[
    "vectors"
]
by_name = pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])


def test_there_are_a_dozen_vectors() -> None:
    assert len(VECTORS) == 12


@by_name
def test_order_id_is_the_reference_one(vector: dict[str, Any]) -> None:
    order = order_from_json(vector["order"])
    assert order_id(order, settler=vector["settler"]).hex() == vector["order_id"][2:]


@by_name
def test_output_hashes_are_the_reference_ones(vector: dict[str, Any]) -> None:
    outputs = order_from_json(vector["order"]).outputs
    assert ["0x" + output_hash(output).hex() for output in outputs] == vector["output_hashes"]


@by_name
def test_fill_payloads_hash_to_the_reference_ones(vector: dict[str, Any]) -> None:
    order = order_from_json(vector["order"])
    identifier, solver = (bytes.fromhex(vector[name][2:]) for name in ("order_id", "solver"))
    payloads = [
        fill_payload(identifier, output, solver, int(vector["timestamp"])) for output in order.outputs
    ]
    assert ["0x" + keccak(payload).hex() for payload in payloads] == vector["fill_payload_hashes"]


@by_name
def test_the_permit2_witness_is_the_reference_one(vector: dict[str, Any]) -> None:
    """The witness is hashed as a message of its own from the typed data the person signs."""
    data = permit2_typed_data(
        order_from_json(vector["order"]), settler=vector["settler"], permit2="0x" + "22" * 20
    )
    witness = {
        "types": {name: data["types"][name] for name in ("EIP712Domain", "Permit2Witness", "MandateOutput")},
        "primaryType": "Permit2Witness",
        "domain": data["domain"],
        "message": data["message"]["witness"],
    }
    assert "0x" + struct_hash(witness).hex() == vector["permit2_witness_hash"]


@given(orders)
def test_json_keeps_every_order(order: StandardOrder) -> None:
    assert order_from_json(json.loads(json.dumps(order_to_json(order)))) == order


@given(orders, st.data())
def test_any_changed_field_changes_the_id(order: StandardOrder, data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["user", "nonce", "origin_chain_id", "expires", "fill_deadline", "input_oracle"])
    )
    source = {"user": addresses, "input_oracle": addresses, "nonce": numbers, "origin_chain_id": numbers}
    value = data.draw(source.get(name, seconds).filter(lambda v: v != getattr(order, name)))
    settler = int_to_address(7)
    assert order_id(replace(order, **{name: value}), settler=settler) != order_id(order, settler=settler)


@given(identifiers, outputs, identifiers, seconds)
def test_no_preimage_serves_as_fill_and_as_unfilled(
    identifier: bytes, output: MandateOutput, solver: bytes, timestamp: int
) -> None:
    assert len(unfilled_payload(identifier, output, timestamp)) == 100
    assert len(fill_payload(identifier, output, solver, timestamp)) >= 168


GOOD = VECTORS[3]["order"]


def _changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    order = json.loads(json.dumps(GOOD))
    place = order
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return order


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("user",), "0x12", "user"),
        (("user",), 5, "user"),
        (("user",), GOOD["user"][2:], "user"),
        (("inputOracle",), None, "inputOracle"),
        (("nonce",), 7, "nonce"),
        (("nonce",), "-1", "nonce"),
        (("nonce",), "01", "nonce"),
        (("nonce",), "1e80", "nonce"),
        (("nonce",), str(2**256), "nonce"),
        (("nonce",), "1" * 5000, "nonce"),
        (("nonce",), "٣", "nonce"),
        (("expires",), str(2**32), "expires"),
        (("fillDeadline",), " 5", "fillDeadline"),
        (("originChainId",), True, "originChainId"),
        (("inputs",), {}, "inputs"),
        (("inputs",), [["1", "2"]] * 3, "inputs"),
        (("inputs", 0), ["1"], "inputs[0]"),
        (("inputs", 0), ["1", "2", "3"], "inputs[0]"),
        (("inputs", 1, 0), str(2**160), "inputs[1][0]"),
        (("inputs", 1, 1), "", "inputs[1][1]"),
        (("outputs",), "x", "outputs"),
        (("outputs",), [GOOD["outputs"][0]] * 3, "outputs"),
        (("outputs", 1), [], "outputs[1]"),
        (("outputs", 1, "recipient"), "0x1234", "outputs[1].recipient"),
        (("outputs", 1, "token"), "0x" + "zz" * 32, "outputs[1].token"),
        (("outputs", 0, "callbackData"), "0x123", "outputs[0].callbackData"),
        (("outputs", 0, "callbackData"), "0x" + "00" * 1025, "outputs[0].callbackData"),
        (("outputs", 0, "context"), "0x" + "00" * 129, "outputs[0].context"),
        (("outputs", 0, "surprise"), "1", "outputs[0].surprise"),
        (("surprise",), "1", "surprise"),
    ],
)
def test_a_bad_field_is_named(path: tuple[Any, ...], value: object, field: str) -> None:
    with pytest.raises(OrderFieldError) as caught:
        order_from_json(_changed(path, value))
    assert caught.value.field == field


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(OrderFieldError) as caught:
        order_from_json({key: value for key, value in GOOD.items() if key != name})
    assert caught.value.field == name


@pytest.mark.parametrize("value", [None, 5, "order", [], [["user", "x"]]])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(OrderFieldError):
        order_from_json(value)


def test_addresses_and_identifiers_convert_both_ways() -> None:
    address = int_to_address(2**159 + 5)
    assert bytes32_to_address(address_to_bytes32(address)) == address


@pytest.mark.parametrize("identifier", [b"\x01" + bytes(31), bytes(31), bytes(33)])
def test_a_dirty_identifier_is_no_address(identifier: bytes) -> None:
    with pytest.raises(ValueError, match="clean"):
        bytes32_to_address(identifier)
