"""Money comes back with everything of ours switched off: only chains, and validators or time."""

from dataclasses import replace

import pytest
from eth_account.signers.local import LocalAccount

from intents.settlement import calls
from intents.settlement.order import NATIVE_TOKEN, StandardOrder, order_from_json, order_id
from intents.settlement.recovery_code import recovery_code
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_foreign_scripts import made_up, opened
from tests.engine.test_refunds import set_blocked
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


def test_with_validators_silent_it_says_so_and_waits(driver: Driver, alice: LocalAccount) -> None:
    order, _ = open_and_walk_away(driver, alice)
    network = driver.network
    warp_to(network, "birch", order.fill_deadline)
    terms = recovery_code(order)
    birch = network.manifest("birch")
    strangers.send(
        network, "birch", calls.attest_unfilled(order, order_id=_id(driver, order), destination=birch)
    )
    payload = calls.proof_payload(order, order_id=_id(driver, order), fact=None)
    alder = network.manifest("alder")
    strangers.send(network, "birch", calls.dispatch([payload], origin=alder, destination=birch, fee_wei=0))
    said = rescue(network, terms, looks=True)
    # One block is not final: no validator has signed it.
    assert said["situation"] == "waiting_for_validators"
    assert said["actions"] == []


def test_a_delivered_transfer_gives_nothing_back(driver: Driver, alice: LocalAccount) -> None:
    order, tx_hash = open_and_walk_away(driver, alice)
    network = driver.network
    fill = strangers.fill_as_outsider(network, "birch", order, "0x" + _id(driver, order).hex())
    warp_to(network, "alder", order.expires)
    assert rescue(network, tx_hash) == {
        "id": "0x" + _id(driver, order).hex(),
        "status": "deposited",
        "situation": "delivered_unpaid",
        "actions": [],
        "sent": [],
    }
    assert rescue(network, fill, looks=True)["situation"] == "delivered_unpaid"


def test_a_destination_that_is_gone_does_not_stop_the_refund(driver: Driver, alice: LocalAccount) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order, tx_hash = open_and_walk_away(driver, alice)
    warp_to(driver.network, "alder", order.expires)
    done = rescue(driver.network, tx_hash, endpoints={"902": ["http://127.0.0.1:9"]})
    assert done["sent"] == ["refund"]
    assert driver.network.balance("alder", "USDC", alice.address) == before


def test_a_refund_that_was_refused_waits_and_can_be_claimed(driver: Driver, alice: LocalAccount) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order, tx_hash = open_and_walk_away(driver, alice)
    network = driver.network
    warp_to(network, "alder", order.expires)
    set_blocked(driver, alice.address, is_blocked=True)
    strangers.send(network, "alder", calls.refund(order, origin=network.manifest("alder")))
    waiting = rescue(network, tx_hash, looks=True)
    assert (waiting["situation"], waiting["actions"]) == ("returned", ["claim"])
    set_blocked(driver, alice.address, is_blocked=False)
    assert rescue(network, tx_hash)["sent"] == ["claim"]
    assert network.balance("alder", "USDC", alice.address) == before


def test_what_was_sent_to_the_deposit_address_comes_back(driver: Driver, alice: LocalAccount) -> None:
    quote = driver.quote(alice, browser="")
    order = order_from_json(quote.order)
    driver.close()
    network = driver.network
    alder = network.manifest("alder")
    view = calls.deposit_address(_id(driver, order), chain=alder)
    answer = network.rpc("alder").request(
        "eth_call", {"to": view.target, "data": "0x" + view.data.hex()}, "latest"
    )
    deposit = "0x" + answer[-40:]
    network.fund("alder", [deposit], {"USDC": 40 * 10**6, "USDT": 7})
    before = network.balance("alder", "USDC", alice.address)
    before_tether = network.balance("alder", "USDT", alice.address)
    early = rescue(network, recovery_code(order), looks=True)
    assert (early["situation"], set(early["actions"])) == ("not_opened", {"recover"})
    warp_to(network, "alder", order.fill_deadline)
    done = rescue(network, recovery_code(order))
    assert done["situation"] == "never_opened"
    assert set(done["sent"]) == {"recover"}
    assert network.balance("alder", "USDC", alice.address) == before + 40 * 10**6
    assert network.balance("alder", "USDT", alice.address) == before_tether + 7


def test_of_two_outputs_one_that_nobody_filled_is_enough(driver: Driver) -> None:
    terms = made_up(driver, token=NATIVE_TOKEN, amount=10**17, wants=200 * 10**6)
    gas = replace(terms.outputs[0], token=b"\x00" * 32, amount=10**15)
    terms = replace(terms, outputs=(terms.outputs[0], gas))
    order = opened(driver, terms)
    driver.close()
    network = driver.network
    strangers.fill_as_outsider(network, "birch", terms, order.order_id)
    escrow = network.manifest("alder").address("input_settler")
    assert int(network.rpc("alder").request("eth_getBalance", escrow, "latest"), 16) == 10**17
    warp_to(network, "birch", terms.fill_deadline)
    with network.ticking():
        done = rescue(network, order.order_id)
    assert done["sent"] == PROVING
    assert done["situation"] == "returned"
    assert int(network.rpc("alder").request("eth_getBalance", escrow, "latest"), 16) == 0


def _id(driver: Driver, order: StandardOrder) -> bytes:
    return order_id(order, settler=driver.network.manifest("alder").address("input_settler"))
