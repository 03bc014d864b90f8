"""Opening an order by a key's own transaction: the coin along with it, or a token approved in the same batch."""

from typing import Final

from eth_account import Account

from intents.chains.calls import encode_call
from intents.settlement.calls import open_by_user
from intents.settlement.order import StandardOrder

from .sending import send_transaction
from .signing import RefusedToSign, Wish

BATCH_GAS: Final = 900_000
DELEGATED: Final = "0xef0100"
PRICE_FACTOR: Final = 2
TIP_WEI: Final = 10**6
_EXECUTE: Final = "execute((address,uint256,bytes)[])"


def open_with_coin(wish: Wish, order: StandardOrder, *, key: str) -> str:
    """The hash of the one payable transaction; raises ChainUnreachable, also when the chain refuses it."""
    (call,) = open_by_user(order, settler=wish.origin.contracts["input_settler"])
    return send_transaction(
        wish.origin.reader(),
        key=key,
        chain_id=wish.origin.chain_id,
        to=call.target,
        data=call.data,
        value_wei=call.value_wei,
    )


def open_together(wish: Wish, order: StandardOrder, *, key: str) -> str:
    """The hash of one transaction that approves exactly the amount and opens, or does neither (EIP-7702).

    The account borrows the code of local chains' batch executor, from its first batch on. Raises RefusedToSign
    where there is none, and ChainUnreachable.
    """
    reader, contracts = wish.origin.reader(), wish.origin.contracts
    executor = contracts.get("batch_executor")
    if executor is None:
        raise RefusedToSign("confirm_way", expected="a chain with a batch executor", got="batch")
    calls = open_by_user(order, settler=contracts["input_settler"])
    account = Account.from_key(key)
    nonce = int(reader.rpc("eth_getTransactionCount", account.address, "pending"), 16)
    base_fee = int(reader.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    transaction = {
        "type": 2,
        "to": account.address,
        "data": encode_call(_EXECUTE, [[(call.target, call.value_wei, call.data) for call in calls]]),
        "value": 0,
        "gas": BATCH_GAS,
        "nonce": nonce,
        "chainId": wish.origin.chain_id,
        "maxFeePerGas": PRICE_FACTOR * base_fee + TIP_WEI,
        "maxPriorityFeePerGas": TIP_WEI,
    }
    if str(reader.rpc("eth_getCode", account.address, "latest")).lower() != DELEGATED + executor[2:].lower():
        # The account's own transaction counts before the authorisation in it does.
        wanted = {"chainId": wish.origin.chain_id, "address": executor, "nonce": nonce + 1}
        transaction |= {"type": 4, "authorizationList": [account.sign_authorization(wanted)]}
    raw = bytes(account.sign_transaction(transaction).raw_transaction)
    return str(reader.rpc("eth_sendRawTransaction", "0x" + raw.hex()))
