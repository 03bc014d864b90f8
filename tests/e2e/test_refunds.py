"""Money comes back: by itself when nobody fills, and by a stranger's hand when all of us are gone."""

import time
from pathlib import Path

import pytest

from intents.client.transfer import DEMO_KEY, Asked
from intents.devnet.accounts import DEMO_WALLET, OUTSIDER, account, address
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.deployment import Deployment
from intents.devnet.network import state_file
from intents.devnet.nodes import Node, node_command
from intents.devnet.profiles import demo_profiles
from intents.settlement.order import ORDER_ABI, order_from_json, to_abi

from .stack import People, Sent, chains_of

pytestmark = [pytest.mark.chain, pytest.mark.slow]
ASKED = Asked(amount="100", source="alder:USDC", target="birch:WETH")
USER = address(DEMO_WALLET)


def test_with_filling_off_the_money_returns_by_itself_and_with_all_of_us_gone_by_a_strangers_hand(
    tmp_path: Path,
) -> None:
    with DemoProcess(tmp_path / "unfilled", env={"WAYMEET_FILL": "0"}) as unfilled:
        returns_by_itself(unfilled)
        returns_without_us(unfilled)


def opened(people: People) -> Sent:
    sent = people.send(account(DEMO_WALLET), ASKED)
    people.wait(sent, {"opened", "filling"}, seconds=30)
    return sent


def returns_by_itself(unfilled: DemoProcess) -> None:
    people, chains = People(unfilled), chains_of(unfilled)
    before = chains.balance("alder", "USDC", USER)
    sent = opened(people)
    assert chains.balance("alder", "USDC", USER) == before - 100_000_000
    left = people.order(sent)["fill_deadline"] - int(chains.rpc("birch").block()["timestamp"], 16)
    chains.warp(left)
    passed_at = time.monotonic()
    birch = chains.manifest("birch")
    patience = birch.depth * birch.block_seconds + 20
    people.wait(sent, {"refunded"}, seconds=patience + 30)
    took = time.monotonic() - passed_at
    assert took <= patience, f"the refund took {took:.1f} s of {patience:.1f} s"
    assert chains.balance("alder", "USDC", USER) == before
    assert people.order(sent)["payout"] == "sent"


def returns_without_us(unfilled: DemoProcess) -> None:
    """Everything of ours ends; a stranger at the chain itself is enough."""
    people = People(unfilled)
    chains = chains_of(unfilled)
    sent = opened(people)
    order = people.order(sent)
    before = chains.balance("alder", "USDC", USER)
    unfilled.stop()
    profile = next(profile for profile in demo_profiles() if profile.slug == "alder")
    state = state_file(unfilled.run_dir / "chains", profile)
    port = unfilled.chain_port + [p.slug for p in demo_profiles()].index("alder")
    node = Node(profile, node_command(profile, port=port, load_state=state, is_instant=True), port)
    try:
        node.wait()
        rpc = node.rpc
        settler = chains.manifest("alder").contracts["input_settler"].address
        terms = to_abi(order_from_json(order["order"]))
        rpc.batch([("evm_setNextBlockTimestamp", [order["expires"] + 1]), ("evm_mine", [])])
        deployment = Deployment(rpc)
        deployment.send(settler, f"refund({ORDER_ABI})", terms, sender=address(OUTSIDER), gas=400_000)
        deployment.flush()
        usdc = chains.token("alder", "USDC")
        assert rpc.call(usdc, "balanceOf(address)", USER) == before + 100_000_000
    finally:
        node.stop()


def test_the_demo_key_is_the_demo_wallets() -> None:
    assert "0x" + bytes(account(DEMO_WALLET).key).hex() == DEMO_KEY
