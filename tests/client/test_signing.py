"""A client signs what was asked for and nothing else, whatever the server offers."""

from dataclasses import replace
from typing import Any

import pytest

from intents.client.signing import RefusedToSign, checked_order, signed, typed_data
from intents.settlement.order import address_to_bytes32, address_to_int
from intents.settlement.typed_data import recover_signer

from .wishes import ALDER, BIRCH, KEY, USER, address, honest_order, honest_output, quote_of, wish


def test_an_honest_order_is_signed_by_the_user_in_both_ways() -> None:
    order = checked_order(wish(), quote_of(honest_order()))
    for way in ("eip3009", "permit2"):
        data = typed_data(wish(), order, way=way)
        assert recover_signer(data, bytes.fromhex(signed(data, key=KEY)[2:])) == USER


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user": address(5)}, "user"),
        ({"origin_chain_id": 902}, "originChainId"),
        ({"input_oracle": address(5)}, "inputOracle"),
        ({"inputs": ((address_to_int(address(5)), 100_000_000),)}, "inputs[0].token"),
        ({"inputs": ((address_to_int(ALDER.token("USDC").address), 100_000_001),)}, "inputs[0].amount"),
        ({"inputs": ((1, 1), (2, 2))}, "inputs"),
        ({"outputs": (honest_output(), honest_output(amount=1))}, "outputs"),
        ({"outputs": (honest_output(chain_id=901),)}, "outputs[0].chainId"),
        ({"outputs": (honest_output(settler=address_to_bytes32(address(5))),)}, "outputs[0].settler"),
        ({"outputs": (honest_output(oracle=address_to_bytes32(address(5))),)}, "outputs[0].oracle"),
        (
            {"outputs": (honest_output(token=address_to_bytes32(BIRCH.token("USDC").address)),)},
            "outputs[0].token",
        ),
        ({"outputs": (honest_output(recipient=address_to_bytes32(address(5))),)}, "outputs[0].recipient"),
        ({"outputs": (honest_output(callback_data=b"\x01"),)}, "outputs[0].callbackData"),
        ({"outputs": (honest_output(context=b"\x01"),)}, "outputs[0].context"),
        ({"outputs": (honest_output(amount=0),)}, "amount"),
        ({"expires": 1_700_000_200}, "expires"),
        ({"expires": 1_900_000_000}, "expires"),
        ({"fill_deadline": 4_000_000_000, "expires": 4_000_000_200}, "fillDeadline"),
    ],
)
def test_any_altered_field_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RefusedToSign) as refusal:
        checked_order(wish(), quote_of(honest_order(**changes)))
    assert refusal.value.field == field


def test_an_order_id_of_another_settler_is_refused() -> None:
    quote = {**quote_of(honest_order()), "order_id": "0x" + "00" * 32}
    with pytest.raises(RefusedToSign) as refusal:
        checked_order(wish(), quote)
    assert refusal.value.field == "order_id"


def test_an_order_below_the_minimum_shown_is_refused() -> None:
    quote = {**quote_of(honest_order()), "output": {"minimum": "31000000000000001"}}
    with pytest.raises(RefusedToSign) as refusal:
        checked_order(wish(), quote)
    assert refusal.value.field == "outputs[0].amount"


def test_an_exact_output_is_held_to_the_unit() -> None:
    exact = replace(wish(), input_amount=None, output_amount=31_000_000_000_000_001)
    with pytest.raises(RefusedToSign) as refusal:
        checked_order(exact, quote_of(honest_order()))
    assert refusal.value.field == "outputs[0].amount"


def test_an_unreadable_order_is_refused() -> None:
    quote = quote_of(honest_order())
    quote["order"]["surprise"] = "1"
    with pytest.raises(RefusedToSign):
        checked_order(wish(), quote)


def test_an_unknown_way_is_not_signed() -> None:
    with pytest.raises(RefusedToSign):
        typed_data(wish(), honest_order(), way="blank_cheque")
