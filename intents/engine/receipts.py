"""What a fill really delivered and cost, from the transfers in its receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intents.amounts import split_evenly
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import Log, client
from intents.chains.endpoints import RpcUnavailable
from intents.chains.outcomes import attempt_outcome
from intents.lifecycle import AttemptState, StepKind
from intents.models import Attempt, ChainLog, Order
from intents.settlement.destination_call import final_recipient
from intents.settlement.order import address_to_bytes32, bytes32_to_address

from . import ledger
from .case import Case

WRAPPED = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
UNWRAPPED = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
# What such a transaction sends along is the Mailbox's fee.
MESSAGE = "dispatch"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Base units: `delivered` to the recipient; what the fill's swap gave and took, if it swapped."""

    delivered: int
    token_in: str = ""
    amount_in: int = 0
    amount_out: int = 0


def is_paid_by_us(case: Case, log: ChainLog) -> bool:
    """Whether a fill for our filler id spent our stock: anybody may pay an output in our name.

    The node is asked only about a transaction that we did not store. Raises RpcUnavailable while it does
    not show it.
    """
    if any(attempt.tx_hash == log.tx_hash for tries in case.attempts.values() for attempt in tries):
        return True
    if Attempt.objects.filter(tx_hash=log.tx_hash).exists():
        return True
    sent = client(log.chain_id).transaction(log.tx_hash)
    if sent is None:
        raise RpcUnavailable(f"no transaction {log.tx_hash} yet")
    # Only operators can make the account pay, and they call it themselves.
    return str(sent.get("to") or "").lower() == case.destination.address("solver_account").lower()


def delivery_of(case: Case, log: ChainLog, *, is_ours: bool) -> Delivery:
    """The delivery that a fill's log proves; reads the receipt only when the fill swapped.

    A token writes what it likes into its logs: more than the account lets go of, or less than it insists on, is not
    believed. Raises RpcUnavailable while the node does not show the receipt of a block it has already served.
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
    routers = [case.destination.venues[index].router for index in _venues(swap)]
    moves = _Moves(receipt.logs, weth=case.destination.address("weth"), routers=routers)
    token_out = bytes32_to_address(output.token)
    bought = moves.sum(token_out, to=account)
    received = moves.sum(token_out, of=account, to=final_recipient(output))
    if token_out == ZERO_ADDRESS:
        # Coins leave no log; who took the output took the surplus that was promised, too.
        received = min(bought, case.order.output_expected)
    elif output.callback_data:
        # The output itself went to the executor, and what the swap gave beyond it to the person.
        received += output.amount
    spent = moves.sum(swap["input_token"], of=account)
    planned = fill.details.get("stock_amount") if fill is not None else None
    if planned is not None:
        # An order that was read off the chains again has no plan, and nobody knows what was expected of it.
        spent, received = min(spent, int(planned)), min(received, case.order.output_expected)
    delivered = max(output.amount, received)
    return Delivery(
        delivered=delivered,
        token_in=swap["input_token"],
        amount_in=spent,
        amount_out=max(bought, delivered),
    )


def book_gas(case: Case) -> None:
    """Write down what our mined transactions of this order cost, once each; of a shared one its part."""
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
    cost_wei = attempt.cost_wei
    if cost_wei is None:
        return
    ledger.book_gas(
        order,
        chain_id=attempt.chain_id,
        cost_wei=cost_wei if order is None else _part(attempt, order, cost_wei),
        tx_hash=attempt.tx_hash,
    )
    fee_wei = message_wei(attempt)
    ledger.book_message(
        order,
        chain_id=attempt.chain_id,
        fee_wei=fee_wei if order is None or not fee_wei else _part(attempt, order, fee_wei),
        tx_hash=attempt.tx_hash,
    )


def message_wei(attempt: Attempt) -> int:
    """What a mined transaction paid for a message besides its gas, to a Mailbox that is not ours."""
    is_paid = attempt.purpose == MESSAGE and attempt.state == AttemptState.CONFIRMED
    return attempt.value_wei if is_paid else 0


def _part(attempt: Attempt, order: Order, cost_wei: int) -> int:
    """What an order bears of a transaction that served several: the odd wei fall to the first by order id."""
    served = set(attempt.also.values_list("order_id", flat=True))
    if not served or attempt.step is None:
        return cost_wei
    everybody = sorted(served | {attempt.step.order_id})
    return split_evenly(cost_wei, len(everybody))[everybody.index(order.order_id)]


def moved(logs: tuple[Log, ...], token: str, *, of: str = "", to: str = "") -> int:
    """Base units of a token that its Transfer logs move `of` one account, `to` another, or both."""
    sender, receiver = _topic(of), _topic(to)
    return sum(
        int.from_bytes(log.data, "big")
        for log in logs
        if log.address.lower() == token.lower()
        and len(log.topics) == 3
        and log.topics[0] == TRANSFER
        and sender in ("", log.topics[1])
        and receiver in ("", log.topics[2])
    )


class _Moves:
    """What a receipt's logs say went from whom to whom. The coin itself leaves none: it is seen being wrapped
    and unwrapped by the routers that do so for us."""

    def __init__(self, logs: tuple[Log, ...], *, weth: str, routers: Sequence[str]) -> None:
        self._logs = logs
        self._weth = weth.lower()
        self._routers = routers

    def sum(self, token: str, *, of: str = "", to: str = "") -> int:
        """Base units of `token` that left `of` and reached `to`; either may be anybody."""
        if token == ZERO_ADDRESS:
            return self._wrapped(WRAPPED if of else UNWRAPPED)
        return moved(self._logs, token, of=of, to=to)

    def _wrapped(self, event: str) -> int:
        named = [(event, _topic(router)) for router in self._routers]
        return sum(
            int.from_bytes(log.data, "big")
            for log in self._logs
            if log.address.lower() == self._weth and log.topics[:2] in named
        )


def _venues(swap: Mapping[str, Any]) -> list[int]:
    return [*swap["venues"], *_venues(swap.get("beside") or {"venues": []})] if swap["venues"] else []


def _topic(address: str) -> str:
    return "0x" + address_to_bytes32(address).hex() if address else ""
