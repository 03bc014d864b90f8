"""Money comes back with everything of ours switched off: only chains, and validators or time."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.settlement.order import order_id
from intents.settlement.recovery_code import recovery_code
from tests.engine.driver import Driver
from tests.rescue.opened import open_and_walk_away, rescue, warp_to

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

PROVING = ["attest", "dispatch", "process", "refund_unfilled"]


def test_after_the_fill_deadline_the_validators_word_releases_the_money(
    driver: Driver, alice: LocalAccount
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order, tx_hash = open_and_walk_away(driver, alice)
    network = driver.network
    assert network.balance("alder", "USDC", alice.address) == before - order.inputs[0][1]
    assert rescue(network, tx_hash, looks=True)["situation"] == "waiting_for_deadline"
    warp_to(network, "birch", order.fill_deadline)
    with network.ticking():
        done = rescue(network, tx_hash)
    assert done["sent"] == PROVING
    assert (done["status"], done["situation"]) == ("refunded", "returned")
    assert network.balance("alder", "USDC", alice.address) == before
    settler = network.manifest("alder").address("input_settler")
    assert done["id"] == "0x" + order_id(order, settler=settler).hex()


def test_without_validators_the_money_comes_back_after_expires(driver: Driver, alice: LocalAccount) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order, _ = open_and_walk_away(driver, alice)
    warp_to(driver.network, "alder", order.expires)
    done = rescue(driver.network, recovery_code(order))
    assert done["sent"] == ["refund"]
    assert driver.network.balance("alder", "USDC", alice.address) == before
