"""Tokens whose balances somebody may change by a call: the well-known ways are rehearsed, by whoever may go them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from .rehearsal import STAGE, Line, Outcome, act, read

# An account that nobody has: what it may do, anybody may.
ANYBODY: Final = "0x" + "a4b0d7".zfill(40)
# Where tokens of this kind say who may; what they answer is only a hint where to look.
_ROLES: Final = (
    "owner()", "monetaryPolicy()", "rebaser()", "governance()", "gov()", "stakingContract()", "vaultAddress()",
    "keeper()",
)  # fmt: skip
# No other token has these: balances are computed with an index.
_INDEXES: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("rebasingCreditsPerToken()", ()),
    ("gonsForBalance(uint256)", (1,)),
)
LINES: Final = len(_ROLES) + 1 + len(_INDEXES)
_PART: Final = 10


class Rebasers:
    """Who might change balances, from the outcomes of `roles_of`."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        roles, supply, indexes = outcomes[: len(_ROLES)], outcomes[len(_ROLES)], outcomes[len(_ROLES) + 1 :]
        found = [each.address for each in roles if each.address and each.address != STAGE]
        self.callers = list(dict.fromkeys([ANYBODY, *found]))
        self.supply = supply.number or 0
        self.has_index = any(each.number is not None for each in indexes)


def roles_of(token: str) -> list[Line]:
    """Reads only: LINES of them."""
    return [
        *(read(token, role) for role in _ROLES),
        read(token, "totalSupply()"),
        *(read(token, name, arguments) for name, arguments in _INDEXES),
    ]


def rebased_by(caller: str, *, token: str, holder: str, supply: int) -> list[Line]:
    """Every well-known way in turn, the holder's balance read around each."""
    lines = [read(token, "balanceOf(address)", [holder])]
    for signature, arguments in _ways(supply):
        lines.append(act(caller, token, signature, arguments))
        lines.append(read(token, "balanceOf(address)", [holder]))
    return lines


def is_rebased(outcomes: Sequence[Outcome]) -> bool:
    """Whether a call that worked left the holder with another balance."""
    balances, calls = outcomes[::2], outcomes[1::2]
    return any(
        call.is_success and before.number is not None and after.number not in (None, before.number)
        for before, call, after in zip(balances, calls, balances[1:], strict=False)
    )


def _ways(supply: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Functions with which tokens are known to rebase, by about a tenth of their supply where they ask how much."""
    part = max(1, supply // _PART)
    yield "rebase()", ()
    yield "rebase(uint256)", (part,)
    yield "rebase(int256)", (part,)
    yield "rebase(uint256,int256)", (1, part)
    yield "rebase(uint256,uint256)", (part, 1)
    yield "rebase(uint256,uint256,bool)", (1, 10**18 // _PART, True)
    yield "changeSupply(uint256)", (supply + part,)
    yield "accrueInterest()", ()
    yield "sync()", ()
