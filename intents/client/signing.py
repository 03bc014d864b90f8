"""What a client signs: the typed data rebuilt from the order, after the order was held against the wish.

A server that alters amount, token, recipient, chain, contracts or order id gets no signature.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from intents.settlement.order import (
    OrderFieldError,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_from_json,
    order_id,
)
from intents.settlement.typed_data import TypedData, eip3009_typed_data, permit2_typed_data

from .api import App, ChainInfo, JsonObject, Token
from .arrival import arriving, gas_besides

Say = Callable[[str], None]

LONGEST_WAIT_SECONDS = 24 * 3600
LONGEST_ESCROW_SECONDS = 24 * 3600


class RefusedToSign(Exception):
    """The server's order is not what was asked; `field` names the first difference."""

    code = "refused_to_sign"
    retry = False

    def __init__(self, field: str, *, expected: Any, got: Any) -> None:
        super().__init__(f"the offered order differs in {field}: expected {expected}, got {got}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for; exactly one of the amounts is fixed by them, in base units."""

    user: str
    recipient: str
    origin: ChainInfo
    destination: ChainInfo
    input_token: Token
    output_token: Token
    input_amount: int | None = None
    output_amount: int | None = None
    app: App | None = None
    gas_on_arrival: str = "no"


def checked_order(wish: Wish, quote: JsonObject) -> StandardOrder:
    """The quote's order, proven to be the wish; raises `RefusedToSign`."""
    try:
        order = order_from_json(quote["order"])
    except OrderFieldError as error:
        raise RefusedToSign(error.field, expected="a readable order", got=error.reason) from error
    origin, destination = wish.origin.contracts, wish.destination.contracts
    _same("user", wish.user.lower(), order.user.lower())
    _same("originChainId", wish.origin.chain_id, order.origin_chain_id)
    _same("inputOracle", origin["hyperlane_oracle"].lower(), order.input_oracle.lower())
    _same("inputs", 1, len(order.inputs))
    _check_outputs(wish, order)
    _same("inputs[0].token", address_to_int(wish.input_token.address), order.inputs[0][0])
    output = order.outputs[0]
    _same("outputs[0].chainId", wish.destination.chain_id, output.chain_id)
    _same("outputs[0].settler", address_to_bytes32(destination["output_settler"]), output.settler)
    _same("outputs[0].oracle", address_to_bytes32(destination["hyperlane_oracle"]), output.oracle)
    _same("outputs[0].token", address_to_bytes32(wish.output_token.address), output.token)
    _same("outputs[0].context", b"", output.context)
    _check_amounts(wish, quote, order)
    if order.fill_deadline > time.time() + LONGEST_WAIT_SECONDS:
        raise RefusedToSign("fillDeadline", expected="within a day", got=order.fill_deadline)
    if not order.fill_deadline < order.expires <= order.fill_deadline + LONGEST_ESCROW_SECONDS:
        raise RefusedToSign("expires", expected="soon after fillDeadline", got=order.expires)
    own_id = "0x" + order_id(order, settler=origin["input_settler"]).hex()
    _same("order_id", own_id, quote["order_id"])
    return order


def _check_outputs(wish: Wish, order: StandardOrder) -> None:
    """To whom it goes: the recipient, or the app for the recipient, with gas besides only if that was asked."""
    if not order.outputs:
        raise RefusedToSign("outputs", expected=1, got=0)
    besides = gas_besides(order.outputs, recipient=wish.recipient)
    if besides is None or (besides and wish.gas_on_arrival == "no"):
        raise RefusedToSign("outputs", expected=1, got=len(order.outputs))
    output, executor = order.outputs[0], wish.destination.contracts.get("call_executor", "")
    try:
        expected = arriving(wish.app, recipient=wish.recipient, executor=executor, amount=output.amount)
    except ValueError as error:
        raise RefusedToSign("outputs[0].callbackData", expected="a call", got=str(error)) from error
    _same("outputs[0].recipient", expected.recipient, output.recipient)
    _same("outputs[0].callbackData", expected.callback_data, output.callback_data)


def typed_data(wish: Wish, order: StandardOrder, *, way: str) -> TypedData:
    """The EIP-712 payload of one way to confirm: `eip3009` or `permit2`."""
    contracts = wish.origin.contracts
    if way == "eip3009":
        token = wish.input_token
        return eip3009_typed_data(
            order,
            settler=contracts["input_settler"],
            token_name=token.name,
            token_version=token.version,
            token=token.address,
        )
    if way == "permit2":
        return permit2_typed_data(order, settler=contracts["input_settler"], permit2=contracts["permit2"])
    raise RefusedToSign("confirm_way", expected="eip3009 or permit2", got=way)


def signed(data: TypedData, *, key: str) -> str:
    """The 65-byte signature as 0x hex."""
    signature = Account.from_key(key).sign_message(encode_typed_data(full_message=data)).signature
    return "0x" + bytes(signature).hex()


def _check_amounts(wish: Wish, quote: JsonObject, order: StandardOrder) -> None:
    input_amount, output_amount = order.inputs[0][1], order.outputs[0].amount
    _same("inputs[0].amount", int(quote["input"]["amount"]), input_amount)
    _same("outputs[0].amount", int(quote["output"]["minimum"]), output_amount)
    if wish.input_amount is not None:
        _same("inputs[0].amount", wish.input_amount, input_amount)
    if wish.output_amount is not None:
        _same("outputs[0].amount", wish.output_amount, output_amount)
    if output_amount <= 0 or input_amount <= 0:
        raise RefusedToSign("amount", expected="more than 0", got=0)


def _same(field: str, expected: Any, got: Any) -> None:
    if expected != got:
        raise RefusedToSign(field, expected=_readable(expected), got=_readable(got))


def _readable(value: Any) -> Any:
    return "0x" + value.hex() if isinstance(value, bytes) else value
