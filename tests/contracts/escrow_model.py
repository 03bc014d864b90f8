"""What a story about the escrow knows: its orders, who owes whom, and whether the chain must accept a call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from intents.settlement.order import NATIVE_TOKEN, StandardOrder

from .chain import Reverted
from .world import World, alice, filler, mallory

NONE, DEPOSITED, CLAIMED, REFUNDED = range(4)
picks = st.integers(0, 4)
PEOPLE = (alice, mallory)
FILLERS = (filler, mallory)


@dataclass
class Tracked:
    """What the model knows of one order."""

    order: StandardOrder
    token: str
    amount: int
    status: int = NONE
    filled_at: int | None = None
    filled_by: str | None = None
    is_fill_proven: bool = False
    is_absence_proven: bool = False
    # Base units of the token and of the native coin at the order's deposit address.
    deposited: int = 0
    stray_coins: int = 0


class EscrowModel(RuleBasedStateMachine):
    """Every rule predicts from the model whether the chain accepts the call, then compares."""

    world: World

    @initialize()
    def begin(self) -> None:
        self.snapshot = self.world.chain.snapshot()
        for who in FILLERS:
            self.world.usdc.send("approve", self.world.output_settler.address, 2**255, sender=who.address)
        self.all: list[Tracked] = []
        self.blocked: set[str] = set()
        self.claimable: dict[tuple[str, str], int] = {}
        self.start = {token: self.held(token) for token in self.tokens()}
        self.came_in = dict.fromkeys(self.tokens(), 0)
        self.went_out = dict.fromkeys(self.tokens(), 0)

    def teardown(self) -> None:
        if hasattr(self, "snapshot"):
            self.everything_comes_back()
            self.world.chain.revert(self.snapshot)

    def everything_comes_back(self) -> None:
        raise AssertionError("the machine says how")

    def tokens(self) -> tuple[str, str]:
        return self.world.usdc.address, NATIVE_TOKEN

    def held(self, token: str) -> int:
        return self.world.balance(token, self.world.input_settler.address)

    def choose(self, pick: int, ready: Callable[[Tracked], bool]) -> Tracked:
        """One of those for which the call makes sense, and sometimes (the last pick) any other."""
        pool = [item for item in self.all if ready(item)]
        if pick == 4 or not pool:
            pool = self.all
        return pool[pick % len(pool)]

    @property
    def now(self) -> int:
        return self.world.chain.timestamp()

    def attempt(self, expected: bool, call: Any) -> None:
        """``expected`` is what the model says; the chain must agree."""
        if expected:
            call()
        else:
            with pytest.raises(Reverted):
                call()

    def pay(self, item: Tracked, to: str) -> None:
        if item.token != NATIVE_TOKEN and to in self.blocked:
            place = (item.token, to)
            self.claimable[place] = self.claimable.get(place, 0) + item.amount
        else:
            self.went_out[item.token] += item.amount
