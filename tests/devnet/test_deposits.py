"""Deposit addresses on the local network, by the calls that the program sends."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from intents.chains.calls import Call
from intents.chains.manifest import ChainManifest
from intents.contracts.addresses import deposit_address_of, deposit_implementation
from intents.devnet.accounts import OUTSIDER, address, wallet
from intents.devnet.deployment import GAS_PRICE_WEI
from intents.devnet.network import Network
from intents.settlement import calls
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_id,
)
from intents.settlement.typed_data import permit_typed_data

WALLET = wallet(50)


def order_of(network: Network, slug: str, symbol: str, amount: int) -> StandardOrder:
    here, there = network.manifest(slug), network.manifest("birch")
    now = int(network.rpc(slug).block()["timestamp"], 16)
    output = MandateOutput(
        oracle=address_to_bytes32(there.address("hyperlane_oracle")),
        settler=address_to_bytes32(there.address("output_settler")),
        chain_id=there.chain_id,
        token=address_to_bytes32(there.token("USDC").address),
        amount=1,
        recipient=address_to_bytes32(WALLET.address),
    )
    return StandardOrder(
        user=WALLET.address,
        nonce=7,
        origin_chain_id=here.chain_id,
        expires=now + 1200,
        fill_deadline=now + 600,
        input_oracle=here.address("hyperlane_oracle"),
        inputs=((address_to_int(here.token(symbol).address), amount),),
        outputs=(output,),
    )


def send(network: Network, slug: str, call: Call) -> None:
    """By an outsider; the call must succeed."""
    transaction = {
        "from": address(OUTSIDER),
        "to": call.target,
        "data": "0x" + call.data.hex(),
        "gas": hex(2_000_000),
        "gasPrice": hex(GAS_PRICE_WEI),
    }
    rpc = network.rpc(slug)
    sent = rpc.request("eth_sendTransaction", transaction)
    rpc.request("evm_mine")
    assert rpc.request("eth_getTransactionReceipt", sent)["status"] == "0x1"


def status(network: Network, manifest: ChainManifest, identifier: bytes) -> Any:
    return network.rpc(manifest.slug).call(
        manifest.address("input_settler"), "orderStatus(bytes32)", identifier
    )


def test_the_implementation_is_where_it_is_predicted_on_every_chain(network: Network) -> None:
    for manifest in network.manifests.values():
        assert manifest.address("deposit_implementation") == deposit_implementation()


@pytest.mark.parametrize(("slug", "symbol"), [("alder", "USDC"), ("alder", "USDT"), ("cedar", "USDC")])
def test_what_is_sent_opens_and_what_is_left_comes_back(
    fresh_network: Network, slug: str, symbol: str
) -> None:
    network, amount = fresh_network, 1_000_000
    manifest = network.manifest(slug)
    order = order_of(network, slug, symbol, amount)
    identifier = order_id(order, settler=manifest.address("input_settler"))
    place = deposit_address_of(identifier, settler=manifest.address("input_settler"))
    view = calls.deposit_address(identifier, chain=manifest)
    answer = network.rpc(slug).request(
        "eth_call", {"to": view.target, "data": "0x" + view.data.hex()}, "latest"
    )
    assert int(answer, 16) == int(place, 16)
    network.fund(slug, [place], {symbol: amount + 3})
    send(network, slug, calls.open_deposit(order, origin=manifest))
    assert status(network, manifest, identifier) == 1
    assert network.balance(slug, symbol, WALLET.address) == 3
    network.fund(slug, [place], {symbol: 11})
    send(network, slug, calls.recover(order, token=manifest.token(symbol).address, chain=manifest))
    assert network.balance(slug, symbol, WALLET.address) == 14


@pytest.mark.parametrize(("slug", "symbol"), [("alder", "USDC"), ("summit", "WBTC"), ("cedar", "USDC")])
def test_a_permit_opens_with_every_token_whose_passport_has_one(
    fresh_network: Network, slug: str, symbol: str
) -> None:
    network, amount = fresh_network, 1_000_000
    manifest = network.manifest(slug)
    token = manifest.token(symbol)
    assert token.permit == "eip2612"
    network.fund(slug, [WALLET.address], {symbol: amount})
    order = replace(order_of(network, slug, symbol, amount), nonce=8)
    identifier = order_id(order, settler=manifest.address("input_settler"))
    data = permit_typed_data(
        order,
        deposit_address=deposit_address_of(identifier, settler=manifest.address("input_settler")),
        token_name=token.name,
        token_version=token.version,
        nonce=network.rpc(slug).call(token.address, "nonces(address)", WALLET.address),
    )
    signature = bytes(Account.from_key(WALLET.key).sign_typed_data(full_message=data).signature)
    send(network, slug, calls.open_deposit(order, origin=manifest, permit=signature))
    assert status(network, manifest, identifier) == 1
    assert network.balance(slug, symbol, WALLET.address) == 0
