"""What the chains say about the person's wallet and the recipient, read in one round trip per chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import CallResult, call_request, client, multicall_request, parse_multicall
from intents.chains.manifest import ChainManifest
from intents.chains.reverts import Reverted
from intents.errors import WaymeetError

from .errors import BalanceUnknown

# Code of this form is an account that delegates (EIP-7702): its key still signs for it.
DELEGATION_PREFIX: Final = "0xef0100"
_IS_VALID_SIGNATURE: Final = "isValidSignature(bytes32,bytes)"
_NATIVE_PROBE_GAS: Final = 100_000
# An account's code runs on our nodes when it is asked about a signature. What needs more could not be opened either.
SIGNATURE_GAS: Final = 1_000_000


class AccountKind(StrEnum):
    """Who answers for an address: a key, a key with borrowed code (EIP-7702), or code alone."""

    KEY = "key"
    DELEGATED = "delegated"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """Balance, allowance and gas money of the user at the origin in base units, and who the parties are.

    `kind` is the user's account at the origin; `is_user_contract` says that code which is no delegation is
    theirs at either end. `can_check_signatures` holds for keys, and for code that answers ERC-1271.
    `is_token_moving` is a simulated transfer of the amount: a paused token, or one that lists the user, fails.
    """

    balance: int
    permit2_allowance: int
    is_user_contract: bool
    is_recipient_absent: bool
    native_balance: int = 0
    kind: AccountKind = AccountKind.KEY
    can_check_signatures: bool = True
    is_token_moving: bool = True
    is_native_refused: bool = False


def read_wallet(
    *,
    origin: ChainManifest,
    destination: ChainManifest,
    token: str,
    user: str,
    recipient: str,
    amount: int = 0,
    output_token: str = "",
) -> WalletFacts:
    """Facts for an order of `user` paying `amount` of `token` on the origin to `recipient` (may be empty).

    Raises BalanceUnknown and what chain reads raise.
    """
    who = recipient or user
    at_origin = _read_origin(origin, token=token, user=user, who=who, amount=amount)
    codes, is_native_refused = _read_destination(destination, user=user, who=who, token=output_token)
    balance, allowance, native = at_origin.amounts
    kind = account_kind(at_origin.user_code)
    return WalletFacts(
        balance=native if token == ZERO_ADDRESS else balance,
        permit2_allowance=allowance,
        is_user_contract=AccountKind.CONTRACT in (kind, account_kind(codes[0])),
        is_recipient_absent=account_kind(at_origin.recipient_code) is AccountKind.CONTRACT
        and not _has_code(codes[1]),
        native_balance=native,
        kind=kind,
        can_check_signatures=kind is AccountKind.KEY or at_origin.can_check_signatures,
        is_token_moving=at_origin.is_token_moving,
        is_native_refused=is_native_refused,
    )


@dataclass(frozen=True, slots=True)
class _AtOrigin:
    amounts: tuple[int, int, int]
    user_code: str
    recipient_code: str
    can_check_signatures: bool
    is_token_moving: bool


def _read_origin(origin: ChainManifest, *, token: str, user: str, who: str, amount: int) -> _AtOrigin:
    is_native = token == ZERO_ADDRESS
    calls = [(origin.address("multicall3"), encode_call("getEthBalance(address)", (user,)))]
    if not is_native:
        calls += [
            (token, encode_call("balanceOf(address)", (user,))),
            (token, encode_call("allowance(address,address)", (user, origin.address("permit2")))),
        ]
    to, data = multicall_request(origin, calls)
    probe = encode_call(_IS_VALID_SIGNATURE, (b"\x00" * 32, b"\x00" * 65))
    requests = [
        call_request(to, data, "latest"),
        ("eth_getCode", [user, "latest"]),
        ("eth_getCode", [who, "latest"]),
        _judged_request(user, probe),
    ]
    if not is_native and amount:
        requests.append(_transfer_request(token, user, origin.address("input_settler"), amount))
    answer, user_code, recipient_code, checked, *moved = client(origin.chain_id).batch_outcomes(requests)
    for outcome in (answer, user_code, recipient_code):
        if isinstance(outcome, Exception):
            raise outcome
    if _has_code(user_code) and isinstance(checked, WaymeetError) and checked.retry:
        raise checked
    native, *amounts = _amounts(parse_multicall(bytes.fromhex(answer[2:])), origin)
    balance, allowance = amounts or (0, 0)
    return _AtOrigin(
        amounts=(balance, allowance, native),
        user_code=user_code,
        recipient_code=recipient_code,
        can_check_signatures=_answers_erc1271(checked),
        is_token_moving=not any(isinstance(outcome, Reverted) for outcome in moved),
    )


def _amounts(results: Sequence[CallResult], origin: ChainManifest) -> list[int]:
    if any(not result.is_success or len(result.data) < 32 for result in results):
        raise BalanceUnknown(f"{origin.slug}: a balance or an allowance was not told", chain=origin.name)
    return [int.from_bytes(result.data[:32], "big") for result in results]


def _read_destination(
    destination: ChainManifest, *, user: str, who: str, token: str
) -> tuple[tuple[str, str], bool]:
    requests: list[Any] = [("eth_getCode", [user, "latest"]), ("eth_getCode", [who, "latest"])]
    if token == ZERO_ADDRESS:
        transaction = {
            "from": destination.address("solver_account"),
            "to": who,
            "value": "0x1",
            "gas": hex(_NATIVE_PROBE_GAS),
        }
        requests.append(("eth_call", [transaction, "latest"]))
    user_code, recipient_code, *sent = client(destination.chain_id).batch_outcomes(requests)
    for outcome in (user_code, recipient_code):
        if isinstance(outcome, Exception):
            raise outcome
    return (user_code, recipient_code), any(isinstance(outcome, Reverted) for outcome in sent)


def _transfer_request(token: str, sender: str, to: str, amount: int) -> Any:
    data = encode_call("transfer(address,uint256)", (to, amount))
    return ("eth_call", [{"from": sender, "to": token, "data": "0x" + data.hex()}, "latest"])


def _judged_request(user: str, data: bytes) -> Any:
    return ("eth_call", [{"to": user, "data": "0x" + data.hex(), "gas": hex(SIGNATURE_GAS)}, "latest"])


def _answers_erc1271(outcome: Any) -> bool:
    """A refusal in words of its own is an answer too (a Safe's is); silence is code that knows no ERC-1271."""
    if isinstance(outcome, Reverted):
        return bool(outcome.data)
    return isinstance(outcome, str) and len(outcome) == 66


def account_kind(code: str) -> AccountKind:
    """Who answers for an account with this code, 0x hex."""
    if not _has_code(code):
        return AccountKind.KEY
    return AccountKind.DELEGATED if code.lower().startswith(DELEGATION_PREFIX) else AccountKind.CONTRACT


def _has_code(code: str) -> bool:
    return len(code) > 2
