"""One transaction of one key, signed here and sent to the chain's published endpoint."""

from eth_account import Account
from eth_utils.address import to_checksum_address

from .chain_reader import ChainReader

PRICE_FACTOR = 2
GAS_PERCENT = 130


def send_transaction(
    reader: ChainReader, *, key: str, chain_id: int, to: str, data: bytes = b"", value_wei: int = 0
) -> str:
    """The hash of a sent transaction, which is not waited for; raises ChainUnreachable, also for a revert."""
    account = Account.from_key(key)
    call = {"from": account.address, "to": to, "data": "0x" + data.hex(), "value": hex(value_wei)}
    gas = int(reader.rpc("eth_estimateGas", call), 16)
    fields = {
        "to": to_checksum_address(to),
        "data": data,
        "value": value_wei,
        "gas": gas * GAS_PERCENT // 100,
        "nonce": int(reader.rpc("eth_getTransactionCount", account.address, "pending"), 16),
        "chainId": chain_id,
        "gasPrice": int(reader.rpc("eth_gasPrice"), 16) * PRICE_FACTOR,
    }
    raw = bytes(account.sign_transaction(fields).raw_transaction)
    return str(reader.rpc("eth_sendRawTransaction", "0x" + raw.hex()))
