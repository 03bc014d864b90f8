"""A person's steps for real: every approval, exchange and bridge message as a transaction of its own wallet."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.manifest import ChainManifest, VenueManifest
from intents.client.chain_account import ChainAccount
from intents.client.chain_reader import ChainReader, ChainUnreachable
from intents.client.checkpoints import proof_of
from intents.settlement import calls
from intents.settlement.order import address_to_bytes32
from intents.solver.by_hand import ByHand, HandStep
from intents.venues.hyperlane_warp import fee_of
from intents.venues.swaps import POOLS

from .pools import HandVenues

PATIENCE_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.2
DEADLINE_SECONDS: Final = 3_600
DELIVER: Final = "deliver"
DISPATCHED: Final = "0x" + keccak(text="Dispatch(address,uint32,bytes32,bytes)").hex()


class HandFailed(Exception):
    """A step by hand did not go through."""

    code = "hand_failed"
    retry = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What one transaction took."""

    kind: str
    chain_id: int
    gas: int
    wei: int


@dataclass(slots=True)
class Done:
    """What came of it: base units received before gas, every transaction, wall seconds."""

    received: int = 0
    spent: list[Spent] = field(default_factory=list)
    seconds: float = 0.0

    def own_wei(self, chain_id: int) -> int:
        """Gas that left the person's own wallet on a chain; the delivery leaves the relayer's."""
        return sum(each.wei for each in self.spent if each.chain_id == chain_id and each.kind != DELIVER)


class Hand:
    """One person's wallet; the deliveries are made by `relayer`, whose gas the person is charged."""

    def __init__(
        self, venues: Mapping[int, HandVenues], *, person: LocalAccount, relayer: LocalAccount
    ) -> None:
        self._venues = venues
        self._person, self._relayer = person, relayer

    def do(self, found: ByHand, *, input_token: str, output_token: str) -> Done:
        """Every step in order with what really arrived of the one before; raises HandFailed."""
        started, done = time.monotonic(), Done()
        chains = [self._venues[chain_id].manifest for chain_id in (found.origin_id, found.destination_id)]
        at = {chain.chain_id: ChainAccount(chain, _key(self._person)) for chain in chains}
        far = at[found.destination_id]
        before = self._held(far, output_token, done)
        token, amount = input_token, found.input_amount
        for step in found.steps:
            account = at[step.chain_id]
            if step.kind == "approve":
                approval = encode_call("approve(address,uint256)", [self._spender(found, step), amount])
                self._sent(account, Call(token, approval), step.kind, done)
            elif step.kind == "exchange":
                had = self._held(account, step.path[-1], done)
                self._sent(account, self._exchange(step, amount), step.kind, done)
                token = step.path[-1]
                amount = self._held(account, token, done) - had
            else:
                token, amount = self._carry(account, far, amount, done)
        done.received = self._held(far, output_token, done) - before
        done.seconds = time.monotonic() - started
        return done

    @staticmethod
    def _held(account: ChainAccount, token: str, done: Done) -> int:
        """The balance as it would be had no gas been paid."""
        held = account.balance(token)
        return held + done.own_wei(account.chain.chain_id) if token == ZERO_ADDRESS else held

    def _spender(self, found: ByHand, approval: HandStep) -> str:
        """Whom the next step has take the token: a router, or the bridge's end."""
        after = found.steps[found.steps.index(approval) + 1]
        hand = self._venues[after.chain_id]
        if after.kind == "exchange":
            return _router(self._pools(after))
        return hand.manifest.bridges[0].router

    def _pools(self, step: HandStep) -> list[VenueManifest]:
        return [self._venues[step.chain_id].venues[index] for index in step.venues]

    def _exchange(self, step: HandStep, amount: int) -> Call:
        pools, path = self._pools(step), list(step.path)
        router, value = _router(pools), 0
        real = [pool for pool in pools if pool.kind in POOLS]
        kind, deadline = POOLS[real[0].kind], int(time.time()) + DEADLINE_SECONDS
        terms: dict[str, Any] = {
            "amount_in": amount,
            "least": 1,
            "holder": self._person.address,
            "deadline": deadline,
        }
        if path[0] == ZERO_ADDRESS:
            value, path = amount, path[1:]
            if real[0].kind == "uniswap_v2":
                data = encode_call(
                    "swapExactETHForTokens(uint256,address[],address,uint256)",
                    [1, path, self._person.address, deadline],
                )
                return Call(router, data, value)
        if path[-1] == ZERO_ADDRESS:
            return Call(router, kind.sell_for_native(real, path[:-1], **terms), value)
        return Call(router, kind.sell_exactly(real, path, **terms), value)

    def _carry(self, near: ChainAccount, far: ChainAccount, amount: int, done: Done) -> tuple[str, int]:
        end = near.chain.bridges[0]
        arriving = far.chain.bridge(end.route)
        assert arriving is not None
        fee = near.number(fee_of(end, far.chain))
        arguments = [far.chain.domain, address_to_bytes32(self._person.address), amount]
        call = Call(end.router, encode_call("transferRemote(uint32,bytes32,uint256)", arguments), fee)
        had = far.balance(arriving.token)
        message = _message_in(near.chain, self._sent(near, call, "send", done))
        self._deliver(message, near.chain, far.chain, done)
        return arriving.token, far.balance(arriving.token) - had

    def _deliver(self, message: bytes, source: ChainManifest, target: ChainManifest, done: Done) -> None:
        """Wait for two of the three signatures, then process: what the message's sender has paid for."""
        account = ChainAccount(target, _key(self._relayer))
        answer = account.view(calls.validators_of(message, origin=target))
        validators, threshold = abi_decode(("address[]", "uint8"), bytes.fromhex(answer[2:]))
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            proof = proof_of(message, sent_from=source, validators=validators, threshold=threshold)
            if proof is not None:
                self._sent(account, calls.process(message, metadata=proof, origin=target), DELIVER, done)
                return
            time.sleep(POLL_SECONDS)
        raise HandFailed(f"no signatures for a message from {source.name}")

    def _sent(self, account: ChainAccount, call: Call, kind: str, done: Done) -> str:
        chain = account.chain
        try:
            tx_hash = account.send(call)
            if not tx_hash:
                raise HandFailed(f"{kind} on {chain.name} did not go through")
            receipt = ChainReader(chain.endpoints[0].url).rpc("eth_getTransactionReceipt", tx_hash)
        except ChainUnreachable as error:
            raise HandFailed(f"{kind} on {chain.name}: {error}") from error
        gas, price = int(receipt["gasUsed"], 16), int(receipt["effectiveGasPrice"], 16)
        done.spent.append(Spent(kind, chain.chain_id, gas, gas * price))
        return tx_hash


def _router(pools: list[VenueManifest]) -> str:
    return next(pool.router for pool in pools if pool.kind != "wrapped_native")


def _message_in(chain: ChainManifest, tx_hash: str) -> bytes:
    receipt = ChainReader(chain.endpoints[0].url).rpc("eth_getTransactionReceipt", tx_hash)
    for log in receipt["logs"]:
        if log["topics"][0] == DISPATCHED:
            return bytes(abi_decode(("bytes",), bytes.fromhex(log["data"][2:]))[0])
    raise HandFailed(f"{tx_hash} on {chain.name} sent no message")


def _key(account: LocalAccount) -> str:
    return "0x" + bytes(account.key).hex()
