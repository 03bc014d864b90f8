"""A lost database: what several orders were proven by together goes on as one message, once."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains.calls import Call, encode_call
from intents.engine.actions import prove
from intents.engine.audit import ledger_check
from intents.engine.evidence import gather
from intents.engine.rebuild import rebuild
from intents.lifecycle import OrderState
from intents.models import ChainLog, Order
from intents.settlement import calls
from intents.settlement.order import address_to_bytes32
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_rebuild import histories, lose_everything, remembered
from tests.engine.test_settling_together import (
    _assert_split,
    _delivered,
    _held,
    _sent,
    _served,
    _settle,
    dear,
)

__all__ = ["dear"]

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_what_was_settled_together_is_rebuilt_and_what_was_under_way_goes_on(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settled = _delivered(driver, alice, settings, 2)
    _settle(driver, settled, settings)
    moving = under_way(driver, alice, settings)
    sent = ChainLog.objects.filter(kind="Dispatch").count()
    # The same words said by others, after us: nobody who is to be paid by them may wait for them.
    say_it_elsewhere(driver, moving)
    driver.wait_for(lambda: ChainLog.objects.filter(kind="Dispatch").count() == sent + 2)
    driver.close()
    before, story = remembered(), histories()
    lose_everything()
    assert rebuild() == 4
    assert {pk: row["state"] for pk, row in remembered().items()} == {
        pk: OrderState.FILLED if pk in {each.pk for each in moving} else row["state"]
        for pk, row in before.items()
    }
    assert histories() == story
    settle_anew(driver, moving)
    assert ChainLog.objects.filter(kind="Dispatch").count() == sent + 2, "what is under way is not sent again"
    assert ledger_check() == []


def test_a_rebuilt_message_that_its_chain_takes_back_goes_in_again_by_the_same_bytes(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    moving = under_way(driver, alice, settings)
    driver.close()
    lose_everything()
    assert rebuild() == 2
    dispatched = ChainLog.objects.get(kind="Dispatch")
    strangers.reorg(driver.network, "summit", dispatched.block_number)
    settle_anew(driver, moving)
    again = ChainLog.objects.get(kind="Dispatch")
    assert again.tx_hash == dispatched.tx_hash
    assert again.block_hash != dispatched.block_hash


def under_way(driver: Driver, wallet: LocalAccount, settings: Any) -> list[Order]:
    """Two delivered orders whose one message is in a block."""
    moving = _delivered(driver, wallet, settings, 2)
    settings.SETTLE_TOGETHER_SECONDS = 0
    sent = _sent("dispatch").count() + 1
    Order.objects.filter(ended_at=None).update(wake_at=1)
    driver.work_until(lambda: _sent("dispatch").count() == sent)
    driver.wait_for(lambda: ChainLog.objects.filter(kind="Dispatch").count() == sent)
    return moving


def say_it_elsewhere(driver: Driver, orders: Sequence[Order]) -> None:
    """A stranger sends the orders' proofs past our oracle, and by it with a contract of theirs as the witness."""
    network, payloads = driver.network, []
    for order in orders:
        with _held(order) as case:
            payloads += prove._payloads(case, gather(case))
    origin, destination = network.manifest("alder"), network.manifest("summit")
    witness = "0x" + "57" * 20
    network.rpc("summit").request("anvil_setCode", witness, "0x600160005260206000f3")
    said = calls.dispatch(payloads, origin=origin, destination=destination, fee_wei=0)
    settler = destination.address("output_settler")[2:].lower()
    assert settler in said.data.hex()
    past = calls.dispatch_fee(payloads, origin=origin, destination=destination)
    fee = int(
        network.rpc("summit").request("eth_call", {"to": past.target, "data": "0x" + past.data.hex()}), 16
    )
    by_us = Call(said.target, bytes.fromhex(said.data.hex().replace(settler, witness[2:])), fee)
    body = address_to_bytes32(destination.address("output_settler")) + len(payloads).to_bytes(2, "big")
    body += b"".join(len(each).to_bytes(2, "big") + each for each in payloads)
    arguments = [origin.domain, address_to_bytes32(origin.address("hyperlane_oracle")), body]
    data = encode_call("dispatch(uint32,bytes32,bytes)", arguments)
    for call in (by_us, Call(destination.address("mailbox"), data, fee)):
        strangers.send(network, "summit", call)


def settle_anew(driver: Driver, orders: Sequence[Order]) -> None:
    """What was rebuilt goes on to its end with the one message that was under way, brought in once."""
    restarted = Driver(driver.network)
    try:
        with driver.network.ticking():
            restarted.start()
            for order in orders:
                restarted.drive(Order.objects.get(pk=order.pk), OrderState.SETTLED)
    finally:
        restarted.close()
    (dispatch,), (process,) = _sent("dispatch"), _sent("process")
    for attempt in (dispatch, process):
        assert {attempt.step.order_id, *_served(attempt)} == {order.order_id for order in orders}
        _assert_split(attempt)
