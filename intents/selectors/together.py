"""Paying from two chains at once: both parts on the card, and both transfers on either one's page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from intents.amounts import format_units
from intents.models import Order, Quote

from .access import Viewer, can_read
from .amounts import shown_amount
from .network import chain_name, connected_chains, token_name
from .timeline import timeline


@dataclass(frozen=True, slots=True)
class Part:
    """What one chain gives, and what it alone delivers at least."""

    number: int
    given: str
    chain: str
    minimum: str


@dataclass(frozen=True, slots=True)
class Together:
    """Both parts of an offer, and their sums in the output token."""

    parts: tuple[Part, ...]
    expected: str
    minimum: str
    eta_seconds: int
    confirmations: int


@dataclass(frozen=True, slots=True)
class PartState:
    """One part on a transfer's page: where it stands, its page if there is one, else where to ask for it anew."""

    number: int
    given: str
    chain: str
    headline: str
    order_id: str
    again: str
    is_here: bool
    is_running: bool


def together(quote: Quote) -> Together | None:
    """Both parts of a quote; None for one that pays from one chain."""
    second = second_of(quote)
    if second is None:
        return None
    both = (quote, second)
    output = token_name(quote.destination_id, quote.output_token)
    return Together(
        parts=tuple(
            Part(
                number, given(each), chain_name(each.origin_id), _amount(each.output_minimum, output.decimals)
            )
            for number, each in enumerate(both, start=1)
        ),
        expected=_amount(sum(each.output_expected or 0 for each in both), output.decimals),
        minimum=_amount(sum(each.output_minimum or 0 for each in both), output.decimals),
        eta_seconds=max(each.eta_seconds or 0 for each in both),
        confirmations=quote.confirmations,
    )


def second_of(quote: Quote) -> Quote | None:
    """The part that is confirmed after this one; asks the database only where there is one."""
    return quote.second_part if quote.anywhere.get("why") == "together" else None


def part_states(order: Order, seen_by: Viewer) -> tuple[PartState, ...]:
    """Both parts for who may read both; empty for a transfer that is paid from one chain."""
    if order.quote is None:
        return ()
    first = order.quote.first or order.quote
    second = second_of(first)
    if second is None:
        return ()
    orders = [Order.objects.filter(quote=each).first() for each in (first, second)]
    if any(each is not None and not can_read(each, seen_by) for each in orders):
        return ()
    return tuple(
        _state(number, quote, made, here=order)
        for number, (quote, made) in enumerate(zip((first, second), orders, strict=True), start=1)
    )


def given(quote: Quote) -> str:
    """What a quote takes, as people read it."""
    token = token_name(quote.origin_id, quote.input_token)
    return f"{_amount(quote.input_amount, token.decimals)} {token.symbol}"


def _state(number: int, quote: Quote, made: Order | None, *, here: Order) -> PartState:
    view = timeline(made) if made else None
    return PartState(
        number=number,
        given=given(quote),
        chain=chain_name(quote.origin_id),
        headline=view.headline if view else _("not confirmed: nothing was taken for this part"),
        order_id=made.order_id if made else "",
        again="" if made else _asked_anew(quote),
        is_here=made is not None and made.pk == here.pk,
        is_running=view is not None and not view.is_ended,
    )


def _asked_anew(quote: Quote) -> str:
    """The form's address with this part alone filled in."""
    chains = connected_chains()
    if quote.origin_id not in chains or quote.destination_id not in chains:
        return ""
    source = token_name(quote.origin_id, quote.input_token)
    target = token_name(quote.destination_id, quote.output_token)
    amount = format_units(quote.input_amount or 0, source.decimals)
    origin, destination = chains[quote.origin_id].slug, chains[quote.destination_id].slug
    return f"/?from={origin}:{source.symbol}&to={destination}:{target.symbol}&amount={amount}"


def _amount(units: int | None, decimals: int) -> str:
    return shown_amount(units or 0, decimals)
