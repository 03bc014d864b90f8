"""What people sign: who signed it, and which signatures are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from intents.settlement.order import NATIVE_TOKEN, int_to_address, order_from_json, order_id
from intents.settlement.typed_data import (
    TypedData,
    digest,
    eip3009_typed_data,
    permit2_typed_data,
    permit_typed_data,
    recover_signer,
)

VECTORS = json.loads((Path(__file__).parents[1] / "contracts" / "vectors" / "oif.json").read_text())[
    "vectors"
]
SIGNER = Account.from_key("0x" + "5e" * 32)
ORDER = replace(order_from_json(VECTORS[1]["order"]), user=SIGNER.address)
SETTLER = int_to_address(0xABC)
PERMIT2 = int_to_address(0xDEF)
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def permit2() -> TypedData:
    return permit2_typed_data(ORDER, settler=SETTLER, permit2=PERMIT2)


def eip3009() -> TypedData:
    token = int_to_address(ORDER.inputs[0][0])
    return eip3009_typed_data(ORDER, settler=SETTLER, token_name="USD Coin", token_version="2", token=token)


def permit(**changes: object) -> TypedData:
    names = {"token_name": "USD Coin", "token_version": "2", "nonce": 4, **changes}
    return permit_typed_data(ORDER, deposit_address=SETTLER, **names)


def signature(data: TypedData) -> bytes:
    return bytes(SIGNER.sign_typed_data(full_message=data).signature)


@pytest.mark.parametrize(
    "data",
    [permit2(), eip3009(), permit(), permit(token_version="")],
    ids=["permit2", "eip3009", "eip2612", "eip2612 without a version"],
)
def test_the_signer_is_recovered_also_after_a_trip_through_json(data: TypedData) -> None:
    assert recover_signer(json.loads(json.dumps(data)), signature(data)) == SIGNER.address


def test_the_authorization_names_the_order() -> None:
    message = eip3009()["message"]
    assert message["nonce"] == "0x" + order_id(ORDER, settler=SETTLER).hex()
    assert message["to"] == SETTLER
    assert message["validBefore"] == str(ORDER.fill_deadline)
    assert message["value"] == str(ORDER.inputs[0][1])


def test_the_permit_names_spender_deadline_and_amounts() -> None:
    message = permit2()["message"]
    assert message["spender"] == SETTLER
    assert message["deadline"] == str(ORDER.fill_deadline)
    assert message["permitted"] == [
        {"token": int_to_address(token), "amount": str(amount)} for token, amount in ORDER.inputs
    ]


def test_the_eip2612_permit_is_of_exactly_the_input_until_the_deadline() -> None:
    data = permit()
    assert data["domain"]["verifyingContract"] == int_to_address(ORDER.inputs[0][0])
    assert data["message"] == {
        "owner": ORDER.user,
        "spender": SETTLER,
        "value": str(ORDER.inputs[0][1]),
        "nonce": "4",
        "deadline": str(ORDER.fill_deadline),
    }
    assert "version" not in permit(token_version="")["domain"]


def test_a_permit_is_for_one_input() -> None:
    for inputs in ((), ((5, 6), (7, 8))):
        with pytest.raises(ValueError, match="one input"):
            permit_typed_data(
                replace(ORDER, inputs=inputs),
                deposit_address=SETTLER,
                token_name="x",
                token_version="",
                nonce=0,
            )


def test_an_authorization_of_a_foreign_token_is_refused() -> None:
    with pytest.raises(ValueError, match="inputs"):
        eip3009_typed_data(ORDER, settler=SETTLER, token_name="x", token_version="1", token=NATIVE_TOKEN)


@pytest.mark.parametrize(
    "change",
    [{"nonce": 1}, {"expires": 1}, {"fill_deadline": 1}, {"origin_chain_id": 7}, {"inputs": ((5, 6),)}],
    ids=lambda change: next(iter(change)),
)
def test_each_term_changes_the_digest(change: dict[str, object]) -> None:
    changed = permit2_typed_data(replace(ORDER, **change), settler=SETTLER, permit2=PERMIT2)
    assert digest(changed) != digest(permit2())


def test_the_malleable_twin_of_a_signature_is_refused() -> None:
    good = signature(permit2())
    high_s = CURVE_ORDER - int.from_bytes(good[32:64], "big")
    twin = good[:32] + high_s.to_bytes(32, "big") + bytes([27 if good[64] == 28 else 28])
    assert recover_signer(permit2(), twin) is None


@pytest.mark.parametrize(
    "bad",
    [b"", bytes(64), bytes(65), bytes(66), b"\xff" * 65, bytes(64) + b"\x1b", b"\x01" * 64 + b"\x00"],
    ids=lambda bad: f"{len(bad)}-{bad[-1:].hex()}",
)
def test_malformed_signatures_have_no_signer(bad: bytes) -> None:
    assert recover_signer(permit2(), bad) is None


def test_a_compact_signature_has_no_signer() -> None:
    """64 bytes (EIP-2098) are valid to Permit2; here one form is accepted."""
    good = signature(permit2())
    s = int.from_bytes(good[32:64], "big") | ((good[64] - 27) << 255)
    assert recover_signer(permit2(), good[:32] + s.to_bytes(32, "big")) is None
