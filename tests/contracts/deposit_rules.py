"""What people do at deposit addresses, as rules of the escrow's state machine."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from intents.settlement.order import NATIVE_TOKEN

from .deposits import open_deposit, permit, place, recover
from .escrow_model import DEPOSITED, NONE, PEOPLE, EscrowModel, Tracked, picks
from .world import alice, filler, relayer


class DepositRules(EscrowModel):
    """Sending to deposit addresses, opening out of them, and taking back."""

    @precondition(lambda self: self.all)
    @rule(
        pick=picks,
        share=st.sampled_from(["all", "all", "part", "more"]),
        who=st.sampled_from([alice, filler]),
    )
    def deposit(self, pick: int, share: str, who: Any) -> None:
        """Somebody sends USDC to an order's deposit address, whatever became of the order."""
        item = self.choose(pick, lambda item: item.status == NONE and item.token != NATIVE_TOKEN)
        amount = {"all": item.amount, "part": item.amount // 2 + 1, "more": item.amount + 5}[share]
        self._send_in(item, amount, who.address)

    def _send_in(self, item: Tracked, amount: int, sender: str) -> None:
        may = sender not in self.blocked
        self.attempt(
            may,
            lambda: self.world.usdc.send("transfer", place(self.world, item.order), amount, sender=sender),
        )
        if may:
            item.deposited += amount

    @precondition(lambda self: self.all)
    @rule(pick=picks)
    def deposit_coins(self, pick: int) -> None:
        item = self.choose(pick, lambda item: not item.stray_coins)
        self.world.chain.send(place(self.world, item.order), b"", sender=relayer.address, value=3)
        item.stray_coins += 3

    @precondition(lambda self: self.all)
    @rule(pick=picks, by_permit=st.sampled_from([False, False, True]))
    def open_deposit(self, pick: int, by_permit: bool) -> None:
        item = self.choose(
            pick, lambda item: item.status == NONE and (by_permit or item.deposited >= item.amount)
        )
        self._open_deposit(item, by_permit=by_permit)

    def _open_deposit(self, item: Tracked, *, by_permit: bool) -> None:
        is_usdc = item.token != NATIVE_TOKEN
        may = item.status == NONE and is_usdc and self.now + 1 < item.order.fill_deadline
        signature = b""
        if by_permit and is_usdc:
            signer = next(person for person in PEOPLE if person.address == item.order.user)
            signature = permit(self.world, item.order, signer)
            may = may and item.order.user not in self.blocked
        else:
            may = may and item.deposited >= item.amount
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(may, lambda: open_deposit(self.world, item.order, signature))
        if not may:
            return
        item.status = DEPOSITED
        self.came_in[item.token] += item.amount
        if signature:
            return
        surplus, item.deposited = item.deposited - item.amount, 0
        if surplus:
            self._give_back(item, surplus)

    def _give_back(self, item: Tracked, amount: int) -> None:
        """What was sent to no use: to the user, or through the escrow when the user cannot be paid."""
        if item.order.user in self.blocked:
            self.came_in[self.world.usdc.address] += amount
            place_of = (self.world.usdc.address, item.order.user)
            self.claimable[place_of] = self.claimable.get(place_of, 0) + amount

    @precondition(lambda self: self.all)
    @rule(pick=picks, by_user=st.sampled_from([False, False, True]), coins=st.booleans())
    def recover(self, pick: int, by_user: bool, coins: bool) -> None:
        item = self.choose(pick, lambda item: bool(item.stray_coins if coins else item.deposited))
        self._recover(item, sender=item.order.user if by_user else filler.address, coins=coins)

    def _recover(self, item: Tracked, *, sender: str, coins: bool) -> None:
        token = NATIVE_TOKEN if coins else self.world.usdc.address
        is_input = token == item.token
        can_open = item.status == NONE and self.now + 1 < item.order.fill_deadline
        may = bool(item.stray_coins if coins else item.deposited)
        may = may and (sender == item.order.user or not (is_input and can_open))
        self.world.chain.next_block_at(self.now + 1)
        self.attempt(may, lambda: recover(self.world, item.order, token, sender=sender))
        if may and coins:
            item.stray_coins = 0
        elif may:
            amount, item.deposited = item.deposited, 0
            self._give_back(item, amount)

    @invariant()
    def what_lies_at_deposit_addresses_is_known(self) -> None:
        for item in self.all:
            where = place(self.world, item.order)
            assert self.world.balance(self.world.usdc.address, where) == item.deposited
            assert self.world.chain.balance(where) == item.stray_coins
