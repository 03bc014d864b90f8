"""Orders that a foreign script makes up and opens by itself: found, gated, and filled where they pay."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OUTSIDER, address
from intents.engine import courtesy
from intents.lifecycle import OrderState
from intents.models import Attempt, Order
from intents.settlement.order import (
    NATIVE_TOKEN,
    ORDER_ABI,
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_id,
    to_abi,
)
from intents.solver.prices import Unpriced
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DOLLARS = 10**6


def test_an_order_paid_in_the_chains_own_coin_is_found_and_filled(driver: Driver) -> None:
    """Nothing of ours made it: terms, calldata and value are the script's own."""
    before = driver.network.balance("birch", "USDC", address(OUTSIDER))
    order = opened(driver, made_up(driver, token=NATIVE_TOKEN, amount=10**17, wants=200 * DOLLARS))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert order.quote is None
    assert order.confirm_way == "onchain"
    assert driver.network.balance("birch", "USDC", address(OUTSIDER)) == before + 200 * DOLLARS


def test_an_order_paid_in_a_token_is_found_and_filled(driver: Driver) -> None:
    usdc = driver.network.token("alder", "USDC")
    before = driver.network.balance("birch", "USDC", address(OUTSIDER))
    order = opened(driver, made_up(driver, token=usdc, amount=100 * DOLLARS, wants=99 * DOLLARS))
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", address(OUTSIDER)) == before + 99 * DOLLARS


@pytest.mark.parametrize("fault", ["greedy", "foreign_oracle", "unknown_token"])
def test_an_order_we_may_not_fill_is_left_and_its_money_goes_back(driver: Driver, fault: str) -> None:
    usdc = driver.network.token("alder", "USDC")
    terms = made_up(driver, token=usdc, amount=100 * DOLLARS, wants=99 * DOLLARS)
    spoiled = {
        "greedy": replace(terms.outputs[0], amount=120 * DOLLARS),
        "foreign_oracle": replace(terms.outputs[0], oracle=address_to_bytes32("0x" + "0f" * 20)),
        "unknown_token": replace(terms.outputs[0], token=address_to_bytes32("0x" + "7a" * 20)),
    }
    terms = replace(terms, outputs=(spoiled[fault],))
    driver.network.fund("alder", [address(OUTSIDER)], {"USDC": 100 * DOLLARS})
    before = driver.network.balance("alder", "USDC", address(OUTSIDER))
    order = opened(driver, terms, is_funded=True)
    driver.network.mine_all(10)
    driver.work_until(lambda: Order.objects.get(pk=order.pk).reason or step_of(order).waiting)
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(terms.expires - now + 2)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    assert driver.network.balance("alder", "USDC", address(OUTSIDER)) == before


def test_money_that_nobody_can_value_now_goes_back_once_somebody_can(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    usdc = driver.network.token("alder", "USDC")
    terms = made_up(driver, token=usdc, amount=100 * DOLLARS, wants=120 * DOLLARS)
    order = opened(driver, terms)

    def unpriced(*args: Any) -> int:
        raise Unpriced("stale_price", "usdc")

    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    with monkeypatch.context() as stale:
        stale.setattr(courtesy, "input_value_usd_e8", unpriced)
        driver.network.warp(terms.expires - now + 2)
        driver.work_until(lambda: order.steps.filter(kind="refund", waiting__code="stale_price").exists())
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)


def made_up(driver: Driver, *, token: str, amount: int, wants: int) -> StandardOrder:
    """USDC on Birch for something on Alder, as anybody can write it down from the network list."""
    alder, birch = driver.network.manifest("alder"), driver.network.manifest("birch")
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    output = MandateOutput(
        oracle=address_to_bytes32(birch.address("hyperlane_oracle")),
        settler=address_to_bytes32(birch.address("output_settler")),
        chain_id=birch.chain_id,
        token=address_to_bytes32(driver.network.token("birch", "USDC")),
        amount=wants,
        recipient=address_to_bytes32(address(OUTSIDER)),
    )
    return StandardOrder(
        user=address(OUTSIDER),
        nonce=secrets.randbits(200),
        origin_chain_id=alder.chain_id,
        expires=now + 300,
        fill_deadline=now + 150,
        input_oracle=alder.address("hyperlane_oracle"),
        inputs=((address_to_int(token), amount),),
        outputs=(output,),
    )


def opened(driver: Driver, terms: StandardOrder, *, is_funded: bool = False) -> Order:
    """Open it from an unlocked account, and wait until our follower has seen it."""
    network = driver.network
    settler = network.manifest("alder").address("input_settler")
    token, amount = terms.inputs[0]
    value: dict[str, Any] = {"value_wei": amount} if token == 0 else {}
    if token:
        if not is_funded:
            network.fund("alder", [address(OUTSIDER)], {"USDC": amount})
        approve = encode_call("approve(address,uint256)", [settler, amount])
        strangers.send(network, "alder", Call(network.token("alder", "USDC"), approve))
    call = Call(settler, encode_call(f"open({ORDER_ABI})", [to_abi(terms)]), **value)
    strangers.send(network, "alder", call)
    identity = "0x" + order_id(terms, settler=settler).hex()
    found: Order = driver.wait_for(lambda: Order.objects.filter(order_id=identity).first())
    return found


def step_of(order: Order) -> Any:
    return order.steps.get(kind="fill")
