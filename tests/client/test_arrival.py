"""A client signs the call and the gas it asked for, rebuilt by itself, and no others."""

from dataclasses import replace
from typing import Any

import pytest

from intents.chains.calls import encode_call
from intents.client.api import App
from intents.client.signing import RefusedToSign, Wish, checked_order
from intents.client.transfer import Asked, CannotStart, understood
from intents.settlement.destination_call import DestinationCall, encode_destination_call
from intents.settlement.order import MandateOutput, StandardOrder, address_to_bytes32

from .wishes import BIRCH, KEY, NETWORK, address, honest_order, honest_output, quote_of, wish

EXECUTOR, VAULT, ME = address(300), address(301), address(77)
APP = App(
    slug="vault",
    name="A vault",
    target=VAULT,
    token=BIRCH.token("WETH").address,
    call="deposit(uint256,address)",
    arguments=("amount", "recipient"),
    gas=200_000,
)
WITH_APP = replace(BIRCH, contracts={**BIRCH.contracts, "call_executor": EXECUTOR}, apps=(APP,))
AMOUNT = honest_output().amount


def wish_of_app(**changes: Any) -> Wish:
    return replace(wish(destination=WITH_APP), app=APP, **changes)


def calling(**changes: Any) -> StandardOrder:
    fields: dict[str, Any] = {
        "recipient": ME,
        "target": VAULT,
        "data": encode_call("deposit(uint256,address)", [AMOUNT, ME]),
        "gas": 200_000,
        **changes,
    }
    callback = encode_destination_call(DestinationCall(**fields))
    return honest_order(
        outputs=(honest_output(recipient=address_to_bytes32(EXECUTOR), callback_data=callback),)
    )


def gas(**changes: Any) -> MandateOutput:
    return honest_output(**{"token": bytes(32), "amount": 10**14, **changes})


def field_refused(asked: Wish, order: StandardOrder) -> str:
    with pytest.raises(RefusedToSign) as refusal:
        checked_order(asked, quote_of(order))
    return refusal.value.field


def test_the_call_asked_for_is_signed() -> None:
    assert checked_order(wish_of_app(), quote_of(calling())).outputs == calling().outputs


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": address(5)},
        {"target": address(5)},
        {"gas": 1},
        {"value_wei": 1},
        {"data": encode_call("deposit(uint256,address)", [AMOUNT - 1, ME])},
        {"data": encode_call("deposit(uint256,address)", [AMOUNT, address(5)])},
    ],
)
def test_any_other_call_is_not(changes: dict[str, Any]) -> None:
    assert field_refused(wish_of_app(), calling(**changes)) == "outputs[0].callbackData"


def test_a_call_that_was_not_asked_for_or_is_missing_is_refused() -> None:
    assert field_refused(wish(destination=WITH_APP), calling()) == "outputs[0].recipient"
    assert field_refused(wish_of_app(), honest_order()) == "outputs[0].recipient"
    without = replace(wish_of_app(), destination=BIRCH)
    assert field_refused(without, calling()) == "outputs[0].callbackData"


def test_gas_besides_is_signed_only_when_it_was_asked_for() -> None:
    order = honest_order(outputs=(honest_output(), gas()))
    asked = replace(wish(), gas_on_arrival="auto")
    assert checked_order(asked, quote_of(order)).outputs == order.outputs
    assert field_refused(wish(), order) == "outputs"
    for changed in (
        gas(recipient=address_to_bytes32(address(5))),
        gas(token=address_to_bytes32(address(5))),
        gas(callback_data=b"\x01"),
        gas(chain_id=903),
    ):
        assert field_refused(asked, honest_order(outputs=(honest_output(), changed))) == "outputs"


def test_an_app_is_understood_by_its_name() -> None:
    network = replace(NETWORK, chains=(NETWORK.chains[0], WITH_APP))
    asked = Asked(amount="1", source="alder:USDC", target="birch:WETH", key=KEY, app="birch:vault")
    assert understood(asked, network)[0].app == APP
    assert understood(replace(asked, app="vault"), network)[0].app == APP
    for changes, code in (
        ({"app": "alder:vault"}, "unknown_name"),
        ({"app": "casino"}, "unknown_name"),
        ({"target": "birch:USDC"}, "app_takes_another_token"),
    ):
        with pytest.raises(CannotStart) as refusal:
            understood(replace(asked, **changes), network)
        assert refusal.value.code == code
