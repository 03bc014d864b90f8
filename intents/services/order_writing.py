"""An accepted order written down: its row and steps, what it reserves, and who may read it, in one transaction."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from intents import wake
from intents.chains import registry
from intents.engine import deposits, events, reservations
from intents.engine.depth import required_depth
from intents.engine.reservations import Claim, StockShort
from intents.lifecycle import OrderState, StepState
from intents.models import Order, OrderAccess, Quote, QuoteState, Step
from intents.settlement.destination_call import final_recipient
from intents.settlement.order import StandardOrder, bytes32_to_address, int_to_address, order_to_json

from .bounds import check_awaiting, check_new_chain, check_wallet
from .errors import AlreadySubmitted, NoStock, QuoteAlreadyUsed
from .wallets import WalletFacts
from .ways import UNSIGNED


@dataclass(frozen=True, slots=True)
class Submission:
    """What came with the signed terms: `signature` in its canonical form, and who handed them in when."""

    signature: str
    browser_key: str
    client_key: str
    language: str
    received_at: float


@transaction.atomic
def write_order(
    quote: Quote,
    terms: StandardOrder,
    submission: Submission,
    *,
    plan: list[dict[str, Any]],
    claims: list[Claim],
    facts: WalletFacts,
) -> Order:
    """Write an order that passed every gate, use its quote up, and reserve what its fill takes: all of it or nothing.

    Raises OrderRefused, and IntegrityError where the same order was written at the same moment.
    """
    browser_key = submission.browser_key
    if not Quote.objects.filter(pk=quote.pk, state=QuoteState.READY).update(state=QuoteState.USED):
        current = Order.objects.filter(quote=quote).first()
        if current is not None:
            return same_order(current, quote, browser_key)
        raise QuoteAlreadyUsed()
    order = _adopted(quote, submission) or _written(quote, terms, submission)
    is_adopted = order.steps.exists()
    if not is_adopted:
        _write_steps(order, plan)
    if order.confirm_way in deposits.WAYS:
        deposits.watch(order, origin=registry.chain(order.origin_id))
    if order.state == OrderState.AWAITING_DEPOSIT:
        check_awaiting(order, browser_key)
    if order.state == OrderState.SIGNED and submission.signature and not is_adopted:
        # One that was opened without us has left the wallet already and reserves when its fill is planned.
        _reserve(order, claims)
        # The reservation has locked a stock row of this origin: what is there besides is counted in turn.
        check_wallet(order, facts)
        check_new_chain(order)
    if browser_key:
        OrderAccess.objects.get_or_create(order=order, browser_key=browser_key)
    kind = "awaiting" if order.state == OrderState.AWAITING_DEPOSIT else "accepted"
    events.record(order.order_id, kind, chain_id=order.origin_id, way=order.confirm_way)
    wake.advance(order.order_id)
    return order


def same_order(order: Order, quote: Quote, browser_key: str) -> Order:
    """The order for who submitted it first: order and signature are public once opened. Raises AlreadySubmitted."""
    if order.quote_id != quote.pk:
        raise AlreadySubmitted(order_id=order.order_id)
    if browser_key:
        if OrderAccess.objects.filter(order=order, browser_key=browser_key).exists():
            return order
        raise AlreadySubmitted(order_id=order.order_id)
    # A program has no cookie: it is known by a quote id that was told nobody else.
    if quote.browser_key or OrderAccess.objects.filter(order=order).exists():
        raise AlreadySubmitted(order_id=order.order_id)
    return order


def quoted_value_usd_e8(quote: Quote) -> int:
    """What the quote's input was worth when it was priced, USD × 10^8; 0 without a route."""
    return int(quote.routes[0].get("value_usd_e8", 0)) if quote.routes else 0


def _adopted(quote: Quote, submission: Submission) -> Order | None:
    """A stranger may have opened it already: then its row exists without a quote, and keeps its state."""
    order = Order.objects.filter(order_id=quote.order_id, quote=None).first()
    if order is None:
        return None
    Order.objects.filter(pk=order.pk).update(
        quote=quote,
        signature=submission.signature,
        confirm_way=quote.confirm_way,
        route_kind=_route_kind(quote),
        language=submission.language,
        received_at=submission.received_at,
    )
    order.refresh_from_db()
    return order


def _written(quote: Quote, terms: StandardOrder, submission: Submission) -> Order:
    assert quote.order_id is not None
    value, output = quoted_value_usd_e8(quote), terms.outputs[0]
    return Order.objects.create(
        order_id=quote.order_id,
        quote=quote,
        state=OrderState.AWAITING_DEPOSIT if quote.confirm_way in UNSIGNED else OrderState.SIGNED,
        terms=order_to_json(terms),
        signature=submission.signature,
        share_key=secrets.token_urlsafe(32),
        client_key=submission.client_key,
        language=submission.language,
        confirm_way=quote.confirm_way,
        route_kind=_route_kind(quote),
        user=terms.user,
        recipient=final_recipient(output),
        origin_id=quote.origin_id,
        destination_id=quote.destination_id,
        input_token=int_to_address(terms.inputs[0][0]),
        input_amount=terms.inputs[0][1],
        output_token=bytes32_to_address(output.token),
        output_amount=output.amount,
        output_expected=max(quote.output_expected or 0, output.amount),
        value_usd_e8=value,
        required_depth=required_depth(registry.chain(quote.origin_id), value),
        fill_deadline=terms.fill_deadline,
        expires=terms.expires,
        received_at=submission.received_at,
        wake_at=time.time(),
    )


def _route_kind(quote: Quote) -> str:
    return str(quote.routes[0].get("kind", "")) if quote.routes else ""


def _write_steps(order: Order, plan: list[dict[str, Any]]) -> None:
    Step.objects.bulk_create(
        Step(
            order=order,
            index=step["index"],
            kind=step["kind"],
            chain_id=step["chain_id"],
            state=StepState.BLOCKED if step["depends_on"] else StepState.READY,
            depends_on=step["depends_on"],
            details=step["details"],
        )
        for step in plan
    )


def _reserve(order: Order, claims: list[Claim]) -> None:
    try:
        reservations.hold(order, claims)
    except StockShort as short:
        symbol = _symbol(short.chain_id, short.token)
        raise NoStock(str(short), token=symbol, chain=str(short.chain_id)) from short


def _symbol(chain_id: int, token: str) -> str:
    manifest = registry.chain(chain_id)
    for known in manifest.tokens:
        if known.address == token:
            return known.symbol
    return manifest.native.symbol
