"""A receipt holds against the chains' own nodes, and whatever in it is altered does not."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from eth_account.signers.local import LocalAccount

from intents.client.chain_reader import ChainReader
from intents.client.receipt_check import Finding, check
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.receipt import receipt_json
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DELIVERED = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)


def readers(network: Network) -> dict[int, ChainReader]:
    return {chain.chain_id: ChainReader(chain.endpoints[0].url) for chain in network.manifests.values()}


def known(network: Network) -> dict[int, dict[str, str]]:
    return {
        chain.chain_id: {name: contract.address for name, contract in chain.contracts.items()}
        for chain in network.manifests.values()
    }


def findings(network: Network, document: Any) -> list[Finding]:
    return list(check(document, readers(network), known(network)))


def wrong(network: Network, document: Any) -> list[str]:
    return [
        f"{finding.name}: {finding.said}" for finding in findings(network, document) if not finding.is_held
    ]


def receipt(order: Order) -> Any:
    """As it is sent: through JSON."""
    return json.loads(json.dumps(receipt_json(order)))


def line(document: Any, what: str) -> Any:
    return next(each for each in document["lines"] if each["what"] == what)


ALTERED: dict[str, Callable[[Any], object]] = {
    "more arrived": lambda it: line(it, "delivered").update(actual=str(int(line(it, "delivered")["actual"]) + 1)),
    "somebody else": lambda it: line(it, "delivered").update(to="0x" + "11" * 20),
    "less was taken": lambda it: line(it, "locked").update(actual="1"),
    "another log": lambda it: line(it, "delivered")["proof"].update(log_index=0),
    "another block": lambda it: line(it, "locked")["proof"].update(block_hash="0x" + "22" * 32),
    "no such transaction": lambda it: line(it, "locked")["proof"].update(tx_hash="0x" + "33" * 32),
    "another's transaction": lambda it: line(it, "locked").update(proof=line(it, "delivered")["proof"]),
    "another number": lambda it: it.update(order_id="0x" + "44" * 32),
    "another user": lambda it: it["order"].update(user="0x" + "11" * 20),
    "a softer deadline": lambda it: it["order"].update(fillDeadline="4000000000"),
    "own contract": lambda it: it.update(settler="0x" + "55" * 20),
    "a line left out": lambda it: it["lines"].remove(line(it, "delivered")),
    "returned instead": lambda it: it.update(outcome="returned"),
    "gas that was not used": lambda it: it["transactions"][0].update(actual=str(10**20)),
    "a chain nobody was named for": lambda it: line(it, "delivered").update(chain_id=777),
    "rubbish": lambda it: line(it, "delivered").update(proof=None),
}  # fmt: skip


def test_a_delivery_through_a_swap_holds_and_no_altered_line_does(
    driver: Driver, alice: LocalAccount, bob: LocalAccount, tmp_path: Path
) -> None:
    order = driver.transfer(alice, get="birch:WETH", recipient=bob.address)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    document = receipt(order)
    assert order.delivered_amount > order.output_amount, "what the swap gave beyond the minimum is proven too"
    assert [each["what"] for each in document["lines"]] == ["locked", "delivered"]
    assert {each["purpose"] for each in document["transactions"]} >= {"open", "fill", "finalise"}
    assert wrong(driver.network, document) == []

    for name, alter in ALTERED.items():
        forged = copy.deepcopy(document)
        alter(forged)
        assert wrong(driver.network, forged), name

    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(document), "utf-8")
    driver.network.write_manifests(tmp_path)
    urls = [chain.endpoints[0].url for chain in driver.network.manifests.values()]
    call_command("verify-receipt", str(file), endpoint=urls, network=tmp_path)
    with pytest.raises(CommandError, match="do not hold"):
        call_command("verify-receipt", str(file), endpoint=urls[:1], network=tmp_path)
    file.write_text(json.dumps({**document, "format": "other"}), "utf-8")
    with pytest.raises(CommandError, match="receipt_malformed"):
        call_command("verify-receipt", str(file), endpoint=urls, network=tmp_path)


def test_a_call_on_arrival_with_gas_besides_holds(driver: Driver, alice: LocalAccount) -> None:
    order = driver.transfer(alice, amount="25", exact="output", app="vault", recipient=wallet(71).address)
    driver.drive(order, *DELIVERED)
    document = receipt(order)
    assert line(document, "call")["actual"] == "made"
    assert wrong(driver.network, document) == []
    line(document, "call")["actual"] = "failed"
    assert len(wrong(driver.network, document)) == 1


def test_coins_hold_by_what_the_account_has_more(driver: Driver, bob: LocalAccount) -> None:
    order = driver.transfer(bob, give="alder:USDC", get="birch:ETH", recipient=wallet(72).address)
    driver.drive(order, *DELIVERED)
    document = receipt(order)
    assert wrong(driver.network, document) == []
    line(document, "delivered")["actual"] = str(order.delivered_amount + 1)
    assert len(wrong(driver.network, document)) == 1


def test_the_receipt_of_a_returned_order_holds_against_its_chains(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    running = receipt(order)
    assert running["outcome"] == "running" and wrong(driver.network, running) == []
    now = driver.network.rpc("birch").block()["timestamp"]
    driver.network.warp(order.fill_deadline - int(now, 16) + 2)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    document = receipt(order)
    assert document["outcome"] == "returned"
    assert line(document, "returned")["to"] == alice.address
    assert wrong(driver.network, document) == []
    line(document, "returned")["to"] = "0x" + "11" * 20
    assert wrong(driver.network, document)
