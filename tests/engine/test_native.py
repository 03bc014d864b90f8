"""The chains' own coin, both ways: real coins leave, real coins arrive, and the books agree."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains.calls import ZERO_ADDRESS
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.engine.audit import ledger_check
from intents.lifecycle import OrderState
from intents.models import Stock
from intents.services.intent import Intent
from intents.services.quotes import quote_request, quote_solve
from tests.engine.driver import Driver
from tests.engine.senders import open_own

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

ETHER = 10**18
EMPTY = "0x00000000000000000000000000000000000e7e70"


def coins(network: Network, slug: str, owner: str) -> int:
    return int(network.rpc(slug).request("eth_getBalance", owner, "latest"), 16)


def test_dollars_become_the_coin_itself(driver: Driver, bob: LocalAccount) -> None:
    order = driver.transfer(bob, give="alder:USDC", get="birch:ETH", recipient=EMPTY)
    assert order.output_token == ZERO_ADDRESS
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert coins(driver.network, "birch", EMPTY) == order.delivered_amount >= order.output_amount
    driver.wait_for(lambda: not ledger_check())


@pytest.mark.parametrize(("amount", "exact"), [("6000", "input"), ("2", "output")])
def test_more_than_the_stock_of_coins_is_bought_and_unwrapped(
    driver: Driver, bob: LocalAccount, amount: str, exact: str
) -> None:
    order = driver.transfer(
        bob, give="alder:USDC", get="birch:ETH", amount=amount, exact=exact, recipient=EMPTY
    )
    swap = order.steps.get(kind="fill").details["swap"]
    assert swap["path"][-1] == ZERO_ADDRESS
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert coins(driver.network, "birch", EMPTY) == order.delivered_amount >= order.output_amount
    driver.wait_for(lambda: not ledger_check())


def test_wrapped_stock_is_unwrapped(driver: Driver, bob: LocalAccount) -> None:
    order = driver.transfer(bob, give="birch:USDC", get="alder:ETH", amount="8000", recipient=EMPTY)
    assert order.steps.get(kind="fill").details["swap"]["path"][-2:] == [
        driver.network.token("alder", "WETH"),
        ZERO_ADDRESS,
    ]
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert coins(driver.network, "alder", EMPTY) == order.delivered_amount
    driver.wait_for(lambda: not ledger_check())


def test_the_coin_is_paid_by_one_transaction(driver: Driver, bob: LocalAccount) -> None:
    quote = driver.quote(bob, give="alder:ETH", get="birch:USDC", amount="0.05")
    assert quote.confirm_way == "native"
    order = driver.submit(quote, bob)
    before = driver.network.balance("birch", "USDC", bob.address)
    driver.work()
    assert len(open_own(driver.network, "alder", bob, order)) == 1
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", bob.address) - before == order.output_amount
    driver.wait_for(lambda: not ledger_check())


def test_the_coin_comes_back_when_it_cannot_be_delivered(
    driver: Driver, bob: LocalAccount, settings: object
) -> None:
    settings.FILL_ENABLED = False  # type: ignore[attr-defined]
    order = driver.transfer(bob, give="alder:ETH", get="birch:USDC", amount="0.05")
    open_own(driver.network, "alder", bob, order)
    order = driver.drive(order, OrderState.OPENED)
    paid = coins(driver.network, "alder", bob.address)
    now = int(driver.network.rpc("birch").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    assert coins(driver.network, "alder", bob.address) == paid + 5 * 10**16
    assert coins(driver.network, "alder", driver.network.manifest("alder").address("input_settler")) == 0
    driver.wait_for(lambda: not ledger_check())


def test_coins_both_ways_on_a_network_never_seen_before(odd_driver: Driver, bob: LocalAccount) -> None:
    network = odd_driver.network
    origin, destination = list(network.manifests)[:2]
    arriving = odd_driver.transfer(
        bob, give=f"{origin}:USDT", get=f"{destination}:ETH", confirm="batch", can_batch=True, recipient=EMPTY
    )
    leaving = odd_driver.transfer(bob, give=f"{origin}:ETH", get=f"{destination}:USDC", amount="0.05")
    before = network.balance(destination, "USDC", bob.address)
    for order in (arriving, leaving):
        open_own(network, origin, bob, order)
    with network.ticking():
        for order in (arriving, leaving):
            odd_driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    assert coins(network, destination, EMPTY) == arriving.delivered_amount >= arriving.output_amount
    assert network.balance(destination, "USDC", bob.address) - before >= leaving.output_amount


def test_what_the_senders_hold_as_gas_is_no_stock(driver: Driver) -> None:
    account = driver.network.manifest("birch").address("solver_account")
    rows = Stock.objects.filter(chain_id=902, token=ZERO_ADDRESS)
    driver.wait_for(lambda: rows.exclude(holder=account).count() == 2)
    assert rows.get(holder=account).balance == ETHER // 10


def test_a_contract_that_takes_no_coins_is_refused_as_recipient(driver: Driver, bob: LocalAccount) -> None:
    refuses = wallet(881).address
    driver.network.rpc("birch").request("anvil_setCode", refuses, "0x5f5ffd")
    intent = Intent.parse(
        {
            "origin": "alder", "destination": "birch", "input_token": "USDC", "output_token": "ETH",
            "amount": "100", "user": bob.address, "recipient": refuses,
        }
    )  # fmt: skip
    quote = quote_request(intent=intent)
    quote_solve(quote.pk)
    quote.refresh_from_db()
    assert quote.refusal == {"code": "recipient_refuses_native", "params": {"field": "recipient"}}


def test_a_wallet_keeps_what_its_gas_costs(driver: Driver, bob: LocalAccount) -> None:
    intent = Intent.parse(
        {
            "origin": "alder", "destination": "birch", "input_token": "ETH", "output_token": "USDC",
            "amount": "0.05", "user": bob.address,
        }
    )  # fmt: skip
    driver.network.rpc("alder").request("anvil_setBalance", bob.address, hex(5 * 10**16))
    quote = quote_request(intent=intent)
    quote_solve(quote.pk)
    quote.refresh_from_db()
    assert quote.refusal
    assert quote.refusal["params"]["reason"] == "insufficient_gas"
