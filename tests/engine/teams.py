"""Accounts of two owners who must both sign, as people who keep money together have them."""

from collections.abc import Mapping
from typing import Final

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.devnet.accounts import OWNER, address, wallet
from intents.devnet.funding import approve_permit2, fund_wallets
from intents.devnet.network import Network
from intents.devnet.profiles import ETHER
from intents.devnet.tokens import local_code
from intents.models import Quote
from intents.services.signatures import typed_data_of
from intents.settlement.order import order_from_json

FIRST, SECOND = wallet(961), wallet(962)
OWNERS: Final = (FIRST, SECOND)


def team_wallet(
    network: Network,
    slug: str,
    amounts: Mapping[str, int],
    *,
    permit2: tuple[str, ...] = (),
    wei: int = ETHER,
) -> str:
    """A fresh account of both owners with base units by symbol; Permit2 may move the symbols named."""
    code = local_code("team_wallet", "(address,address)", FIRST.address, SECOND.address)
    rpc = network.rpc(slug)
    created = rpc.request(
        "eth_sendTransaction",
        {"from": address(OWNER), "data": "0x" + code.hex(), "gas": hex(3_000_000), "gasPrice": hex(10**10)},
    )
    receipt = None
    while receipt is None:
        receipt = rpc.request("eth_getTransactionReceipt", created)
    account = str(to_checksum_address(receipt["contractAddress"]))
    fund_wallets(network.manifest(slug), [account], amounts=amounts, wei=wei)
    for symbol in permit2:
        approve_permit2(rpc, network.token(slug, symbol), [account])
    return account


def signed_by(quote: Quote, *owners: LocalAccount) -> str:
    """What the owners signed of a quote's order, one signature after the other."""
    data = typed_data_of(
        order_from_json(quote.order), origin=registry.chain(quote.origin_id), way=quote.confirm_way
    )
    made = [owner.sign_message(encode_typed_data(full_message=data)).signature for owner in owners]
    return "0x" + b"".join(bytes(each) for each in made).hex()
