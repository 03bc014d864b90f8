"""Orders: accepted once, held against the quote field by field, reserved before anything is spent."""

import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from intents import wake
from intents.amounts import BPS, bps_down
from intents.chains import registry
from intents.chains.clock import clock
from intents.chains.manifest import ChainManifest
from intents.engine import deposits, events, reservations
from intents.engine.advance import advance
from intents.engine.blocklist import blocked_addresses
from intents.engine.brakes import refuse_braked
from intents.engine.claims import claims_of, ensure_stocks
from intents.engine.cold_start import refuse_new_chain
from intents.engine.depth import required_depth
from intents.engine.repricing import late_limit_bps
from intents.engine.reservations import Claim, StockShort
from intents.engine.sweep import sweep
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Order, OrderAccess, Quote, QuoteState, Step
from intents.settlement.acceptance import refuse_opening, refuse_terms
from intents.settlement.destination_call import final_recipient
from intents.settlement.order import (
    OrderFieldError,
    StandardOrder,
    bytes32_to_address,
    int_to_address,
    order_from_json,
    order_id,
    order_to_json,
)

from .bounds import check_awaiting, check_new_chain, check_wallet
from .errors import (
    AlreadySubmitted,
    FieldDiffers,
    NoStock,
    OrderFieldMalformed,
    QuoteAlreadyUsed,
    QuoteNotSignable,
    SignatureMalformed,
    WorsePrice,
    refused,
)
from .intent import Intent
from .limits import client_key
from .quotes import QuoteNotFound, quote_request, reprice
from .signatures import require_account, signed_by_user
from .wallets import AccountKind, WalletFacts, read_wallet
from .ways import UNSIGNED


@dataclass(frozen=True, slots=True)
class _Submission:
    """What came with the signed terms: `signature` in its canonical form, and who handed them in when."""

    signature: str
    browser_key: str
    client_key: str
    language: str
    received_at: float


def order_submit(
    *,
    quote_id: UUID | str,
    terms: Any,
    signature: Any,
    browser_key: str,
    client_address: str = "",
    language: str = "",
) -> Order:
    """Accept an order; the same one again from the same browser answers the same.

    `signature` is empty for the ways by which the user's own transaction opens it: such an order waits, and
    holds no stock until it is seen opened. `client_address` is where the request came from, kept as a keyed
    fingerprint: failed opens count against it. `language` is the page's, "" when unknown.
    Raises QuoteNotFound, OrderRefused. Nothing is spent by then.
    """
    received_at = time.time()
    quote = Quote.objects.filter(pk=quote_id).first()
    if quote is None:
        raise QuoteNotFound(str(quote_id))
    order = _parsed(terms)
    existing = _existing(order)
    if existing is not None and existing.quote_id is not None:
        return _again(existing, quote, browser_key)
    _require_quoted(quote, order, browser_key)
    origin, destination = registry.chain(quote.origin_id), registry.chain(quote.destination_id)
    submission = _Submission(
        signature=_signed(order, signature, way=quote.confirm_way, origin=origin),
        browser_key=browser_key,
        client_key=client_key(client_address),
        language=language,
        received_at=received_at,
    )
    _pass_gate(order, origin=origin, destination=destination, value_usd_e8=_value(quote))
    plan = _plan(quote, order)
    claims = _claims(quote, order, plan)
    ensure_stocks(claims)
    facts = _wallet(
        order, submission.signature, way=quote.confirm_way, origin=origin, destination=destination
    )
    try:
        return _accept(quote, order, submission, plan=plan, claims=claims, facts=facts)
    except IntegrityError:
        return _again(Order.objects.get(order_id=quote.order_id), quote, browser_key)


def order_advance(order_id_text: str) -> bool:
    """Bring an order forward; False when it is held by somebody else."""
    return advance(order_id_text)


def orders_sweep() -> int:
    """Find everything that is due; the number of orders woken."""
    return sweep()


def _signed(order: StandardOrder, signature: Any, *, way: str, origin: ChainManifest) -> str:
    """The signature in its canonical form once its maker is known; "" for ways that have none."""
    if way in UNSIGNED:
        if signature:
            raise SignatureMalformed(reason="unexpected")
        return ""
    return "0x" + signed_by_user(order, signature, origin=origin, way=way).hex()


def _wallet(
    order: StandardOrder, signature: str, *, way: str, origin: ChainManifest, destination: ChainManifest
) -> WalletFacts:
    """What the chains say of the user now; whoever has code must take the signature by that code."""
    facts = read_wallet(
        origin=origin,
        destination=destination,
        token=int_to_address(order.inputs[0][0]),
        user=order.user,
        recipient=final_recipient(order.outputs[0]),
    )
    if signature and facts.kind is not AccountKind.KEY and way != "permit":
        # Whoever verifies it asks the account's code, whatever its key signed.
        require_account(order, bytes.fromhex(signature[2:]), origin=origin, way=way)
    return facts


def _parsed(terms: Any) -> StandardOrder:
    try:
        return order_from_json(terms)
    except OrderFieldError as error:
        raise OrderFieldMalformed(error.field, field=error.field, reason=error.reason) from error


def _existing(order: StandardOrder) -> Order | None:
    manifest = registry.all_chains().get(order.origin_chain_id)
    if manifest is None:
        return None
    identity = "0x" + order_id(order, settler=manifest.address("input_settler")).hex()
    return Order.objects.filter(order_id=identity).first()


def _again(order: Order, quote: Quote, browser_key: str) -> Order:
    """Order and signature are public once opened: only who submitted it first gets it again."""
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


def _require_quoted(quote: Quote, order: StandardOrder, browser_key: str) -> None:
    if quote.browser_key and quote.browser_key != browser_key:
        raise QuoteNotFound(str(quote.pk))
    if quote.state == QuoteState.USED:
        raise QuoteAlreadyUsed()
    if quote.state != QuoteState.READY or not quote.order:
        raise QuoteNotSignable()
    different = first_difference(order_to_json(order), quote.order)
    if different:
        raise FieldDiffers(different, field=different)


def first_difference(submitted: Any, quoted: Any, path: str = "") -> str:
    """The path of the first field that differs, empty when none does."""
    if isinstance(quoted, dict) and isinstance(submitted, dict):
        for name in quoted:
            found = first_difference(submitted.get(name), quoted[name], f"{path}.{name}" if path else name)
            if found:
                return found
        return ""
    if isinstance(quoted, list) and isinstance(submitted, list) and len(quoted) == len(submitted):
        for index, item in enumerate(quoted):
            found = first_difference(submitted[index], item, f"{path}[{index}]")
            if found:
                return found
        return ""
    return "" if submitted == quoted else path


def _pass_gate(
    order: StandardOrder, *, origin: ChainManifest, destination: ChainManifest, value_usd_e8: int
) -> None:
    token, amount = int_to_address(order.inputs[0][0]), order.inputs[0][1]
    refusal = (
        refuse_terms(order, origin=origin, destination=destination, blocked=blocked_addresses())
        or refuse_opening(
            order,
            origin=origin,
            origin_time=clock(origin.chain_id),
            destination_time=clock(destination.chain_id),
        )
        or refuse_braked(
            origin_id=origin.chain_id,
            input_token=token,
            destination_id=destination.chain_id,
            output_token=bytes32_to_address(order.outputs[0].token),
        )
        or refuse_new_chain(origin, token, amount=amount, value_usd_e8=value_usd_e8)
    )
    if refusal is not None:
        raise refused(refusal)


def _plan(quote: Quote, order: StandardOrder) -> list[dict[str, Any]]:
    """The quoted steps, or for a card that ran out the steps of today's price, if we lose nothing by it."""
    if quote.expires_at is None or timezone.now() <= quote.expires_at:
        return list(quote.plan)
    signed = order.outputs[0].amount
    repriced = reprice(quote)
    short_bps = late_limit_bps(repriced.route, quote.fees) if repriced.route else 0
    if repriced.route is None or repriced.output_expected < bps_down(signed, BPS - short_bps):
        fresh = quote_request(intent=Intent.from_json(quote.intent), browser_key=quote.browser_key)
        raise WorsePrice(quote_id=str(fresh.pk), expected=str(repriced.output_expected), minimum=str(signed))
    return [_with_signed_output(step, quote, signed) for step in repriced.steps()]


def _with_signed_output(step: dict[str, Any], quote: Quote, signed: int) -> dict[str, Any]:
    if step["kind"] != StepKind.FILL:
        return step
    details = {
        **step["details"],
        "minimum_output": str(signed),
        "expected_output": str(quote.output_expected),
    }
    if not details.get("swap"):
        details["stock_amount"] = str(signed)
    return {**step, "details": details}


@transaction.atomic
def _accept(
    quote: Quote,
    terms: StandardOrder,
    submission: _Submission,
    *,
    plan: list[dict[str, Any]],
    claims: list[Claim],
    facts: WalletFacts,
) -> Order:
    browser_key = submission.browser_key
    if not Quote.objects.filter(pk=quote.pk, state=QuoteState.READY).update(state=QuoteState.USED):
        current = Order.objects.filter(quote=quote).first()
        if current is not None:
            return _again(current, quote, browser_key)
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


def _value(quote: Quote) -> int:
    return int(quote.routes[0].get("value_usd_e8", 0)) if quote.routes else 0


def _route_kind(quote: Quote) -> str:
    return str(quote.routes[0].get("kind", "")) if quote.routes else ""


def _adopted(quote: Quote, submission: _Submission) -> Order | None:
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


def _written(quote: Quote, terms: StandardOrder, submission: _Submission) -> Order:
    assert quote.order_id is not None
    value, output = _value(quote), terms.outputs[0]
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


def _claims(quote: Quote, terms: StandardOrder, plan: list[dict[str, Any]]) -> list[Claim]:
    fill = next(step["details"] for step in plan if step["kind"] == StepKind.FILL)
    origin, destination = registry.chain(quote.origin_id), registry.chain(quote.destination_id)
    return claims_of(terms, origin=origin, destination=destination, fill_details=fill)


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
