"""A stranger with tokens and no connection to us fills an order of ours and is paid."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.client.chain_account import ChainAccount
from intents.client.filler import Filler, Rules
from intents.devnet.accounts import wallet
from intents.lifecycle import OrderState
from intents.models import Attempt
from intents.settlement import calls
from tests.engine.conftest import driver
from tests.engine.driver import Driver

__all__ = ["driver"]

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

PRICES = {"usdc": 1.0, "usdt": 1.0, "eth": 2_500.0}


def filler_for(driver: Driver, account: LocalAccount, said: list[str], **rules: Any) -> Filler:
    chains = {manifest.chain_id: manifest for manifest in driver.network.manifests.values()}
    key = "0x" + bytes(account.key).hex()
    return Filler(chains, key=key, rules=Rules(prices_usd=PRICES, **rules), say=said.append)


def test_it_delivers_our_order_while_we_do_not_fill_and_is_paid_the_input(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    network, stranger, said = driver.network, wallet(811), list[str]()
    network.fund("birch", [stranger.address], {"USDC": 100 * 10**6})
    network.fund("alder", [stranger.address], {})
    before = network.balance("birch", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    filler = filler_for(driver, stranger, said)
    assert filler.look() == 0, "the deposit is not final yet"
    with network.ticking():
        driver.work_until(lambda: filler.look() and network.balance("birch", "USDC", alice.address) > before)
        order = driver.drive(order, OrderState.FILLED)
        driver.wait_for(lambda: filler.look() and "finalise" in said[-1], seconds=40)
        order = driver.drive(order, OrderState.SETTLED)
    assert network.balance("birch", "USDC", alice.address) == before + order.output_amount
    assert network.balance("alder", "USDC", stranger.address) == order.input_amount
    assert order.delivered_amount == order.output_amount
    ours = Attempt.objects.filter(step__order=order).exclude(purpose="open")
    assert not ours.exists(), "an outsider's delivery costs us nothing"
    assert filler.look() == 0


def test_it_leaves_alone_what_does_not_pay_and_what_it_cannot_price(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILL_ENABLED = False
    network, stranger, said = driver.network, wallet(812), list[str]()
    network.fund("birch", [stranger.address], {"USDC": 100 * 10**6})
    driver.drive(driver.transfer(alice), OrderState.OPENED)
    network.mine_all(12)
    assert filler_for(driver, stranger, said, least_gain_usd=5.0).look() == 0
    assert "it would gain $" in said[-1]
    fee = calls.plain_dispatch_fee(origin=network.manifest("alder"), destination=network.manifest("birch"))
    asked = ChainAccount.number
    with monkeypatch.context() as mailbox:
        # As one that is somebody else's may ask, and the proof has to pay: 25 USD.
        mailbox.setattr(ChainAccount, "number", lambda at, call: 10**16 if call == fee else asked(at, call))
        assert filler_for(driver, stranger, said).look() == 0
    assert "it would gain $-25." in said[-1] or "it would gain $-24." in said[-1]
    dear = filler_for(driver, stranger, said)
    dear.rules = Rules(prices_usd={"usdc": 1.0})
    assert dear.look() == 0
    assert "no price" in said[-1]
