"""The ways to confirm a transfer with one act: which of them work here, and which one is taken.

Each way is one rule that says None, or the code of the reason why it does not work for this wallet and token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import TokenManifest

from .wallets import AccountKind, WalletFacts

AUTO: Final = "auto"
GAS_BY_US: Final = "us"
GAS_BY_USER: Final = "user"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to confirm what: `amount` base units of `token`, with gas at `gas_wei` for the user's own open.

    `can_batch` is the wallet's word that it makes several calls in one atomic transaction (EIP-5792);
    `has_addresses` says that the chain has deposit addresses.
    """

    token: TokenManifest
    amount: int
    facts: WalletFacts
    can_batch: bool = False
    has_addresses: bool = True
    gas_wei: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """The way taken, or "" with the reason why none works; `ways` is every way as kept with the quote."""

    way: str
    reason: str
    ways: list[dict[str, Any]]


Rule = Callable[[Asking], str | None]


def eip3009(asking: Asking) -> str | None:
    """A signature that the token itself verifies; with an account's code by ERC-1271 where it knows that."""
    if asking.token.eip3009 == "none":
        return "no_eip3009"
    kind = asking.facts.kind
    if kind is AccountKind.CONTRACT and asking.token.eip3009 == "vrs":
        return "token_asks_for_a_key"
    return _unsignable(asking) or _unpayable(asking)


def permit2(asking: Asking) -> str | None:
    """A signature that Permit2 verifies, for a token that it may move already."""
    if asking.token.address == ZERO_ADDRESS:
        return "native_has_no_signature"
    if asking.facts.permit2_allowance < asking.amount:
        return "no_allowance"
    return _unsignable(asking) or _unpayable(asking)


def permit(asking: Asking) -> str | None:
    """A signature for the token (EIP-2612) that lets the order's own address take exactly the amount."""
    if asking.token.permit != "eip2612":
        return "no_permit"
    if not asking.has_addresses:
        return "no_addresses"
    if asking.facts.kind is AccountKind.CONTRACT:
        return "token_asks_for_a_key"
    return _unsignable(asking) or _unpayable(asking)


def batch(asking: Asking) -> str | None:
    """One atomic batch of the wallet: the exact approval and the open."""
    if asking.token.address == ZERO_ADDRESS:
        return "native_needs_no_approval"
    if not asking.can_batch:
        return "wallet_cannot_batch"
    return _unpayable(asking) or _without_gas(asking)


def native(asking: Asking) -> str | None:
    """One payable transaction."""
    if asking.token.address != ZERO_ADDRESS:
        return "not_native"
    return _unpayable(asking) or _without_gas(asking)


def deposit(asking: Asking) -> str | None:
    """A plain transfer from any wallet, or out of an exchange, to the order's own address."""
    if asking.token.address == ZERO_ADDRESS:
        return "native_has_no_address"
    return None if asking.has_addresses else "no_addresses"


# Best first.
WAYS: Final[dict[str, tuple[Rule, str]]] = {
    "eip3009": (eip3009, GAS_BY_US),
    "permit2": (permit2, GAS_BY_US),
    "permit": (permit, GAS_BY_US),
    "batch": (batch, GAS_BY_USER),
    "native": (native, GAS_BY_USER),
    "deposit": (deposit, GAS_BY_USER),
}
# Confirmed by the wallet's own transaction: the order is known before, and carries no signature.
UNSIGNED: Final = frozenset({"batch", "native", "deposit"})
# What the person's wallet need not hold: it comes from wherever they like.
FROM_ANYWHERE: Final = frozenset({"deposit"})
# The reason told when no way works: what the person can do most about.
_TELLING: Final = (
    "insufficient_balance",
    "token_refuses",
    "insufficient_gas",
    "account_cannot_check_signatures",
    "no_allowance",
)


def choose(asking: Asking, *, confirm: str = AUTO) -> Choice:
    """The way asked for if it works, with `auto` the best that does."""
    reasons = {name: rule(asking) for name, (rule, _) in WAYS.items()}
    ways = [
        {"way": name, "is_offered": reason is None, "reason": reason or "", "gas_paid_by": WAYS[name][1]}
        for name, reason in reasons.items()
    ]
    if confirm != AUTO:
        reason = reasons.get(confirm, "way_not_known")
        return Choice(way="" if reason else confirm, reason=reason or "", ways=ways)
    # Nobody is led to another wallet unasked because this one holds too little, or may not move it.
    for reason in ("insufficient_balance", "token_refuses"):
        if reason in reasons.values():
            return Choice(way="", reason=reason, ways=ways)
    offered = [name for name, reason in reasons.items() if reason is None]
    if offered:
        return Choice(way=offered[0], reason="", ways=ways)
    return Choice(way="", reason=_most_telling(reasons), ways=ways)


def _most_telling(reasons: dict[str, str | None]) -> str:
    given = set(reasons.values())
    return next((reason for reason in _TELLING if reason in given), "no_allowance")


def _unsignable(asking: Asking) -> str | None:
    return None if asking.facts.can_check_signatures else "account_cannot_check_signatures"


def _unpayable(asking: Asking) -> str | None:
    if asking.facts.balance < asking.amount:
        return "insufficient_balance"
    return None if asking.facts.is_token_moving else "token_refuses"


def _without_gas(asking: Asking) -> str | None:
    if asking.facts.kind is AccountKind.CONTRACT:
        # Whoever has the account act pays the gas.
        return None
    own = asking.amount if asking.token.address == ZERO_ADDRESS else 0
    return "insufficient_gas" if asking.facts.native_balance < own + asking.gas_wei else None
