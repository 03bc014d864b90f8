"""Payments to an order's own address on chains that nobody knew in advance; nobody proves there."""

import pytest

from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OUTSIDER, address, wallet
from intents.lifecycle import OrderState
from intents.models import Deposit, Order
from intents.services.orders import order_submit
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DELIVERED = (OrderState.FILLED, OrderState.PROVING)


def slugs(driver: Driver) -> tuple[str, str]:
    origin, destination, *_ = driver.network.manifests
    return origin, destination


def awaited(driver: Driver, number: int) -> Order:
    origin, destination = slugs(driver)
    quote = driver.quote(
        wallet(number), give=f"{origin}:USDC", get=f"{destination}:USDC", amount="60", confirm="deposit"
    )
    return order_submit(quote_id=quote.pk, terms=quote.order, signature="", browser_key="browser-1")


def pay(driver: Driver, order: Order, amount: int) -> None:
    origin, _ = slugs(driver)
    driver.network.fund(origin, [address(OUTSIDER)], {"USDC": amount})
    data = encode_call("transfer(address,uint256)", [Deposit.objects.get(order=order).address, amount])
    strangers.send(driver.network, origin, Call(driver.network.token(origin, "USDC"), data))


def test_what_was_paid_to_the_address_is_delivered(odd_driver: Driver) -> None:
    order = awaited(odd_driver, 901)
    with odd_driver.network.ticking():
        pay(odd_driver, order, order.input_amount + 3)
        order = odd_driver.drive(order, *DELIVERED, seconds=60)
    origin, destination = slugs(odd_driver)
    assert odd_driver.network.balance(destination, "USDC", order.user) == order.delivered_amount
    assert odd_driver.network.balance(origin, "USDC", order.user) == 3


def test_less_than_asked_goes_back(odd_driver: Driver) -> None:
    order = awaited(odd_driver, 902)
    origin, _ = slugs(odd_driver)
    with odd_driver.network.ticking():
        pay(odd_driver, order, order.input_amount // 2)
        odd_driver.work_until(lambda: "deposit_seen" in odd_driver.kinds(order))
        now = int(odd_driver.network.rpc(origin).block()["timestamp"], 16)
        odd_driver.network.warp(order.fill_deadline - now + 3)
        order = odd_driver.drive(order, OrderState.REFUNDED, seconds=60)
    assert odd_driver.network.balance(origin, "USDC", order.user) == order.input_amount // 2


def test_a_permit_of_a_token_with_other_decimals(odd_driver: Driver) -> None:
    user = wallet(903)
    origin, destination = slugs(odd_driver)
    decimals = odd_driver.network.manifest(origin).token("USDC").decimals
    odd_driver.network.fund(origin, [user.address], {"USDC": 60 * 10**decimals})
    order = odd_driver.transfer(
        user, give=f"{origin}:USDC", get=f"{destination}:USDC", amount="60", confirm="permit"
    )
    with odd_driver.network.ticking():
        order = odd_driver.drive(order, *DELIVERED, seconds=60)
    assert odd_driver.network.balance(destination, "USDC", user.address) == order.delivered_amount
