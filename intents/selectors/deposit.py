"""Transfers that are paid to an address of their own: what arrived, what is missing, where it is now."""

import json
from dataclasses import dataclass
from typing import Any

from intents.amounts import format_units
from intents.lifecycle import RETURNING, OrderState, StepKind
from intents.models import ChainHead, Deposit, Event, Order
from intents.settlement.order import order_from_json
from intents.settlement.recovery_code import recovery_code

from .network import chain_name, token_name
from .place import Evidence, Place
from .steps import amount_words

WAY = "deposit"


@dataclass(frozen=True, slots=True)
class DepositPanel:
    """What a person needs in order to pay; amounts in whole tokens as exact decimal text, `by` chain time."""

    address: str
    chain_id: int
    chain: str
    symbol: str
    token: str
    amount: str
    missing: str
    by: int
    seconds_left: float
    user: str
    terms: dict[str, Any]

    @property
    def terms_json(self) -> str:
        """The transfer as the page's script reads it."""
        return json.dumps(self.terms, separators=(",", ":"))

    @property
    def code(self) -> str:
        """The recovery code, for those who read without scripts."""
        return recovery_code(order_from_json(self.terms))


def is_paid_to_address(order: Order) -> bool:
    """Whether the person pays to an address instead of confirming in a wallet."""
    return order.confirm_way == WAY


def arrived_at(order: Order) -> int:
    """Base units of the input at the address, as the follower saw it last."""
    deposit = Deposit.objects.filter(pk=order.pk).first()
    return 0 if deposit is None else int(deposit.held.get(deposit.token, 0))


def given_back(order: Order) -> int:
    """Base units of the input that went back from the address."""
    events = Event.objects.filter(order=order, kind="recovered", data__token=order.input_token)
    return sum(int(amount) for amount in events.values_list("data__amount", flat=True))


def panel(order: Order, *, now: float) -> DepositPanel | None:
    """Where and what to pay; None when nothing is to be paid (any more). `now` is chain time, seconds."""
    if not is_paid_to_address(order) or order.state != OrderState.AWAITING_DEPOSIT:
        return None
    deposit = Deposit.objects.filter(pk=order.pk).first()
    missing = order.input_amount - arrived_at(order)
    if deposit is None or missing <= 0 or now > order.fill_deadline:
        return None
    token = token_name(order.origin_id, order.input_token)
    return DepositPanel(
        address=deposit.address,
        chain_id=order.origin_id,
        chain=chain_name(order.origin_id),
        symbol=token.symbol,
        token=order.input_token,
        amount=format_units(order.input_amount, token.decimals),
        missing=format_units(missing, token.decimals),
        by=order.fill_deadline,
        seconds_left=max(0.0, order.fill_deadline - now),
        user=order.user,
        terms=order.terms,
    )


def deposit_json(order: Order) -> dict[str, str] | None:
    """The order's own address with what arrived and what is missing, in base units; None for other ways."""
    deposit = Deposit.objects.filter(pk=order.pk).first() if is_paid_to_address(order) else None
    if deposit is None:
        return None
    arrived = int(deposit.held.get(deposit.token, 0))
    return {
        "address": deposit.address,
        "arrived": str(arrived),
        "missing": str(max(0, order.input_amount - arrived)),
    }


def money_code(order: Order, place: Place, seen: Evidence, *, arrived: int) -> str:
    """The sentence about money that never was in escrow; "" when it is in a wallet or was locked.

    `arrived` are base units of the input at the address.
    """
    if not is_paid_to_address(order) or seen.open_block is not None:
        return ""
    state = OrderState(order.state)
    if place is Place.RETURNED:
        return "deposit_returned"
    if state in RETURNING:
        return "deposit_returning"
    if state is OrderState.EXPIRED:
        return "deposit_expired"
    if state is OrderState.NEEDS_ATTENTION:
        return "deposit_staff"
    if state is OrderState.OPENING or (
        state is OrderState.AWAITING_DEPOSIT and arrived >= order.input_amount
    ):
        return "deposit_arrived"
    if state is OrderState.AWAITING_DEPOSIT:
        return "deposit_short" if arrived else "deposit_awaited"
    return ""


def money_params(order: Order, *, arrived: int, returned: int) -> dict[str, Any]:
    """What those sentences name; `account` is where everything else goes back to. Amounts are base units."""
    return {
        "account": order.user,
        "arrived": amount_words(order.origin_id, order.input_token, arrived),
        "missing": amount_words(order.origin_id, order.input_token, max(0, order.input_amount - arrived)),
        "returned": amount_words(order.origin_id, order.input_token, returned or order.input_amount),
    }


def began_at(order: Order) -> float | None:
    """When the payment was there and opening began, wall time in seconds; None before that."""
    started = order.steps.filter(kind=StepKind.OPEN).values_list("started_at", flat=True).first()
    return None if started is None else started.timestamp()


def chain_now(chain_id: int, *, wall: float) -> float:
    """Chain time now, seconds; 0 before any block was seen."""
    row = ChainHead.objects.filter(chain_id=chain_id).values_list("timestamp", "seen_at").first()
    return 0.0 if row is None else row[0] + max(0.0, wall - row[1])
