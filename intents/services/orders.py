"""Orders: accepted once, held against the quote field by field, reserved before anything is spent."""

import time
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from intents.amounts import BPS, bps_down
from intents.chains import registry
from intents.chains.clock import clock
from intents.chains.manifest import ChainManifest
from intents.engine.advance import advance
from intents.engine.blocklist import blocked_addresses
from intents.engine.brakes import refuse_braked
from intents.engine.claims import claims_of, ensure_stocks
from intents.engine.cold_start import refuse_new_chain
from intents.engine.repricing import late_limit_bps
from intents.engine.reservations import Claim
from intents.engine.sweep import sweep
from intents.lifecycle import StepKind
from intents.models import Order, Quote, QuoteState
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

from .errors import (
    FieldDiffers,
    OrderFieldMalformed,
    QuoteAlreadyUsed,
    QuoteNotSignable,
    SignatureMalformed,
    WorsePrice,
    refused,
)
from .intent import Intent
from .limits import client_key
from .order_writing import Submission, quoted_value_usd_e8, same_order, write_order
from .quotes import QuoteNotFound, quote_request, reprice
from .signatures import require_account, signed_by_user
from .wallets import AccountKind, WalletFacts, read_wallet
from .ways import UNSIGNED


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
        return same_order(existing, quote, browser_key)
    _require_quoted(quote, order, browser_key)
    origin, destination = registry.chain(quote.origin_id), registry.chain(quote.destination_id)
    submission = Submission(
        signature=_signed(order, signature, way=quote.confirm_way, origin=origin),
        browser_key=browser_key,
        client_key=client_key(client_address),
        language=language,
        received_at=received_at,
    )
    _pass_gate(order, origin=origin, destination=destination, value_usd_e8=quoted_value_usd_e8(quote))
    plan = _plan(quote, order)
    claims = _claims(quote, order, plan)
    ensure_stocks(claims)
    facts = _wallet(
        order, submission.signature, way=quote.confirm_way, origin=origin, destination=destination
    )
    try:
        return write_order(quote, order, submission, plan=plan, claims=claims, facts=facts)
    except IntegrityError:
        return same_order(Order.objects.get(order_id=quote.order_id), quote, browser_key)


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


def _claims(quote: Quote, terms: StandardOrder, plan: list[dict[str, Any]]) -> list[Claim]:
    fill = next(step["details"] for step in plan if step["kind"] == StepKind.FILL)
    origin, destination = registry.chain(quote.origin_id), registry.chain(quote.destination_id)
    return claims_of(terms, origin=origin, destination=destination, fill_details=fill)
