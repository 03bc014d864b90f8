"""Wallets that send their own transactions, as browsers' wallets do."""

import time
from collections.abc import Sequence

from eth_account.signers.local import LocalAccount
from eth_typing import HexStr

from intents.chains.calls import Call
from intents.devnet.network import Network
from intents.models import Order
from intents.settlement import calls
from intents.settlement.order import order_from_json

GAS = 900_000


def send_own(network: Network, slug: str, wallet: LocalAccount, sent: Sequence[Call]) -> list[str]:
    """Sign and send each call from the wallet, mined one after the other; the hashes."""
    rpc = network.rpc(slug)
    hashes = []
    for call in sent:
        base_fee = int(rpc.block()["baseFeePerGas"], 16)
        signed = wallet.sign_transaction(
            {
                "chainId": network.manifest(slug).chain_id,
                "type": 2,
                "to": HexStr(call.target),
                "data": call.data,
                "value": call.value_wei,
                "nonce": int(rpc.request("eth_getTransactionCount", wallet.address, "pending"), 16),
                "gas": call.gas_limit or GAS,
                "maxFeePerGas": 2 * base_fee + 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        sent_hash = rpc.request("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
        assert _mined(network, slug, sent_hash), "the wallet's transaction failed"
        hashes.append(str(sent_hash))
    return hashes


def _mined(network: Network, slug: str, tx_hash: str) -> bool:
    for _ in range(200):
        receipt = network.rpc(slug).request("eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            return int(receipt["status"], 16) == 1
        time.sleep(0.02)
    raise AssertionError(f"{tx_hash} was never mined")


def open_own(network: Network, slug: str, wallet: LocalAccount, order: Order) -> list[str]:
    """Open an order by its user's own transactions."""
    settler = network.manifest(slug).address("input_settler")
    return send_own(network, slug, wallet, calls.open_by_user(order_from_json(order.terms), settler=settler))
