"""What trials work with: a chain that is tried, one beside it, a key on both, and the orders made of them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from eth_account import Account
from eth_utils.crypto import keccak

from intents.chains.calls import Call
from intents.chains.manifest import TokenManifest
from intents.contracts.reverts import vocabulary
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_id,
)

from ..chain_account import ChainAccount
from ..chain_reader import CallReverted

NOBODY_FILLS_TIMES: Final = 1_000
BLOCKS_BACK: Final = 2_000


class DidNotHold(Exception):
    """The chain did not do what it must; the text says what it did instead."""

    code = "did_not_hold"
    retry = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that held or did not, on a chain, with the transaction that shows it."""

    what: str
    chain: str
    held: bool
    tx_hash: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Base units of every trial and its times in seconds of chain time; `soon` is when a deadline passes in a trial."""

    amount: int
    soon: int
    long: int = 3_600


@dataclass(frozen=True, slots=True)
class Case:
    """One order of a trial. Payouts go to addresses of its own, so that balances tell them exactly."""

    label: str
    order: StandardOrder
    number: bytes
    origin: ChainAccount
    destination: ChainAccount
    recipient: str
    solver: str

    @property
    def input_token(self) -> str:
        return "0x" + f"{self.order.inputs[0][0]:040x}"

    @property
    def output_token(self) -> str:
        return "0x" + self.order.outputs[0].token[12:].hex()


@dataclass(slots=True)
class Stage:
    """The two chains, what was found so far, and whom to tell each finding at once."""

    here: ChainAccount
    there: ChainAccount
    tokens: dict[int, TokenManifest]
    terms: Terms
    key: str
    tell: Callable[[Finding], None]
    findings: list[Finding] = field(default_factory=list)
    # Every run's orders and payees differ from those of the one before.
    run: int = field(default_factory=lambda: secrets.randbits(64))

    def case(
        self, label: str, origin: ChainAccount, destination: ChainAccount, *, fill_in: int, expires_in: int
    ) -> Case:
        """An order from one chain to the other; one that is to stay unfilled asks for far more than it gives."""
        now = origin.head()[1]
        user, recipient, solver = (self.payee(f"{label} {role}") for role in ("user", "recipient", "solver"))
        is_left = fill_in < self.terms.long
        wanted = MandateOutput(
            oracle=address_to_bytes32(destination.chain.address("hyperlane_oracle")),
            settler=address_to_bytes32(destination.chain.address("output_settler")),
            chain_id=destination.chain.chain_id,
            token=address_to_bytes32(self.tokens[destination.chain.chain_id].address),
            amount=self.terms.amount * (NOBODY_FILLS_TIMES if is_left else 1),
            recipient=address_to_bytes32(recipient),
        )
        order = StandardOrder(
            user=user,
            nonce=int.from_bytes(keccak(text=f"{self.run} {label}"), "big"),
            origin_chain_id=origin.chain.chain_id,
            expires=now + expires_in,
            fill_deadline=now + fill_in,
            input_oracle=origin.chain.address("hyperlane_oracle"),
            inputs=((address_to_int(self.tokens[origin.chain.chain_id].address), self.terms.amount),),
            outputs=(wanted,),
        )
        number = order_id(order, settler=origin.chain.address("input_settler"))
        return Case(label, order, number, origin, destination, recipient, solver)

    def payee(self, role: str) -> str:
        """An address of the key's own that nobody used before."""
        seed = bytes.fromhex(self.key.removeprefix("0x")) + f"{self.run} {role}".encode()
        return str(Account.from_key(keccak(seed)).address)

    def held(self, what: str, chain: ChainAccount, tx_hash: str = "") -> None:
        """Note that something held."""
        self._note(Finding(what, chain.chain.name, True, tx_hash))

    def missed(self, what: str, chain: ChainAccount, detail: str) -> None:
        """Note that something did not hold."""
        self._note(Finding(what, chain.chain.name, False, detail=detail))

    def require(self, condition: bool, text: str) -> None:
        """Raises DidNotHold with this text."""
        if not condition:
            raise DidNotHold(text)

    def send(self, what: str, call: Call, account: ChainAccount) -> str:
        """The hash of a transaction that did what it should; raises DidNotHold with the contract's reason."""
        try:
            account.simulate(call)
        except CallReverted as error:
            raise DidNotHold(f"{what}: {reason_of(error)}") from error
        tx_hash = account.send(call)
        self.require(bool(tx_hash), f"{what}: the transaction reverted or was not mined in time")
        return tx_hash

    def refuses(self, what: str, call: Call, account: ChainAccount, *, saying: str) -> None:
        """Hold that a call reverts with this error, without sending it. Nodes may keep the error to themselves."""
        try:
            account.simulate(call)
        except CallReverted as error:
            selector = "0x" + vocabulary()[saying].selector.hex()
            self.require(
                error.data[:10] in ("", selector), f"{what}: refused with {reason_of(error)}, not {saying}"
            )
            self.held(what, account)
            return
        raise DidNotHold(f"{what}: it was not refused")

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.tell(finding)


def reason_of(error: CallReverted) -> str:
    """The contract's own words for a revert where they are known, else the node's."""
    for revert in vocabulary().values():
        if error.data[:10] == "0x" + revert.selector.hex():
            return revert.name
    return str(error)
