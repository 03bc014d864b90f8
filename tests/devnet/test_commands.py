"""`manage.py devnet` acts on the network of the network directory."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.devnet.settlers import PERMIT2


@pytest.fixture
def directory(fresh_network: Network, settings: Any, tmp_path: Path) -> Network:
    settings.NETWORK_DIR = tmp_path
    fresh_network.write_manifests(tmp_path)
    return fresh_network


def test_fund_gives_exact_amounts_gas_and_allowances(directory: Network, alice: LocalAccount) -> None:
    owner = wallet(1).address
    call_command("devnet", "fund", "cedar", owner, "USDC=1.5", "WBTC=0.25", "--permit2")
    assert directory.balance("cedar", "USDC", owner) == 1_500_000_000_000_000_000
    assert directory.balance("cedar", "WBTC", owner) == 25_000_000
    allowance = "allowance(address,address)"
    assert directory.rpc("cedar").call(directory.token("cedar", "WBTC"), allowance, owner, PERMIT2) > 0
    assert int(directory.rpc("cedar").request("eth_getBalance", owner, "latest"), 16) > 9 * 10**18


@pytest.mark.parametrize("words", [["cedar", "nobody"], ["nowhere", PERMIT2], ["cedar", PERMIT2, "USDC=x"]])
def test_fund_refuses_what_it_does_not_understand(directory: Network, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("devnet", "fund", *words)


def test_warp_moves_the_clock_and_mine_makes_blocks(directory: Network) -> None:
    rpc = directory.rpc("alder")
    before = rpc.block()
    call_command("devnet", "warp", "100")
    call_command("devnet", "mine", "alder", "3")
    after = rpc.block()
    assert int(after["timestamp"], 16) - int(before["timestamp"], 16) >= 99
    assert int(after["number"], 16) - int(before["number"], 16) >= 4


def test_hundreds_of_wallets_are_funded_in_a_few_transactions(directory: Network) -> None:
    owners = [wallet(number).address for number in range(150)]
    head = int(directory.rpc("alder").request("eth_blockNumber"), 16)
    directory.fund("alder", owners, {"USDC": 1_000_000})
    made = int(directory.rpc("alder").request("eth_blockNumber"), 16) - head
    assert {directory.balance("alder", "USDC", owner) for owner in owners} == {1_000_000}
    assert made < 10
