"""The rehearsals by which a token is measured: the lines to play, and what their outcomes mean.

Every script moves a real holder's balance inside one eth_call and leaves nothing behind.
"""

from collections.abc import Sequence
from typing import Final

from eth_account import Account
from eth_utils.crypto import keccak

from . import rebasing
from .passport import MULTICALL3
from .rehearsal import STAGE, Line, Outcome, act, read, words
from .tokens import BRIDGED, CANONICAL, SYNTHETIC, WRAPPED

# Accounts that nobody has: who receives, who takes by an allowance, and who signs (with a key that is no secret).
SINK: Final = "0x" + "051e4b".zfill(40)
TAKER: Final = "0x" + "7a4e12".zfill(40)
SIGNER: Final = Account.from_key(keccak(text="waymeet.rehearsal.signer"))
NEVER: Final = 2**63
BPS: Final = 10_000
# Base units that a glance moves: with fewer a tax of one basis point would not show.
GLANCE_AMOUNT: Final = 10_000
LIST_FUNCTIONS: Final = ("blacklist(address)", "addBlackList(address)", "freeze(address)")
_PERMIT: Final = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
_RECEIVE: Final = keccak(
    text="ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce)"
)
_NONCE: Final = keccak(text="waymeet.rehearsal.nonce")
_RECEIVE_ARGUMENTS: Final = "address,address,uint256,uint256,uint256,bytes32"


class Traits:
    """What a token says of itself, from the outcomes of `traits_of`: hints where to look, believed by nobody."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        (
            self.decimals, self.paused, self.pauser, self.owner, self.blacklister, self.separator,
            self.mailbox, self.l1_token, self.remote_token, self.l1_address, self.shares, self.scaled,
        ) = outcomes[: -rebasing.LINES]  # fmt: skip
        self.rebasers = rebasing.Rebasers(outcomes[-rebasing.LINES :])

    @property
    def pausers(self) -> list[str]:
        """Who may be able to pause it."""
        return _once(self.pauser.address, self.owner.address)

    @property
    def listers(self) -> list[tuple[str, str]]:
        """Who may be able to put somebody on a list, and by which function."""
        return [
            (who, by) for who in _once(self.blacklister.address, self.owner.address) for by in LIST_FUNCTIONS
        ]

    @property
    def form(self) -> str:
        """Canonical, or a stand-in for a token of another chain."""
        if self.mailbox.address:
            return SYNTHETIC
        others = (self.l1_token.address, self.remote_token.address, self.l1_address.address)
        return BRIDGED if any(others) else CANONICAL

    @property
    def has_shares(self) -> bool:
        """Whether balances are computed from shares, and so change without a transfer."""
        has_shares = any(each.number is not None for each in (self.shares, self.scaled))
        return has_shares or self.rebasers.has_index


def traits_of(token: str) -> list[Line]:
    """Reads only."""
    return [
        read(token, "decimals()"), read(token, "paused()"), read(token, "pauser()"), read(token, "owner()"),
        read(token, "blacklister()"), read(token, "DOMAIN_SEPARATOR()"), read(token, "mailbox()"),
        read(token, "l1Token()"), read(token, "remoteToken()"), read(token, "l1Address()"),
        read(token, "sharesOf(address)", [SINK]), read(token, "scaledBalanceOf(address)", [SINK]),
        *rebasing.roles_of(token),
    ]  # fmt: skip


def transfer(token: str, holder: str, amount: int) -> list[Line]:
    """From the holder to the sink, and half of it on by an allowance."""
    half = amount // 2
    return [
        read(token, "balanceOf(address)", [holder]),
        read(token, "balanceOf(address)", [SINK]),
        act(holder, token, "transfer(address,uint256)", [SINK, amount]),
        read(token, "balanceOf(address)", [holder]),
        read(token, "balanceOf(address)", [SINK]),
        act(SINK, token, "approve(address,uint256)", [TAKER, half]),
        act(TAKER, token, "transferFrom(address,address,uint256)", [SINK, TAKER, half]),
        read(token, "balanceOf(address)", [TAKER]),
    ]


class Transferred:
    """What `transfer` came to."""

    def __init__(self, outcomes: Sequence[Outcome], amount: int) -> None:
        numbers = [each.number or 0 for each in outcomes]
        sent, taken = outcomes[2], outcomes[6]
        self.received = numbers[4] - numbers[1]
        self.happened = sent.is_success and self.received > 0
        self.answers = _answer(sent)
        self.tax_bps = _lost_bps(amount, self.received) if self.happened else None
        if self.happened and taken.is_success and amount > 1:
            self.tax_bps = max(self.tax_bps or 0, _lost_bps(amount // 2, numbers[7]))


def glance(token: str, holder: str) -> list[Line]:
    """The least that shows a token as it was: its decimals, and a little of it moved."""
    return [
        read(token, "decimals()"),
        read(token, "paused()"),
        read(token, "balanceOf(address)", [holder]),
        read(token, "balanceOf(address)", [SINK]),
        act(holder, token, "transfer(address,uint256)", [SINK, GLANCE_AMOUNT]),
        read(token, "balanceOf(address)", [SINK]),
    ]


def paused_by(pauser: str, *, token: str, holder: str) -> list[Line]:
    """Pause it, then try to move one unit."""
    return [
        act(pauser, token, "pause()"),
        act(holder, token, "transfer(address,uint256)", [SINK, 1]),
    ]


def listed_by(lister: str, function: str, *, token: str, holder: str) -> list[Line]:
    """Put the sink on a list, then try to send it one unit."""
    return [
        act(lister, token, function, [SINK]),
        act(holder, token, "transfer(address,uint256)", [SINK, 1]),
    ]


def stops(outcomes: Sequence[Outcome]) -> bool:
    """Whether the first line worked, and kept the second from working."""
    return outcomes[0].is_success and not outcomes[1].is_success


def unwrap(token: str, holder: str) -> list[Line]:
    """Turn one unit of it into the chain's own coin."""
    return [
        read(MULTICALL3, "getEthBalance(address)", [holder]),
        act(holder, token, "withdraw(uint256)", [1]),
        read(MULTICALL3, "getEthBalance(address)", [holder]),
    ]


def is_wrapped(outcomes: Sequence[Outcome]) -> bool:
    """Whether one unit became one wei."""
    before, after = outcomes[0].number, outcomes[2].number
    return before is not None and after == before + 1


def permit(token: str, separator: bytes) -> list[Line]:
    """EIP-2612 with a real signature: what counts is the allowance it leaves."""
    message = words(
        ["bytes32", "address", "address", "uint256", "uint256", "uint256"],
        [_PERMIT, SIGNER.address, TAKER, 7, 0, NEVER],
    )
    v, r, s = _signed(separator, message)
    signature = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
    return [
        act(TAKER, token, signature, [SIGNER.address, TAKER, 7, NEVER, v, r, s]),
        read(token, "allowance(address,address)", [SIGNER.address, TAKER]),
    ]


def is_permitted(outcomes: Sequence[Outcome]) -> bool:
    return outcomes[0].is_success and outcomes[1].number == 7


def receive(token: str, holder: str, separator: bytes, *, form: str, amount: int) -> list[Line]:
    """EIP-3009 with a real signature, as bytes or as v, r, s: what counts is what arrives."""
    values = [SIGNER.address, SINK, amount, 0, NEVER, _NONCE]
    message = words(
        ["bytes32", "address", "address", "uint256", "uint256", "uint256", "bytes32"], [_RECEIVE, *values]
    )
    v, r, s = _signed(separator, message)
    if form == "bytes":
        call = act(
            SINK,
            token,
            f"receiveWithAuthorization({_RECEIVE_ARGUMENTS},bytes)",
            [*values, r + s + bytes([v])],
        )
    else:
        signature = f"receiveWithAuthorization({_RECEIVE_ARGUMENTS},uint8,bytes32,bytes32)"
        call = act(SINK, token, signature, [*values, v, r, s])
    return [
        act(holder, token, "transfer(address,uint256)", [SIGNER.address, amount]),
        read(token, "balanceOf(address)", [SINK]),
        call,
        read(token, "balanceOf(address)", [SINK]),
    ]


def is_received(outcomes: Sequence[Outcome]) -> bool:
    before, after = outcomes[1].number, outcomes[3].number
    return outcomes[2].is_success and before is not None and after is not None and after > before


def unwrapped_form(form: str, *, is_wrapped_coin: bool) -> str:
    """The token's form once it is known whether it wraps the chain's own coin."""
    return WRAPPED if form == CANONICAL and is_wrapped_coin else form


def _signed(separator: bytes, message: bytes) -> tuple[int, bytes, bytes]:
    signed = Account.unsafe_sign_hash(keccak(b"\x19\x01" + separator + keccak(message)), SIGNER.key)
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def _lost_bps(sent: int, received: int) -> int:
    """What of `sent` did not arrive, in basis points rounded up."""
    return max(0, -(-(sent - received) * BPS // sent)) if sent else 0


def _answer(sent: Outcome) -> str:
    if not sent.is_success:
        return ""
    return {None: "nothing", 0: "false"}.get(sent.number, "true")


def _once(*accounts: str | None) -> list[str]:
    return list(dict.fromkeys(each for each in accounts if each and each != STAGE))
