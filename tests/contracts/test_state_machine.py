"""Any sequence of opens, deposits, fills, proofs, claims, refunds, blocks and waits keeps the escrow's books."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from intents.settlement.order import (
    NATIVE_TOKEN,
    address_to_bytes32,
    address_to_int,
    output_to_abi,
    to_abi,
)

from .deposit_rules import DepositRules
from .escrow_model import CLAIMED, DEPOSITED, FILLERS, NONE, PEOPLE, REFUNDED, Tracked, picks
from .world import USDC, World, alice, filler, mallory, owner, relayer, sign

MOST_ORDERS = 6


class Escrow(DepositRules):
    """Opening, filling, proving, claiming and giving back, by the right people and the wrong ones."""

    @precondition(lambda self: len(self.all) < MOST_ORDERS)
    @rule(
        amount=st.integers(1, 50 * USDC),
        who=st.sampled_from(PEOPLE),
        way=st.sampled_from(
            ["native", "open", "permit2", "eip3009", "later", "deposit", "blocked", "permit"]
        ),
    )
    def sign_order(self, amount: int, who: Any, way: str) -> None:
        token = NATIVE_TOKEN if way == "native" else self.world.usdc.address
        item = Tracked(
            self.world.order(user=who.address, inputs=((address_to_int(token), amount),)), token, amount
        )
        self.all.append(item)
        if way in ("deposit", "blocked"):
            self._send_in(item, amount + (9 if way == "blocked" else 0), alice.address)
        if way == "blocked":
            self.blacklist(who=who, block=True)
        if way in ("deposit", "blocked", "permit"):
            self._open_deposit(item, by_permit=way == "permit")
        elif way != "later":
            self._open_tracked(item, way)

    @precondition(lambda self: self.all)
    @rule(pick=picks, way=st.sampled_from(["open", "permit2", "eip3009"]))
    def open(self, pick: int, way: str) -> None:
        self._open_tracked(self.choose(pick, lambda item: item.status == NONE), way)

    def _open_tracked(self, item: Tracked, way: str) -> None:
        if item.token == NATIVE_TOKEN:
            way = "open"
        may = item.status == NONE and self.now + 1 < item.order.fill_deadline
        may = may and (item.token == NATIVE_TOKEN or alice.address not in self.blocked)
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(may, lambda: self._open(item, way))
        if may:
            item.status = DEPOSITED
            self.came_in[item.token] += item.amount

    def _open(self, item: Tracked, way: str) -> None:
        order, settler = item.order, self.world.input_settler
        if way == "open":
            value = item.amount if item.token == NATIVE_TOKEN else 0
            settler.send("open", to_abi(order), sender=alice.address, value=value)
            return
        data = self.world.permit2_data(order)
        if way == "eip3009":
            data = self.world.eip3009_data(order)
            data["message"]["from"] = alice.address
        signature = (b"\x00" if way == "permit2" else b"\x01") + sign(alice, data)
        settler.send("openFor", to_abi(order), alice.address, signature, sender=relayer.address)

    @precondition(lambda self: self.all)
    @rule(
        pick=picks,
        who=st.sampled_from(FILLERS),
        lies=st.booleans(),
        proves=st.sampled_from([True, True, False]),
    )
    def fill(self, pick: int, who: Any, lies: bool, proves: bool) -> None:
        """With ``lies`` the filler names a later deadline than the order's."""
        item = self.choose(pick, lambda item: item.filled_at is None)
        deadline = item.order.fill_deadline + (10**6 if lies else 0)
        may = item.filled_at is not None or (self.now + 1 <= deadline and who.address not in self.blocked)
        may = may and self.now + 1 <= deadline
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(
            may,
            lambda: self.world.output_settler.send(
                "fill",
                self.world.id(item.order),
                output_to_abi(item.order.outputs[0]),
                deadline,
                address_to_bytes32(who.address),
                sender=who.address,
            ),
        )
        if may and item.filled_at is None:
            item.filled_at, item.filled_by = self.now, who.address
        if proves:
            self._prove(item)

    @precondition(lambda self: self.all)
    @rule(pick=picks)
    def prove(self, pick: int) -> None:
        self._prove(self.choose(pick, lambda item: not item.is_fill_proven))

    def _prove(self, item: Tracked) -> None:
        # Honest validators carry what the output settler attests.
        if item.filled_at is not None and item.filled_by is not None:
            self.world.prove_fill(item.order, solver=item.filled_by, timestamp=item.filled_at)
            item.is_fill_proven = True

    @precondition(lambda self: self.all)
    @rule(pick=picks)
    def prove_absence(self, pick: int) -> None:
        item = self.choose(pick, lambda item: item.filled_at is None)
        may = item.filled_at is None and self.now + 1 > item.order.fill_deadline
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(
            may,
            lambda: self.world.output_settler.send(
                "attestUnfilled",
                self.world.id(item.order),
                output_to_abi(item.order.outputs[0]),
                item.order.fill_deadline,
                sender=relayer.address,
            ),
        )
        if may:
            self.world.prove_unfilled(item.order)
            item.is_absence_proven = True

    def can_be_claimed(self, item: Tracked) -> bool:
        in_time = item.filled_at is not None and item.filled_at <= item.order.fill_deadline
        return item.is_fill_proven and in_time

    def params(self, item: Tracked) -> list[tuple[int, bytes]]:
        solver = item.filled_by or filler.address
        return [(item.filled_at or self.now, address_to_bytes32(solver))]

    @precondition(lambda self: self.all)
    @rule(pick=picks, stranger=st.sampled_from([None, None, None, filler, mallory, alice]))
    def finalise(self, pick: int, stranger: Any) -> None:
        item = self.choose(pick, lambda item: item.status == DEPOSITED and self.can_be_claimed(item))
        who = stranger or next((f for f in FILLERS if f.address == item.filled_by), filler)
        may = item.status == DEPOSITED and self.can_be_claimed(item) and who.address == item.filled_by
        self.attempt(
            may,
            lambda: self.world.input_settler.send(
                "finalise",
                to_abi(item.order),
                self.params(item),
                address_to_bytes32(who.address),
                b"",
                sender=who.address,
            ),
        )
        if may:
            item.status = CLAIMED
            self.pay(item, who.address)

    @precondition(lambda self: self.all)
    @rule(many=st.lists(picks, min_size=1, max_size=4))
    def finalise_many(self, many: list[int]) -> None:
        chosen = [
            self.choose(p, lambda item: item.status == DEPOSITED and self.can_be_claimed(item)) for p in many
        ]
        distinct = list({id(item): item for item in chosen}.values())
        deposited = [item for item in distinct if item.status == DEPOSITED]
        may = all(self.can_be_claimed(item) for item in deposited)
        self.attempt(
            may,
            lambda: self.world.input_settler.send(
                "finaliseMany",
                [to_abi(item.order) for item in distinct],
                [self.params(item) for item in distinct],
                sender=relayer.address,
            ),
        )
        for item in deposited if may else []:
            item.status = CLAIMED
            self.pay(item, str(item.filled_by))

    @precondition(lambda self: self.all)
    @rule(pick=picks)
    def refund(self, pick: int) -> None:
        self._refund(
            self.choose(pick, lambda item: item.status == DEPOSITED and self.now > item.order.expires)
        )

    def _refund(self, item: Tracked) -> None:
        may = item.status == DEPOSITED and self.now + 1 > item.order.expires
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(
            may,
            lambda: self.world.input_settler.send("refund", to_abi(item.order), sender=relayer.address),
        )
        if may:
            item.status = REFUNDED
            self.pay(item, item.order.user)

    @precondition(lambda self: self.all)
    @rule(pick=picks)
    def refund_unfilled(self, pick: int) -> None:
        item = self.choose(pick, lambda item: item.status == DEPOSITED and item.is_absence_proven)
        may = item.status == DEPOSITED and item.is_absence_proven
        self.attempt(
            may,
            lambda: self.world.input_settler.send(
                "refundUnfilled", to_abi(item.order), 0, sender=relayer.address
            ),
        )
        if may:
            item.status = REFUNDED
            self.pay(item, item.order.user)

    @rule(who=st.sampled_from((*PEOPLE, filler)), token_index=st.integers(0, 1), pick=picks)
    def claim(self, who: Any, token_index: int, pick: int) -> None:
        """Of somebody who is owed something and is unblocked first, and sometimes (the last pick) of anybody."""
        token = self.tokens()[token_index]
        waiting = [key for key, owed in self.claimable.items() if owed]
        if waiting and pick != 4:
            token, user = waiting[pick % len(waiting)]
            who = next(person for person in (*PEOPLE, filler) if person.address == user)
            self.blacklist(who=who, block=False)
        owed = self.claimable.get((token, who.address), 0)
        may = owed > 0 and who.address not in self.blocked
        self.attempt(
            may,
            lambda: self.world.input_settler.send("claim", token, who.address, sender=relayer.address),
        )
        if may:
            self.claimable[(token, who.address)] = 0
            self.went_out[token] += owed

    @rule(who=st.sampled_from((*PEOPLE, filler)), block=st.booleans())
    def blacklist(self, who: Any, block: bool) -> None:
        name = "blacklist" if block else "unBlacklist"
        self.world.usdc.send(name, who.address, sender=owner.address)
        (self.blocked.add if block else self.blocked.discard)(who.address)

    @rule(seconds=st.sampled_from([1, 60, 700, 1900]))
    def wait(self, seconds: int) -> None:
        self.world.chain.warp_to(self.now + seconds)

    @invariant()
    def what_came_in_is_held_paid_or_owed(self) -> None:
        for token in self.tokens():
            locked = sum(i.amount for i in self.all if i.token == token and i.status == DEPOSITED)
            owed = sum(amount for (kind, _), amount in self.claimable.items() if kind == token)
            held = self.held(token) - self.start[token]
            assert held == locked + owed
            assert self.came_in[token] == held + self.went_out[token]

    @invariant()
    def the_chain_knows_what_the_model_knows(self) -> None:
        for item in self.all:
            assert self.world.status(self.world.id(item.order)) == item.status
        for (token, user), amount in self.claimable.items():
            assert self.world.input_settler.call("claimable", token, user) == amount

    def everything_comes_back(self) -> None:
        """Whatever happened, after the last expiry a stranger empties the escrow to those it belongs to."""
        for who in list(self.blocked):
            self.blacklist(who=next(p for p in (*PEOPLE, filler) if p.address == who), block=False)
        if self.all:
            self.world.chain.warp_to(max(self.now, *(item.order.expires for item in self.all)) + 1)
        for item in self.all:
            if item.status == DEPOSITED:
                self._refund(item)
            for coins in (False, True):
                if item.stray_coins if coins else item.deposited:
                    self._recover(item, sender=filler.address, coins=coins)
        for (token, user), amount in list(self.claimable.items()):
            if amount:
                self.world.input_settler.send("claim", token, user, sender=relayer.address)
        for token in self.tokens():
            assert self.held(token) == self.start[token]


def run(world: World, *, examples: int, steps: int) -> None:
    machine = type("EscrowOnChain", (Escrow,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_books_balance(world: World) -> None:
    run(world, examples=20, steps=50)


@pytest.mark.matrix
def test_the_books_balance_in_many_long_stories(world: World) -> None:
    run(world, examples=150, steps=60)
