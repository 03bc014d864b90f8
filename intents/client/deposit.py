"""Paying to an order's own address, and permits whose spender it is: the address is computed here."""

from intents.amounts import format_units
from intents.chains.calls import encode_call
from intents.contracts.addresses import deposit_address_of
from intents.settlement.order import StandardOrder, order_id
from intents.settlement.recovery_code import recovery_code
from intents.settlement.typed_data import TypedData, permit_typed_data

from .sending import send_transaction
from .signing import RefusedToSign, Wish

IMPLEMENTATION = "deposit_implementation"
NONCES = "nonces(address)"


def address_of(wish: Wish, order: StandardOrder) -> str:
    """The order's deposit address, from contracts that were held against our own; raises RefusedToSign."""
    contracts = wish.origin.contracts
    if IMPLEMENTATION not in contracts:
        raise RefusedToSign(IMPLEMENTATION, expected="an address", got="none")
    settler = contracts["input_settler"]
    return deposit_address_of(
        order_id(order, settler=settler), settler=settler, implementation=contracts[IMPLEMENTATION]
    )


def permit_data(wish: Wish, order: StandardOrder) -> TypedData:
    """The token's permit of exactly the input to the order's address; its nonce is read from the chain."""
    token = wish.input_token
    if token.permit != "eip2612":
        raise RefusedToSign("confirm_way", expected="a token with permits", got=token.symbol)
    call = {"to": token.address, "data": "0x" + encode_call(NONCES, (order.user,)).hex()}
    nonce = int(wish.origin.reader().rpc("eth_call", call, "latest"), 16)
    return permit_typed_data(
        order,
        deposit_address=address_of(wish, order),
        token_name=token.name,
        token_version=token.version,
        nonce=nonce,
    )


def handover_lines(wish: Wish, order: StandardOrder) -> list[str]:
    """The recovery code first, then where and what to pay."""
    token = wish.input_token
    amount = format_units(order.inputs[0][1], token.decimals)
    return [
        "keep this: with it anybody can have the money sent back to you, and nowhere else",
        f"recovery code {recovery_code(order)}",
        f"pay exactly {amount} {token.symbol} on {wish.origin.name} to {address_of(wish, order)}",
    ]


def pay(wish: Wish, order: StandardOrder, *, key: str) -> str:
    """Send the input to the order's address as a plain transfer; the transaction's hash."""
    data = encode_call("transfer(address,uint256)", (address_of(wish, order), order.inputs[0][1]))
    return send_transaction(
        wish.origin.reader(),
        key=key,
        chain_id=wish.origin.chain_id,
        to=wish.input_token.address,
        data=data,
    )
