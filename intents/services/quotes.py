"""Quotes: an intent is written down, a worker prices it, and the offer names the very order to sign."""

import time
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from intents import publish, wake
from intents.engine.blocklist import blocked_addresses
from intents.engine.repricing import Repriced
from intents.engine.repricing import reprice as reprice_input
from intents.engine.world import load_world
from intents.errors import WaymeetError
from intents.models import Quote, QuoteState
from intents.settlement.order import order_from_json
from intents.solver.router import Refusal

from . import anywhere
from .intent import Intent
from .solving import NotOffered, offer, solve

__all__ = ["Intent", "QuoteNotFound", "quote_request", "quote_solve", "quote_wait", "reprice"]

# Nobody waits for more than a quarter longer than their quote took, and a slow one is not asked for all the time.
SHORTEST_PAUSE_SECONDS: Final = 0.004
LONGEST_PAUSE_SECONDS: Final = 0.05
PAUSE_SHARE: Final = 0.25


class QuoteNotFound(WaymeetError):
    """No quote has this id."""

    code = "quote_not_found"
    status = 404


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
        input_amount=intent.amount if is_exact_input and not intent.is_from_anywhere else None,
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
        answer = _answer(Intent.from_json(quote.intent))
    except NotOffered as none:
        answer = none.changes()
    except WaymeetError as error:
        answer = NotOffered(Refusal(error.code, error.params)).changes()
    except Exception:  # nobody waits for a quote that never comes; the task tells the log
        _write(quote, NotOffered(Refusal("server_error")).changes())
        raise
    _write(quote, answer)


def quote_wait(quote_id: UUID | str, *, timeout_seconds: float) -> Quote:
    """The quote once it is no longer SOLVING, or as it is when the time is over. Raises QuoteNotFound."""
    began = time.monotonic()
    while True:
        quote = Quote.objects.filter(pk=quote_id).first()
        if quote is None:
            raise QuoteNotFound(str(quote_id))
        waited = time.monotonic() - began
        if quote.state != QuoteState.SOLVING or waited >= timeout_seconds:
            return quote
        time.sleep(min(max(waited * PAUSE_SHARE, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))


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
        way=quote.confirm_way,
        own=own,
    )


def _write(quote: Quote, changes: dict[str, Any]) -> None:
    second = changes.pop("second", None)
    with transaction.atomic():
        won = Quote.objects.filter(pk=quote.pk, state=QuoteState.SOLVING).update(
            solved_at=timezone.now(), **changes
        )
        if won and second is not None:
            _write_second(quote, *second)
        if won:
            publish.quote_changed(quote.pk)


def _write_second(first: Quote, intent: Intent, changes: dict[str, Any]) -> None:
    values = {
        "first": first,
        "browser_key": first.browser_key,
        "intent": intent.to_json(),
        "origin_id": intent.origin,
        "destination_id": intent.destination,
        "input_token": intent.input_token,
        "output_token": intent.output_token,
        "user": intent.user,
        "recipient": intent.recipient or intent.user,
        "solved_at": timezone.now(),
    }
    Quote.objects.create(**{**values, **changes})


def _answer(intent: Intent) -> dict[str, Any]:
    if {intent.user.lower(), intent.recipient.lower()} & blocked_addresses():
        raise NotOffered(Refusal("blocked_address"))
    if intent.is_from_anywhere:
        return anywhere.answer(intent)
    try:
        return offer(solve(intent, load_world(markets_of={intent.origin, intent.destination})))
    except NotOffered as none:
        none.refusal = _with_elsewhere(intent, none.refusal)
        raise


def _with_elsewhere(intent: Intent, refusal: Refusal) -> Refusal:
    """Too little on the chain that was chosen is told together with what the other chains would do about it."""
    if refusal.code != "insufficient_balance":
        return refusal
    value = anywhere.held_elsewhere(intent, need=int(refusal.params["need"]))
    return Refusal(refusal.code, refusal.params | {"elsewhere": value}) if value else refusal
