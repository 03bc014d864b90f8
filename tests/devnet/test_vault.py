"""The demo vault keeps ERC-4626's promises, and a transfer can end in it."""

from typing import Any

import pytest
from eth_utils import keccak

from intents.devnet.accounts import OUTSIDER, address, wallet
from intents.devnet.deployment import Deployment, DeploymentFailed
from intents.devnet.network import Network
from intents.devnet.rpc import call_data
from intents.settlement.destination_call import DestinationCall, encode_destination_call
from intents.settlement.order import OUTPUT_ABI, MandateOutput, address_to_bytes32, output_to_abi

USDC = 10**6
PERSON = wallet(40).address
FILLER = address(OUTSIDER)


class Vault:
    """The vault on Birch, used by one account that holds USDC and allowed it everything."""

    def __init__(self, network: Network, owner: str = FILLER) -> None:
        self.manifest = network.manifest("birch")
        self.rpc = network.rpc("birch")
        self.address = self.manifest.address("demo_vault")
        self.usdc = network.token("birch", "USDC")
        self.owner = owner
        network.fund("birch", [owner], {"USDC": 10_000 * USDC})
        self.send(self.usdc, "approve(address,uint256)", self.address, 2**255)

    def send(self, to: str, signature: str, *args: Any) -> None:
        deployment = Deployment(self.rpc)
        deployment.send(to, signature, *args, sender=self.owner, gas=1_000_000)
        deployment.flush()

    def act(self, signature: str, *args: Any) -> None:
        self.send(self.address, signature, *args)

    def read(self, signature: str, *args: Any) -> int:
        return int(self.rpc.call(self.address, signature, *args))

    def held(self, token: str, owner: str) -> int:
        return int(self.rpc.call(token, "balanceOf(address)", owner))


@pytest.fixture
def vault(fresh_network: Network) -> Vault:
    return Vault(fresh_network)


def test_only_birch_has_it_and_it_takes_usdc(network: Network) -> None:
    having = [slug for slug, manifest in network.manifests.items() if "demo_vault" in manifest.contracts]
    assert having == ["birch"]
    address_of = network.manifest("birch").address("demo_vault")
    rpc = network.rpc("birch")
    assert rpc.call(address_of, "asset()", returns="address") == network.token("birch", "USDC")
    assert rpc.call(address_of, "decimals()") == 6
    assert rpc.call(address_of, "symbol()", returns="string") == "vUSDC"


def test_previews_are_what_happens(vault: Vault) -> None:
    vault.act("deposit(uint256,address)", 1_000 * USDC, FILLER)
    assert vault.held(vault.address, FILLER) == 1_000 * USDC
    # Earnings: every share is worth more, and no conversion is even.
    vault.send(vault.usdc, "transfer(address,uint256)", vault.address, 333 * USDC + 1)
    expected = vault.read("previewDeposit(uint256)", 77 * USDC)
    vault.act("deposit(uint256,address)", 77 * USDC, PERSON)
    assert vault.held(vault.address, PERSON) == expected < 77 * USDC
    before = vault.held(vault.usdc, FILLER)
    cost = vault.read("previewMint(uint256)", 5 * USDC)
    vault.act("mint(uint256,address)", 5 * USDC, PERSON)
    assert before - vault.held(vault.usdc, FILLER) == cost
    assert vault.held(vault.address, PERSON) == expected + 5 * USDC
    worth = vault.read("previewRedeem(uint256)", 100 * USDC)
    vault.act("redeem(uint256,address,address)", 100 * USDC, wallet(41).address, FILLER)
    assert vault.held(vault.usdc, wallet(41).address) == worth > 133 * USDC
    shares = vault.read("previewWithdraw(uint256)", 50 * USDC)
    mine = vault.held(vault.address, FILLER)
    vault.act("withdraw(uint256,address,address)", 50 * USDC, wallet(42).address, FILLER)
    assert mine - vault.held(vault.address, FILLER) == shares
    assert vault.held(vault.usdc, wallet(42).address) == 50 * USDC
    most = vault.read("maxWithdraw(address)", FILLER)
    vault.act("withdraw(uint256,address,address)", most, FILLER, FILLER)


def test_nobody_takes_anothers_shares(vault: Vault) -> None:
    vault.act("deposit(uint256,address)", 10 * USDC, PERSON)
    for act in ("redeem(uint256,address,address)", "withdraw(uint256,address,address)"):
        with pytest.raises(DeploymentFailed):
            vault.act(act, USDC, FILLER, PERSON)
    with pytest.raises(DeploymentFailed):
        vault.act("transferFrom(address,address,uint256)", PERSON, FILLER, 1)


def test_inflating_the_first_share_costs_the_one_who_tries(vault: Vault) -> None:
    before = vault.held(vault.usdc, FILLER)
    vault.act("deposit(uint256,address)", 1, FILLER)
    vault.send(vault.usdc, "transfer(address,uint256)", vault.address, 1_000 * USDC)
    with pytest.raises(DeploymentFailed, match="too little for a share"):
        vault.act("deposit(uint256,address)", 400 * USDC, PERSON)
    victim = 2_000 * USDC
    vault.act("deposit(uint256,address)", victim, PERSON)
    vault.act("redeem(uint256,address,address)", 1, FILLER, FILLER)
    assert vault.held(vault.usdc, FILLER) < before - victim


@pytest.mark.parametrize("asks_too_much", [False, True])
def test_a_transfer_ends_in_the_vault_or_with_the_person(vault: Vault, asks_too_much: bool) -> None:
    manifest = vault.manifest
    arriving = 25 * USDC
    data = call_data("deposit(uint256,address)", 26 * USDC if asks_too_much else arriving, PERSON)
    call = DestinationCall(recipient=PERSON, target=vault.address, data=data, gas=300_000)
    output = MandateOutput(
        oracle=address_to_bytes32(manifest.address("hyperlane_oracle")),
        settler=address_to_bytes32(manifest.address("output_settler")),
        chain_id=manifest.chain_id,
        token=address_to_bytes32(vault.usdc),
        amount=arriving,
        recipient=address_to_bytes32(manifest.address("call_executor")),
        callback_data=encode_destination_call(call),
    )
    settler = manifest.address("output_settler")
    vault.send(vault.usdc, "approve(address,uint256)", settler, arriving)
    deadline = int(vault.rpc.block()["timestamp"], 16) + 600
    vault.send(
        settler,
        f"fill(bytes32,{OUTPUT_ABI},uint48,bytes)",
        keccak(text="an order"),
        output_to_abi(output),
        deadline,
        address_to_bytes32(FILLER),
    )
    in_vault = (arriving, 0) if not asks_too_much else (0, arriving)
    assert (vault.held(vault.address, PERSON), vault.held(vault.usdc, PERSON)) == in_vault
    assert vault.held(vault.usdc, manifest.address("call_executor")) == 0
