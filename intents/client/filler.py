"""An outside filler, whole: finds open orders, delivers those that pay, proves it, is paid. An example to start from.

It knows the network list, public contracts, JSON-RPC and the validators' HTTP; no server of Waymeet, no
database. It keeps nothing: every look starts from what the chains say, so it may be stopped anywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode as abi_decode
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest, TokenNotSupported
from intents.settlement import calls
from intents.settlement.calls import FillFact
from intents.settlement.order import (
    ORDER_ABI,
    OUTPUT_ABI,
    SOLVE_PARAMS_ABI,
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    bytes32_to_address,
    fill_payload,
    int_to_address,
    order_id,
    output_to_abi,
    to_abi,
)

from .chain_account import ChainAccount
from .chain_reader import ChainUnreachable
from .checkpoints import proof_of
from .messages import message_with, signers_of

FILL: Final = f"fill(bytes32,{OUTPUT_ABI},uint48,bytes)"
FINALISE: Final = f"finalise({ORDER_ABI},{SOLVE_PARAMS_ABI}[],bytes32,bytes)"
OPENED: Final = "0x" + keccak(text=f"Open(bytes32,{ORDER_ABI})").hex()
FILLED: Final = "0x" + keccak(text=f"OutputFilled(bytes32,bytes32,uint32,{OUTPUT_ABI},uint256)").hex()
DEPOSITED: Final = 1
WHOLE_TRANSFER_GAS: Final = 700_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What is worth filling: US dollars per whole token by canonical id, and the least gain in dollars."""

    prices_usd: Mapping[str, float]
    least_gain_usd: float = 0.0
    blocks_back: int = 2_000
    seconds_to_spare: int = 15


class Filler:
    """Delivers from its own key's tokens, and is paid to the same key; `say` is told every step."""

    def __init__(
        self, chains: Mapping[int, ChainManifest], *, key: str, rules: Rules, say: Callable[[str], None]
    ) -> None:
        self.at = {chain_id: ChainAccount(chain, key) for chain_id, chain in chains.items()}
        self.solver = address_to_bytes32(Account.from_key(key).address)
        self.rules = rules
        self.say = say

    def look(self) -> int:
        """Look at every chain once and do the next thing for each order; how many orders moved."""
        moved = 0
        for origin in self.at.values():
            try:
                logs = origin.logs("input_settler", [OPENED], blocks_back=self.rules.blocks_back)
                moved += sum(self._advance(_order_in(log["data"]), origin) for log in logs)
            except ChainUnreachable as error:
                self.say(f"later: {error}")
        return moved

    def _advance(self, order: StandardOrder, origin: ChainAccount) -> bool:
        destination = self.at.get(order.outputs[0].chain_id)
        number = order_id(order, settler=origin.chain.address("input_settler"))
        if destination is None or origin.number(calls.order_status(number, origin=origin.chain)) != DEPOSITED:
            return False
        if not destination.number(calls.fill_record(order, order_id=number, destination=destination.chain)):
            return self._fill(order, number, origin=origin, destination=destination)
        fact = self._own_fill(order, number, destination)
        return fact is not None and self._collect(order, number, fact, origin=origin, destination=destination)

    def _fill(
        self, order: StandardOrder, number: bytes, *, origin: ChainAccount, destination: ChainAccount
    ) -> bool:
        output = order.outputs[0]
        reason = self._reason_against(order, number, origin=origin, destination=destination)
        if reason:
            self.say(f"0x{number.hex()[:8]}… left alone: {reason}")
            return False
        settler = destination.chain.address("output_settler")
        approve = encode_call("approve(address,uint256)", [settler, output.amount])
        self._send("approve", Call(bytes32_to_address(output.token), approve), destination)
        data = encode_call(FILL, [number, output_to_abi(output), order.fill_deadline, self.solver])
        return self._send("fill", Call(settler, data), destination)

    def _collect(
        self,
        order: StandardOrder,
        number: bytes,
        fact: FillFact,
        *,
        origin: ChainAccount,
        destination: ChainAccount,
    ) -> bool:
        """The next thing that brings the proof of our fill home, and at last our money."""
        payload = fill_payload(number, order.outputs[0], fact.solver, fact.timestamp)
        proven = calls.is_proven(keccak(payload), origin=origin.chain, output=order.outputs[0])
        if origin.number(proven):
            arguments = [to_abi(order), [(fact.timestamp, fact.solver)], self.solver, b""]
            call = Call(origin.chain.address("input_settler"), encode_call(FINALISE, arguments))
            return self._send("finalise", call, origin)
        both = {"origin": origin.chain, "destination": destination.chain}
        message = message_with(
            payload, origin=origin.chain, destination=destination, blocks_back=self.rules.blocks_back
        )
        if message is None:
            fee = destination.number(calls.dispatch_fee([payload], **both))
            return self._send("dispatch", calls.dispatch([payload], fee_wei=fee, **both), destination)
        validators, threshold = signers_of(message, origin=origin)
        metadata = proof_of(message, sent_from=destination.chain, validators=validators, threshold=threshold)
        if metadata is None:
            return False
        return self._send("process", calls.process(message, metadata=metadata, origin=origin.chain), origin)

    def _reason_against(
        self, order: StandardOrder, number: bytes, *, origin: ChainAccount, destination: ChainAccount
    ) -> str:
        output = order.outputs[0]
        if len(order.outputs) != 1 or len(order.inputs) != 1 or output.callback_data or output.context:
            return "not one plain output"
        listed = [chain.chain.address("hyperlane_oracle") for chain in (origin, destination)]
        named = [address_to_bytes32(order.input_oracle), output.oracle, output.settler]
        if named != [
            address_to_bytes32(each) for each in (*listed, destination.chain.address("output_settler"))
        ]:
            return "names contracts that are not in the network list"
        if destination.head()[1] + self.rules.seconds_to_spare > order.fill_deadline:
            return "too late"
        back = self.rules.blocks_back
        opened = origin.logs("input_settler", [OPENED, "0x" + number.hex()], blocks_back=back)
        if not opened or origin.head()[0] - int(opened[-1]["blockNumber"], 16) + 1 < origin.chain.depth:
            return "the deposit is not final yet"
        if destination.balance(bytes32_to_address(output.token)) < output.amount:
            return "not in stock"
        try:
            gain = self._gain_usd(order, origin=origin.chain, destination=destination)
        except (KeyError, TokenNotSupported) as error:
            return f"no price for {error}"
        return "" if gain >= self.rules.least_gain_usd else f"it would gain ${gain:.4f}"

    def _gain_usd(self, order: StandardOrder, *, origin: ChainManifest, destination: ChainAccount) -> float:
        """Rough: what we receive, less what we deliver, the gas of everything at today's prices and the proof's
        message."""
        token, amount = order.inputs[0]
        output, chain = order.outputs[0], destination.chain
        # Asked of the very contract that will ask for it: what does not answer is not free.
        message = destination.number(calls.plain_dispatch_fee(origin=origin, destination=chain))
        wei = WHOLE_TRANSFER_GAS * destination.gas_price_wei() + message
        spent = wei / 10**chain.native.decimals * self.rules.prices_usd[chain.native.canonical_id]
        received = self._usd(origin, int_to_address(token), amount)
        delivered = self._usd(chain, bytes32_to_address(output.token), output.amount)
        return received - delivered - spent

    def _usd(self, chain: ChainManifest, address: str, amount: int) -> float:
        token = chain.token(address)
        return self.rules.prices_usd[token.canonical_id] * amount / 10**token.decimals

    def _own_fill(self, order: StandardOrder, number: bytes, chain: ChainAccount) -> FillFact | None:
        types = ("bytes32", "uint32", OUTPUT_ABI, "uint256")
        topics = [FILLED, "0x" + number.hex()]
        for log in chain.logs("output_settler", topics, blocks_back=self.rules.blocks_back):
            solver, timestamp, output, _ = abi_decode(types, bytes.fromhex(log["data"][2:]))
            if solver == self.solver and tuple(output) == output_to_abi(order.outputs[0]):
                return FillFact(solver=solver, timestamp=timestamp)
        return None

    def _send(self, what: str, call: Call, account: ChainAccount) -> bool:
        tx_hash = account.send(call)
        self.say(f"{what} on {account.chain.name}: {tx_hash or 'did not go through'}")
        return bool(tx_hash)


def _order_in(data: str) -> StandardOrder:
    """The order of an `Open` log's data."""
    values = abi_decode((ORDER_ABI,), bytes.fromhex(data[2:]))[0]
    user, nonce, chain_id, expires, deadline, oracle, inputs, outputs = values
    return StandardOrder(
        user=to_checksum_address(user),
        nonce=nonce,
        origin_chain_id=chain_id,
        expires=expires,
        fill_deadline=deadline,
        input_oracle=to_checksum_address(oracle),
        inputs=tuple((token, amount) for token, amount in inputs),
        outputs=tuple(MandateOutput(*output) for output in outputs),
    )
