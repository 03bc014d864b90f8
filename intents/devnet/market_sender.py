"""Sends from unlocked local accounts without waiting and without making blocks."""

from typing import Any

from .deployment import GAS_PRICE_WEI
from .rpc import Rpc, hex_data


def send(rpc: Rpc, sender: str, to: str, signature: str, *args: Any, gas: int = 150_000) -> str:
    """The hash of a transaction that waits for the chain's next block."""
    transaction = {
        "from": sender,
        "to": to,
        "data": hex_data(signature, *args),
        "gas": hex(gas),
        "gasPrice": hex(GAS_PRICE_WEI),
    }
    return str(rpc.request("eth_sendTransaction", transaction))
