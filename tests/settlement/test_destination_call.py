"""Callback data of outputs that carry a call: one encoding, strictly read, checked before anybody signs."""

from dataclasses import replace

import pytest
from eth_abi import encode as abi_encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from intents.settlement.destination_call import (
    ALLOWANCE_SELECTORS,
    EXECUTOR_GAS,
    MAX_CALL_BYTES,
    MAX_CALL_GAS,
    SECOND_OUTPUT_GAS,
    DestinationCall,
    DestinationCallError,
    arrival_gas,
    call_in,
    check_destination_call,
    decode_destination_call,
    encode_destination_call,
    final_recipient,
)
from intents.settlement.order import MAX_CALLBACK_BYTES, MandateOutput, address_to_bytes32, int_to_address

TOKEN, EXECUTOR, PERSON, VAULT = (int_to_address(i) for i in (10, 11, 12, 13))
CALL = DestinationCall(recipient=PERSON, target=VAULT, data=b"\x6e\x55\x3f\x65" + bytes(64), gas=200_000)
OUTPUT = MandateOutput(
    oracle=bytes(32),
    settler=bytes(32),
    chain_id=902,
    token=address_to_bytes32(TOKEN),
    amount=100,
    recipient=address_to_bytes32(EXECUTOR),
)
words = st.integers(0, 2**256 - 1)
people = st.integers(0, 2**160 - 1).map(int_to_address)


@given(
    st.builds(
        DestinationCall,
        recipient=people,
        target=people,
        data=st.binary(max_size=MAX_CALL_BYTES),
        gas=words,
        value_wei=words,
    )
)
def test_what_is_written_is_read_again(call: DestinationCall) -> None:
    encoded = encode_destination_call(call)
    assert len(encoded) <= MAX_CALLBACK_BYTES
    assert decode_destination_call(encoded) == call


@given(st.binary(max_size=400))
def test_other_bytes_are_refused_or_are_the_one_form(data: bytes) -> None:
    try:
        call = decode_destination_call(data)
    except DestinationCallError:
        return
    assert encode_destination_call(call) == data


def test_a_call_over_the_bounds_is_refused() -> None:
    with pytest.raises(DestinationCallError, match="832"):
        encode_destination_call(replace(CALL, data=bytes(MAX_CALL_BYTES + 1)))
    with pytest.raises(DestinationCallError):
        encode_destination_call(replace(CALL, gas=2**256))
    long = abi_encode(
        ("address", "address", "uint256", "bytes", "uint256"), (PERSON, VAULT, 0, bytes(900), 5)
    )
    with pytest.raises(DestinationCallError):
        decode_destination_call(long)


def test_dirty_addresses_and_loose_padding_are_refused() -> None:
    encoded = encode_destination_call(CALL)
    for changed in (b"\x01" + encoded[1:], encoded + bytes(32), encoded[:-1], encoded[:-1] + b"\x01"):
        with pytest.raises(DestinationCallError):
            decode_destination_call(changed)


def check(output: MandateOutput = OUTPUT, **changes: object) -> None:
    check_destination_call(replace(CALL, **changes), output=output, refused=frozenset({EXECUTOR}))


def test_a_good_call_passes() -> None:
    check()
    check(replace(OUTPUT, token=bytes(32)), value_wei=100)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"recipient": int_to_address(0)}, "recipient"),
        ({"recipient": TOKEN}, "recipient"),
        ({"recipient": EXECUTOR}, "recipient"),
        ({"target": TOKEN}, "target"),
        ({"target": EXECUTOR}, "target"),
        ({"target": int_to_address(0)}, "target"),
        ({"data": bytes.fromhex("095ea7b3") + bytes(64)}, "allowance"),
        ({"value_wei": 1}, "native"),
        ({"gas": 0}, "gas"),
        ({"gas": MAX_CALL_GAS + 1}, "gas"),
    ],
)
def test_a_call_that_cannot_go_well_is_named(changes: dict[str, object], word: str) -> None:
    with pytest.raises(DestinationCallError, match=word):
        check(**changes)


def test_no_more_coins_than_arrive() -> None:
    with pytest.raises(DestinationCallError, match="native"):
        check(replace(OUTPUT, token=bytes(32)), value_wei=101)


def test_the_allowance_selectors_are_those_the_executor_refuses() -> None:
    signatures = [
        "approve(address,uint256)",
        "increaseAllowance(address,uint256)",
        "increaseApproval(address,uint256)",
        "approveAndCall(address,uint256)",
        "approveAndCall(address,uint256,bytes)",
        "setApprovalForAll(address,bool)",
        "authorizeOperator(address)",
    ]
    assert {keccak(text=signature)[:4] for signature in signatures} == ALLOWANCE_SELECTORS


def test_whom_an_output_is_for() -> None:
    plain = replace(OUTPUT, recipient=address_to_bytes32(PERSON))
    carrying = replace(OUTPUT, callback_data=encode_destination_call(CALL))
    assert call_in(plain) is None
    assert call_in(carrying) == CALL
    assert final_recipient(plain) == final_recipient(carrying) == PERSON
    with pytest.raises(DestinationCallError):
        final_recipient(replace(OUTPUT, callback_data=b"\x01"))


def test_the_gas_of_an_arrival_covers_its_call_and_its_second_output() -> None:
    carrying = replace(OUTPUT, callback_data=encode_destination_call(CALL))
    assert arrival_gas([OUTPUT]) == 0
    assert arrival_gas([carrying]) == EXECUTOR_GAS + CALL.gas
    assert arrival_gas([carrying, OUTPUT]) == EXECUTOR_GAS + CALL.gas + SECOND_OUTPUT_GAS
    assert arrival_gas([replace(OUTPUT, callback_data=b"\x01")]) == EXECUTOR_GAS + MAX_CALL_GAS
