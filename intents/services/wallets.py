"""What the chains say about the person's wallet and the recipient, read in one round trip per chain."""

from dataclasses import dataclass
from typing import Final

from intents.chains.calls import encode_call
from intents.chains.client import call_request, client, multicall_request, parse_multicall
from intents.chains.manifest import ChainManifest

# Code of this form is an account that delegates (EIP-7702): its key still signs for it.
DELEGATION_PREFIX: Final = "0xef0100"


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """Balance and allowance in base units; `*_contract` is code that is no delegation."""

    balance: int
    permit2_allowance: int
    is_user_contract: bool
    is_recipient_absent: bool


def read_wallet(
    *, origin: ChainManifest, destination: ChainManifest, token: str, user: str, recipient: str
) -> WalletFacts:
    """Facts for an order of `user` paying `token` on the origin to `recipient` (may be empty).

    Raises what chain reads raise.
    """
    permit2 = origin.address("permit2")
    to, data = multicall_request(
        origin,
        [
            (token, encode_call("balanceOf(address)", (user,))),
            (token, encode_call("allowance(address,address)", (user, permit2))),
        ],
    )
    who = recipient or user
    codes = [("eth_getCode", [user, "latest"]), ("eth_getCode", [who, "latest"])]
    answer, *at_origin = client(origin.chain_id).batch([call_request(to, data, "latest"), *codes])
    at_destination = client(destination.chain_id).batch(codes)
    balance, allowance = (
        int.from_bytes(result.data[:32], "big") if result.is_success else 0
        for result in parse_multicall(bytes.fromhex(answer[2:]))
    )
    return WalletFacts(
        balance=balance,
        permit2_allowance=allowance,
        is_user_contract=_is_contract(at_origin[0]) or _is_contract(at_destination[0]),
        is_recipient_absent=_is_contract(at_origin[1]) and not _has_code(at_destination[1]),
    )


def _has_code(code: str) -> bool:
    return len(code) > 2


def _is_contract(code: str) -> bool:
    return _has_code(code) and not code.lower().startswith(DELEGATION_PREFIX)
