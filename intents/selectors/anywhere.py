"""Which chain pays for an offer from anywhere, and why: one sentence, and a line for each of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.models import Quote
from intents.services.words import reason

from .amounts import shown_amount
from .network import chain_name, token_name

WITHOUT_OTHERS = {
    "only": gettext_lazy("From %(chain)s: the only one of your chains that can pay this now."),
    "same": gettext_lazy("From %(chain)s: it makes no difference which of your chains pays."),
}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One chain that could pay: what the wallet holds there, and what would be different from there."""

    chain: str
    holds: str
    note: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Anywhere:
    """The choice on the card."""

    symbol: str
    sentence: str
    places: tuple[PlaceLine, ...]
    is_wallet_known: bool


def anywhere(quote: Quote) -> Anywhere | None:
    """The choice of a quote from anywhere; None for a quote that named its chain."""
    told: Mapping[str, Any] = quote.anywhere
    if not told:
        return None
    places = told["places"]
    chosen = next((place for place in places if place["chain_id"] == told["chosen"]), None)
    return Anywhere(
        symbol=told["symbol"],
        sentence=_sentence(quote, told, chosen) if chosen else _together_sentence(told),
        places=tuple(_line(quote, place, chosen) for place in places),
        is_wallet_known=told["is_wallet_known"],
    )


def anywhere_json(quote: Quote) -> dict[str, Any] | None:
    """The choice for programs; null for a quote that named its chain."""
    return quote.anywhere or None


def _sentence(quote: Quote, told: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    name = chain_name(chosen["chain_id"])
    others = [place for place in told["places"] if place is not chosen and place["output_expected"]]
    if not others or told["why"] in WITHOUT_OTHERS:
        return str(WITHOUT_OTHERS.get(told["why"], WITHOUT_OTHERS["only"])) % {"chain": name}
    params = {"chain": name, "other": chain_name(others[0]["chain_id"])}
    if told["why"] == "faster":
        params["seconds"] = others[0]["eta_seconds"] - chosen["eta_seconds"]
        return _("From %(chain)s: delivers as much as from %(other)s, and %(seconds)s s sooner.") % params
    params["difference"] = _difference(quote, others[0], chosen)
    if _is_exact_output(quote):
        return _("From %(chain)s: costs the least; from %(other)s %(difference)s more.") % params
    return _("From %(chain)s: delivers the most; from %(other)s %(difference)s less.") % params


def _together_sentence(told: Mapping[str, Any]) -> str:
    if told["why"] != "together":
        return ""
    tokens = {place["chain_id"]: place["token"] for place in told["places"]}
    said = []
    for share in told["shares"]:
        token = token_name(share["chain_id"], tokens[share["chain_id"]])
        said.append(f"{shown_amount(int(share['amount']), token.decimals)} {token.symbol}")
    first, second = (chain_name(share["chain_id"]) for share in told["shares"])
    return _(
        "No single chain of yours holds enough, so two pay together: "
        "%(one)s from %(first)s and %(two)s from %(second)s."
    ) % {"one": said[0], "first": first, "two": said[1], "second": second}


def _line(quote: Quote, place: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> PlaceLine:
    token = token_name(place["chain_id"], place["token"])
    holds = (
        "" if place["have"] is None else f"{shown_amount(int(place['have']), token.decimals)} {token.symbol}"
    )
    return PlaceLine(
        chain=chain_name(place["chain_id"]),
        holds=holds,
        note=_note(quote, place, chosen),
        is_chosen=place is chosen,
    )


def _note(quote: Quote, place: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> str:
    if place is chosen:
        return _("used for this offer")
    if place["code"]:
        return reason(place["code"], place["params"])
    if chosen is None:
        return ""
    slower = place["eta_seconds"] - chosen["eta_seconds"]
    difference = _difference(quote, place, chosen)
    worse = _("%(amount)s more") if _is_exact_output(quote) else _("%(amount)s less")
    said = [worse % {"amount": difference}] if difference else []
    if slower:
        said.append((_("%(n)s s later") if slower > 0 else _("%(n)s s sooner")) % {"n": abs(slower)})
    return ", ".join(said)


def _difference(quote: Quote, place: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """What the other place delivers less, or costs more; "" when there is no difference to show."""
    if _is_exact_output(quote):
        one, two = (token_name(each["chain_id"], each["token"]) for each in (place, chosen))
        most = max(one.decimals, two.decimals)
        more = int(place["input"]) * 10 ** (most - one.decimals)
        more -= int(chosen["input"]) * 10 ** (most - two.decimals)
        return f"{shown_amount(more, most)} {two.symbol}" if more > 0 else ""
    token = token_name(quote.destination_id, quote.output_token)
    less = int(chosen["output_expected"]) - int(place["output_expected"])
    return f"{shown_amount(less, token.decimals)} {token.symbol}" if less > 0 else ""


def _is_exact_output(quote: Quote) -> bool:
    return str(quote.intent.get("exact", "input")) == "output"
