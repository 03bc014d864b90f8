"""Quotes: an intent is written down, a worker prices it, and the offer names the very order to sign."""

import secrets
import time
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from intents import publish, wake
from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.clock import ClockUnknown, clock
from intents.chains.fees import base_fee_wei
from intents.chains.manifest import ChainManifest
from intents.engine import deposits
from intents.engine.blocklist import blocked_addresses
from intents.engine.proof_times import proof_allowance
from intents.engine.repricing import Repriced
from intents.engine.repricing import reprice as reprice_input
from intents.engine.world import load_world
from intents.errors import WaymeetError
from intents.models import Quote, QuoteState
from intents.settlement.acceptance import refuse_terms
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_from_json,
    order_id,
    order_to_json,
)
from intents.solver.plan import fee_to_json, rejected_to_json, route_to_json, steps_of
from intents.solver.router import Refusal, Route, Routes, Wanted, find_routes
from intents.solver.world import World

from . import arrival
from .intent import Intent
from .trial import Outcome, Trial
from .wallets import AccountKind, WalletFacts, read_wallet
from .ways import FROM_ANYWHERE, Asking, Choice, choose

__all__ = ["Intent", "QuoteNotFound", "quote_request", "quote_solve", "quote_wait", "reprice"]

log = structlog.get_logger(__name__)

CARD_SECONDS: Final = 30
WAIT_STEP_SECONDS: Final = 0.02
SLOW_FILL_SECONDS: Final = 3600
# What `open` by the user's own wallet needs with its approval, rounded up.
OWN_OPEN_GAS: Final = 350_000


class QuoteNotFound(WaymeetError):
    """No quote has this id."""

    code = "quote_not_found"
    status = 404


class _Refused(Exception):
    def __init__(self, code: str, *, ways: list[dict[str, Any]] | None = None, **params: Any) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, params)
        self.ways = ways or []


@transaction.atomic
def quote_request(*, intent: Intent, browser_key: str = "") -> Quote:
    """Write the intent down and have a worker solve it once this is committed."""
    is_exact_input = intent.exact == "input"
    quote = Quote.objects.create(
        browser_key=browser_key,
        intent=intent.to_json(),
        origin_id=intent.origin,
        destination_id=intent.destination,
        input_token=intent.input_token,
        output_token=intent.output_token,
        input_amount=intent.amount if is_exact_input else None,
        user=intent.user,
        recipient=intent.recipient or intent.user,
    )
    wake.solve(quote.id)
    return quote


def quote_solve(quote_id: UUID | str) -> None:
    """Price a quote that is still SOLVING and write the answer; a second call changes nothing."""
    quote = Quote.objects.filter(pk=quote_id).first()
    if quote is None:
        raise QuoteNotFound(str(quote_id))
    if quote.state != QuoteState.SOLVING:
        return
    try:
        answer = _answer(quote)
    except WaymeetError as error:
        answer = _refusal(Refusal(error.code, error.params))
    except Exception:
        _write(quote, _refusal(Refusal("server_error")))
        raise
    _write(quote, answer)


def quote_wait(quote_id: UUID | str, *, timeout_seconds: float) -> Quote:
    """The quote once it is no longer SOLVING, or as it is when the time is over. Raises QuoteNotFound."""
    until = time.monotonic() + timeout_seconds
    while True:
        quote = Quote.objects.filter(pk=quote_id).first()
        if quote is None:
            raise QuoteNotFound(str(quote_id))
        if quote.state != QuoteState.SOLVING or time.monotonic() >= until:
            return quote
        time.sleep(WAIT_STEP_SECONDS)


def reprice(quote: Quote, *, own: dict[tuple[int, str], int] | None = None) -> Repriced:
    """What the quote's input buys now; `own` is stock by (chain, token) that its order already holds."""
    if quote.input_amount is None:
        raise QuoteNotFound(str(quote.id))
    return reprice_input(
        origin_id=quote.origin_id,
        destination_id=quote.destination_id,
        input_token=quote.input_token,
        input_amount=quote.input_amount,
        output_token=quote.output_token,
        outputs=order_from_json(quote.order).outputs if quote.order else (),
        own=own,
    )


def _write(quote: Quote, changes: dict[str, Any]) -> None:
    with transaction.atomic():
        won = Quote.objects.filter(pk=quote.pk, state=QuoteState.SOLVING).update(
            solved_at=timezone.now(), **changes
        )
        if won:
            publish.quote_changed(quote.pk)


def _refusal(refusal: Refusal, routes: Routes | None = None) -> dict[str, Any]:
    return {
        "state": QuoteState.REFUSED,
        "refusal": {"code": refusal.code, "params": refusal.params},
        "rejected": [rejected_to_json(each) for each in routes.rejected] if routes else [],
    }


def _answer(quote: Quote) -> dict[str, Any]:
    intent = Intent.from_json(quote.intent)
    if {intent.user.lower(), intent.recipient.lower()} & blocked_addresses():
        return _refusal(Refusal("blocked_address"))
    origin, destination = registry.chain(intent.origin), registry.chain(intent.destination)
    wanted = Wanted(
        origin_id=intent.origin,
        destination_id=intent.destination,
        input_token=intent.input_token,
        output_token=intent.output_token,
        amount=intent.amount,
        is_exact_output=intent.exact == "output",
    )
    world = load_world()
    _require_seen(world, origin, destination)
    gas_wei = arrival.gas_wei_of(intent, destination=destination, world=world)
    rules = arrival.rules_of(intent, destination=destination, gas_wei=gas_wei)
    routes = find_routes(wanted, world, rules)
    route = routes.chosen
    if route is None:
        return _refusal(routes.refusal or Refusal("no_route"), routes)
    trial, signing = None, {}
    try:
        if intent.user:
            trial = _tried(intent, route, destination=destination)
            signing = _signing(intent, route, origin=origin, destination=destination, gas_wei=gas_wei)
    except _Refused as refused:
        return _refusal(refused.refusal, routes) | {"ways": refused.ways}
    offer = _offer(wanted, routes, route, world) | signing
    return offer | {"plan": arrival.with_call(offer["plan"], intent, trial)}


def _tried(intent: Intent, route: Route, *, destination: ChainManifest) -> Trial | None:
    """A call that would fail now is not offered; one that cannot be tried is, and the card says so."""
    trial = arrival.trial_of(intent, amount=route.output_minimum, destination=destination)
    if trial is not None and trial.outcome is Outcome.FAILS:
        raise _Refused("call_would_fail", field="call", revert=trial.reason)
    return trial


def _require_seen(world: World, *chains: ChainManifest) -> None:
    for chain in chains:
        if chain.chain_id not in world.chains:
            raise ClockUnknown(f"no head of {chain.slug} seen yet", chain=chain.name)


def _offer(wanted: Wanted, routes: Routes, route: Route, world: World) -> dict[str, Any]:
    now = timezone.now()
    seen = {
        str(chain_id): [world.chains[chain_id].block_number, world.chains[chain_id].block_hash]
        for chain_id in (wanted.origin_id, wanted.destination_id)
    }
    return {
        "state": QuoteState.READY,
        "routes": [route_to_json(each, wanted) for each in (route, *routes.alternatives)],
        "rejected": [rejected_to_json(each) for each in routes.rejected],
        "fees": [fee_to_json(line) for line in route.fees],
        "plan": steps_of(route, wanted),
        "input_amount": route.input_amount,
        "output_expected": route.output_expected,
        "output_minimum": route.output_minimum,
        "eta_seconds": route.eta_seconds,
        "confirmations": 1,
        "world": seen,
        "expires_at": now + timedelta(seconds=CARD_SECONDS),
    }


def _signing(
    intent: Intent, route: Route, *, origin: ChainManifest, destination: ChainManifest, gas_wei: int
) -> dict[str, Any]:
    """The exact order to sign, after everything that would make it fail has been looked at."""
    facts = read_wallet(
        origin=origin,
        destination=destination,
        token=intent.input_token,
        user=intent.user,
        recipient=intent.recipient,
        amount=route.input_amount,
        output_token=ZERO_ADDRESS if gas_wei else intent.output_token,
    )
    if facts.is_recipient_absent and intent.recipient:
        raise _Refused("recipient_not_allowed", field="recipient", reason="absent")
    if facts.is_user_contract and not intent.recipient:
        raise _Refused("recipient_is_contract", field="recipient")
    if facts.is_native_refused:
        raise _Refused("recipient_refuses_native", field="recipient")
    choice = _choice(intent, route, facts, origin=origin)
    output = MandateOutput(
        oracle=address_to_bytes32(destination.address("hyperlane_oracle")),
        settler=address_to_bytes32(destination.address("output_settler")),
        chain_id=destination.chain_id,
        token=address_to_bytes32(intent.output_token),
        amount=route.output_minimum,
        recipient=address_to_bytes32(intent.recipient or intent.user),
    )
    outputs = arrival.outputs_of(intent, output, destination=destination, gas_wei=gas_wei)
    is_slow = (choice.way in FROM_ANYWHERE and not origin.is_local) or facts.kind is AccountKind.CONTRACT
    order = _order(intent, route, outputs, is_slow=is_slow, origin=origin, destination=destination)
    broken = refuse_terms(order, origin=origin, destination=destination, blocked=blocked_addresses())
    if broken is not None:
        raise _Refused(broken.code, ways=choice.ways, **broken.params)
    identity = order_id(order, settler=origin.address("input_settler"))
    return {
        "confirm_way": choice.way,
        "ways": choice.ways,
        "recipient": intent.recipient or intent.user,
        "order": order_to_json(order),
        "order_id": "0x" + identity.hex(),
    }


def _choice(intent: Intent, route: Route, facts: WalletFacts, *, origin: ChainManifest) -> Choice:
    token = origin.token(intent.input_token)
    asking = Asking(
        token=token,
        amount=route.input_amount,
        facts=facts,
        can_batch=intent.can_batch,
        has_addresses=deposits.IMPLEMENTATION in origin.contracts,
        gas_wei=OWN_OPEN_GAS * (2 * base_fee_wei(origin.chain_id) + origin.priority_fee_wei),
    )
    choice = choose(asking, confirm=intent.confirm)
    if choice.way:
        return choice
    if choice.reason == "insufficient_balance":
        raise _Refused(
            "insufficient_balance",
            ways=choice.ways,
            have=str(facts.balance),
            need=str(route.input_amount),
            token=token.symbol,
            decimals=token.decimals,
        )
    raise _Refused(
        "no_way_to_confirm", ways=choice.ways, reason=choice.reason, token=token.symbol, way=intent.confirm
    )


def _order(
    intent: Intent,
    route: Route,
    outputs: tuple[MandateOutput, ...],
    *,
    is_slow: bool,
    origin: ChainManifest,
    destination: ChainManifest,
) -> StandardOrder:
    fill_deadline, expires = _deadlines(origin, destination, is_slow=is_slow)
    return StandardOrder(
        user=intent.user,
        nonce=secrets.randbits(256),
        origin_chain_id=origin.chain_id,
        expires=expires,
        fill_deadline=fill_deadline,
        input_oracle=origin.address("hyperlane_oracle"),
        inputs=((address_to_int(intent.input_token), route.input_amount),),
        outputs=outputs,
    )


def _deadlines(origin: ChainManifest, destination: ChainManifest, *, is_slow: bool) -> tuple[int, int]:
    """Fill deadline and expiry, chain time. Both chains judge them, so the later clock counts.

    Deposits from elsewhere and accounts that several people sign for are slow.
    """
    now = max(clock(origin.chain_id), clock(destination.chain_id))
    fill_deadline = now + max(origin.limits.fill_seconds, SLOW_FILL_SECONDS if is_slow else 0)
    if origin.is_local:
        fill_deadline += origin.finality_seconds
    proof = proof_allowance(origin, destination)
    return fill_deadline, fill_deadline + max(origin.limits.expires_seconds, proof)
