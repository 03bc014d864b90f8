"""A wish, the order an honest server makes of it, and the quote that carries it."""

from typing import Any

from eth_account import Account

from intents.client.api import ChainInfo, Network, Token
from intents.client.signing import Wish
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_id,
    order_to_json,
)

KEY = "0x" + "11" * 32
USER = Account.from_key(KEY).address


def address(number: int) -> str:
    return "0x" + f"{number:040x}"


def chain(chain_id: int, slug: str) -> ChainInfo:
    base = chain_id * 100
    return ChainInfo(
        chain_id=chain_id,
        slug=slug,
        name=slug.capitalize(),
        is_local=True,
        rpc_url="",
        depth=3,
        block_seconds=1.0,
        contracts={
            "input_settler": address(base + 1),
            "output_settler": address(base + 2),
            "hyperlane_oracle": address(base + 3),
            "permit2": address(base + 4),
        },
        tokens=(
            Token(address(base + 10), "USDC", "USD Coin", 6, "usdc", "bytes", "2"),
            Token(address(base + 11), "WETH", "Wrapped Ether", 18, "weth", "none", ""),
        ),
    )


ALDER, BIRCH = chain(901, "alder"), chain(902, "birch")
NETWORK = Network(is_local=True, chains=(ALDER, BIRCH))


def wish(**changes: Any) -> Wish:
    fields: dict[str, Any] = {
        "user": USER,
        "recipient": address(77),
        "origin": ALDER,
        "destination": BIRCH,
        "input_token": ALDER.token("USDC"),
        "output_token": BIRCH.token("WETH"),
        "input_amount": 100_000_000,
    }
    return Wish(**{**fields, **changes})


def honest_order(**changes: Any) -> StandardOrder:
    fields: dict[str, Any] = {
        "user": USER,
        "nonce": 7,
        "origin_chain_id": 901,
        "expires": 1_700_000_400,
        "fill_deadline": 1_700_000_200,
        "input_oracle": ALDER.contracts["hyperlane_oracle"],
        "inputs": ((address_to_int(ALDER.token("USDC").address), 100_000_000),),
        "outputs": (honest_output(),),
    }
    return StandardOrder(**{**fields, **changes})


def honest_output(**changes: Any) -> MandateOutput:
    fields: dict[str, Any] = {
        "oracle": address_to_bytes32(BIRCH.contracts["hyperlane_oracle"]),
        "settler": address_to_bytes32(BIRCH.contracts["output_settler"]),
        "chain_id": 902,
        "token": address_to_bytes32(BIRCH.token("WETH").address),
        "amount": 31_000_000_000_000_000,
        "recipient": address_to_bytes32(address(77)),
    }
    return MandateOutput(**{**fields, **changes})


def quote_of(order: StandardOrder) -> dict[str, Any]:
    settler = ALDER.contracts["input_settler"]
    return {
        "order": order_to_json(order),
        "order_id": "0x" + order_id(order, settler=settler).hex(),
        "input": {"amount": str(order.inputs[0][1])},
        "output": {"minimum": str(order.outputs[0].amount)},
        "confirm_way": "eip3009",
    }
