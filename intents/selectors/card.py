"""A quote as the card shows it: what arrives, what it costs, how it goes, and what is signed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intents.amounts import format_units
from intents.models import Quote, QuoteState
from intents.services.words import reason
from intents.services.words import text as error_words

from .amounts import grouped, shown_amount
from .anywhere import Anywhere, anywhere, anywhere_json
from .arrival import CallPlanned, arrival_wei, call_planned, gas_on_arrival
from .by_hand import ByHand, by_hand
from .instead import amount_instead
from .network import TokenName, chain_name, token_name
from .offers import Cost, Expected, Option, Stop, cost, expected, options, picture
from .sentences import words
from .steps import step_chains
from .together import Together, second_of, together
from .ways import USED, ShownWay, shown_ways

RATE_SIGNIFICANT_DIGITS = 6
LATE_SECONDS = 8.0
FIGURES = frozenset({"minimum", "maximum"})

FEES = {
    "network_fee": _("Network fee"),
    "service_fee": _("Service fee"),
    "margin": _("Service fee"),
    "swap_cost": _("Price impact"),
    "swap_gain": _("Price impact"),
    "proof": _("Proof between the chains"),
    "gas": _("Network fee"),
    "gas_on_arrival": _("Gas on arrival"),
}

ROUTES = {
    "in_stock": _("Paid from our stock on %(destination)s"),
    "bridge_swap_fill": _(
        "Our stock comes to %(destination)s over a bridge, is exchanged there and paid to you in one transaction"
    ),
    "swap_fill": _("Exchanged on %(destination)s and paid to you in the same transaction"),
}

QUOTE_STEPS = {
    "open": _("Your %(input)s is locked in our contract on %(chain)s"),
    "swap": _("We exchange on %(chain)s"),
    "bridge": _("We bring our stock from %(chain)s to %(to)s"),
    "fill": _("You are paid %(output)s on %(chain)s"),
    "prove": _("The proof of payment is carried to %(origin)s"),
    "finalise": _("The contract on %(chain)s repays us"),
}


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One cost, already inside the amount you receive."""

    label: str
    amount: str
    usd_e8: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the quote card shows."""

    quote: Quote
    state: str
    refusal_code: str
    refusal: str
    input_token: TokenName
    output_token: TokenName
    origin: str
    destination: str
    rate: str
    inverse_rate: str
    fees: tuple[FeeLine, ...]
    steps: tuple[str, ...]
    route: str
    way: str
    ways: tuple[ShownWay, ...]
    rejected: tuple[str, ...]
    instead: str
    elsewhere: str
    seconds_left: float
    offer: str
    call: CallPlanned | None = None
    gas_on_arrival: str = ""
    by_hand: ByHand | None = None
    anywhere: Anywhere | None = None
    together: Together | None = None
    picture: tuple[Stop, ...] = ()
    cost: Cost | None = None
    expected: Expected | None = None
    options: tuple[Option, ...] = ()

    @property
    def is_solving(self) -> bool:
        """No answer yet."""
        return self.state == QuoteState.SOLVING

    @property
    def is_late(self) -> bool:
        """Still no answer when there should long be one."""
        return self.is_solving and (timezone.now() - self.quote.created_at).total_seconds() >= LATE_SECONDS

    @property
    def is_ready(self) -> bool:
        """There is an offer, or there was one."""
        return self.state in (QuoteState.READY, QuoteState.USED)

    @property
    def is_refused(self) -> bool:
        """There is no offer; `refusal` says why."""
        return self.state == QuoteState.REFUSED

    @property
    def is_expired(self) -> bool:
        """The offer is too old to be confirmed."""
        return self.is_ready and self.seconds_left <= 0

    @property
    def can_confirm(self) -> bool:
        """There is an exact order to sign."""
        return self.state == QuoteState.READY and self.quote.order is not None

    def to_json(self) -> dict[str, Any]:
        """The present as sent to programs."""
        quote = self.quote
        return {
            "type": "quote",
            "quote_id": str(quote.id),
            "state": quote.state,
            "refusal": {"code": self.refusal_code, "message": self.refusal} if self.is_refused else None,
            "output_expected": _text(quote.output_expected),
            "output_minimum": _text(quote.output_minimum),
            "eta_seconds": quote.eta_seconds,
            "confirmations": quote.confirmations,
            "approvals": 0,
            "claims": 0,
            "seconds_left": round(self.seconds_left, 1),
            "routes": quote.routes,
            "fees": quote.fees,
            "confirm_way": quote.confirm_way,
            "ways": quote.ways,
            "order_id": quote.order_id,
            "anywhere": anywhere_json(quote),
            "second": _second_json(quote),
        }


def card(quote: Quote) -> Card:
    """Build the card of a quote as it is now."""
    input_token = token_name(quote.origin_id, quote.input_token)
    output_token = token_name(quote.destination_id, quote.output_token)
    refusal: Mapping[str, Any] = quote.refusal or {}
    left = (quote.expires_at - timezone.now()).total_seconds() if quote.expires_at else 0.0
    rate, inverse = _rates(quote, input_token, output_token)
    chosen: Mapping[str, Any] = quote.routes[0] if quote.routes else {}
    names = {"destination": chain_name(quote.destination_id), "origin": chain_name(quote.origin_id)}
    return Card(
        quote=quote,
        state=quote.state,
        refusal_code=str(refusal.get("code", "")),
        refusal=error_words(str(refusal.get("code", "")), refusal.get("params")) if refusal else "",
        input_token=input_token,
        output_token=output_token,
        origin=names["origin"],
        destination=names["destination"],
        rate=rate,
        inverse_rate=inverse,
        fees=tuple(_all_fees(quote, input_token, output_token)),
        steps=tuple(_steps(quote, input_token, output_token)),
        route=words(ROUTES, str(chosen.get("kind", "")), names) if chosen else "",
        way=words(USED, quote.confirm_way) if quote.confirm_way else "",
        ways=shown_ways(quote),
        rejected=tuple(_rejected(quote)),
        instead=amount_instead(quote),
        elsewhere=str((refusal.get("params") or {}).get("elsewhere", "")),
        seconds_left=max(0.0, left),
        offer=_offer_json(quote),
        call=call_planned(quote),
        gas_on_arrival=gas_on_arrival(quote),
        by_hand=by_hand(quote),
        anywhere=anywhere(quote),
        together=together(quote),
        picture=picture(quote),
        cost=cost(*filter(None, (quote, second_of(quote)))),
        expected=expected(quote),
        options=options(quote),
    )


def _all_fees(quote: Quote, input_token: TokenName, output_token: TokenName) -> list[FeeLine]:
    """The fees; of two chains that pay together those of both, each with its chain."""
    lines = _fees(quote, input_token, output_token)
    second = second_of(quote)
    if second is None:
        return lines
    theirs = _fees(second, token_name(second.origin_id, second.input_token), output_token)
    return [
        FeeLine(f"{line.label} · {chain_name(each.origin_id)}", line.amount, line.usd_e8)
        for each, its in ((quote, lines), (second, theirs))
        for line in its
    ]


def _fees(quote: Quote, input_token: TokenName, output_token: TokenName) -> list[FeeLine]:
    """One line per label and token; a gain, such as a pool that pays more than the feeds, adds."""
    sums: dict[tuple[str, TokenName], tuple[int, int | None]] = {}
    for fee in quote.fees:
        key = words(FEES, str(fee.get("kind", ""))), _fee_token(quote, fee, input_token, output_token)
        sign = -1 if fee.get("is_gain") else 1
        amount, usd_e8 = sums.get(key, (0, 0))
        value = fee.get("usd_e8")
        total = None if value is None or usd_e8 is None else usd_e8 + sign * int(value)
        sums[key] = amount + sign * int(fee.get("amount") or 0), total
    return [
        FeeLine(label, f"{_signed(amount, token)} {token.symbol}", usd_e8)
        for (label, token), (amount, usd_e8) in sums.items()
    ]


def _signed(amount: int, token: TokenName) -> str:
    return f"+{shown_amount(-amount, token.decimals)}" if amount < 0 else shown_amount(amount, token.decimals)


def _fee_token(
    quote: Quote, fee: Mapping[str, Any], input_token: TokenName, output_token: TokenName
) -> TokenName:
    address = str(fee.get("token", "")).lower()
    for known in (output_token, input_token):
        if address in (known.address.lower(), known.symbol.lower()):
            return known
    chain_id = fee.get("chain_id") or quote.destination_id
    return token_name(int(chain_id), address)


def _steps(quote: Quote, input_token: TokenName, output_token: TokenName) -> list[str]:
    params = {
        "input": input_token.symbol,
        "output": output_token.symbol,
        "origin": chain_name(quote.origin_id),
    }
    return [
        words(
            QUOTE_STEPS,
            str(step.get("kind", "")),
            {**params, **step_chains(step["chain_id"], step.get("details") or {})},
        )
        for step in quote.plan
    ]


def _rejected(quote: Quote) -> list[str]:
    """Why ways were not offered; beside a refusal only what it does not say itself."""
    found = (route["reason"] for route in quote.rejected)
    said = (reason(each["code"], each["params"]) for each in found if not _is_told(each, quote.refusal or {}))
    return list(dict.fromkeys(said))


def _is_told(why: Mapping[str, Any], refusal: Mapping[str, Any]) -> bool:
    if why["code"] != refusal.get("code"):
        return False
    # Of equal codes the refusal has the figure that asks for the least change.
    return why["params"] == refusal.get("params") or bool(FIGURES & why["params"].keys())


def _rates(quote: Quote, input_token: TokenName, output_token: TokenName) -> tuple[str, str]:
    given, got = quote.input_amount, quote.output_expected
    if not given or not got:
        return "", ""
    one_in, one_out = 10**input_token.decimals, 10**output_token.decimals
    rate = f"1 {input_token.symbol} ≈ {_rate(got * one_in, given * one_out)} {output_token.symbol}"
    if input_token.symbol == output_token.symbol:
        # The other way round it would read as the same thing with another figure.
        return rate, ""
    return rate, f"1 {output_token.symbol} ≈ {_rate(given * one_out, got * one_in)} {input_token.symbol}"


def _rate(numerator: int, denominator: int) -> str:
    scaled = numerator * 10**24 // denominator
    digits = str(scaled)
    if len(digits) > RATE_SIGNIFICANT_DIGITS:
        cut = len(digits) - RATE_SIGNIFICANT_DIGITS
        scaled = scaled // 10**cut * 10**cut
    return grouped(format_units(scaled, 24))


def _second_json(quote: Quote) -> dict[str, Any] | None:
    second = second_of(quote)
    return card(second).to_json() if second else None


def _offer_json(quote: Quote) -> str:
    """What the page's script checks and has signed; nothing in it is believed without the check."""
    if quote.state != QuoteState.READY or quote.order is None:
        return ""
    second = second_of(quote)
    parts = _offer(quote) | ({"second": _offer(second)} if second else {})
    return json.dumps(parts, separators=(",", ":"))


def _offer(quote: Quote) -> dict[str, Any]:
    return {
        "quoteId": str(quote.id),
        "orderId": quote.order_id,
        "order": quote.order,
        "way": quote.confirm_way,
        "user": quote.user,
        "recipient": quote.recipient,
        "origin": str(quote.origin_id),
        "destination": str(quote.destination_id),
        "inputToken": quote.input_token,
        "inputAmount": _text(quote.input_amount),
        "outputToken": quote.output_token,
        "outputMinimum": _text(quote.output_minimum),
        "gasOnArrival": str(arrival_wei(quote)),
    }


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
