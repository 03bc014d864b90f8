"""What a fill really delivered and cost, from the transfers in its receipt."""

from collections.abc import Sequence
from dataclasses import dataclass

from intents.chains.client import Log, client
from intents.chains.endpoints import RpcUnavailable
from intents.chains.outcomes import attempt_outcome
from intents.lifecycle import AttemptState, StepKind
from intents.models import Attempt, ChainLog, Order
from intents.settlement.destination_call import final_recipient
from intents.settlement.order import address_to_bytes32

from . import ledger
from .case import Case

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Base units: `delivered` to the recipient; what the fill's swap gave and took, if it swapped."""

    delivered: int
    token_in: str = ""
    amount_in: int = 0
    amount_out: int = 0


def delivery_of(case: Case, log: ChainLog, *, is_ours: bool) -> Delivery:
    """The delivery that a fill's log proves; reads the receipt only when the fill swapped.

    Raises RpcUnavailable while the node does not show the receipt of a block it has already served.
    """
    output = case.terms.outputs[0]
    fill = case.step(StepKind.FILL)
    swap = fill.details.get("swap") if fill is not None else None
    if not is_ours or not swap:
        return Delivery(delivered=output.amount)
    receipt = client(log.chain_id).receipt(log.tx_hash)
    if receipt is None:
        raise RpcUnavailable(f"no receipt of {log.tx_hash} yet")
    account = case.destination.address("solver_account")
    token_out = "0x" + output.token[12:].hex()
    received = moved(receipt.logs, token_out, of=account, to=final_recipient(output))
    if output.callback_data:
        # The output itself went to the executor, and what the swap gave beyond it to the person.
        received += output.amount
    return Delivery(
        delivered=max(output.amount, received),
        token_in=swap["input_token"],
        amount_in=moved(receipt.logs, swap["input_token"], of=account),
        amount_out=moved(receipt.logs, token_out, to=account),
    )


def book_gas(case: Case) -> None:
    """Write down what our mined transactions of this order cost, once each."""
    for attempts in case.attempts.values():
        book_attempts(case.order, attempts)


def book_attempts(order: Order | None, attempts: Sequence[Attempt]) -> None:
    """Write down what these transactions cost, those that were mined, once each."""
    for attempt in attempts:
        if attempt.state in (AttemptState.CONFIRMED, AttemptState.REVERTED):
            _book_one(order, attempt)


def _book_one(order: Order | None, attempt: Attempt) -> None:
    if attempt.gas_used is None:
        attempt_outcome(attempt)
    if attempt.gas_used is None or attempt.gas_price_wei is None:
        return
    ledger.book_gas(
        order,
        chain_id=attempt.chain_id,
        cost_wei=attempt.gas_used * attempt.gas_price_wei,
        tx_hash=attempt.tx_hash,
    )


def moved(logs: tuple[Log, ...], token: str, *, of: str = "", to: str = "") -> int:
    """Base units of a token that its Transfer logs move `of` one account, `to` another, or both."""
    sender = "0x" + address_to_bytes32(of).hex() if of else ""
    receiver = "0x" + address_to_bytes32(to).hex() if to else ""
    total = 0
    for log in logs:
        if log.address.lower() != token.lower() or len(log.topics) != 3 or log.topics[0] != TRANSFER:
            continue
        if (not sender or log.topics[1] == sender) and (not receiver or log.topics[2] == receiver):
            total += int.from_bytes(log.data, "big")
    return total
