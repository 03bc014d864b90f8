"""The form, and the quotes it asks for."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from intents.amounts import format_units
from intents.api.limits import counted, looked_up
from intents.errors import WaymeetError
from intents.models import Quote
from intents.selectors.access import quote_for
from intents.selectors.card import card
from intents.selectors.choices import held_back
from intents.selectors.network import connected_chains, token_name
from intents.services.assets import as_listed, assets
from intents.services.limits import QUOTES
from intents.services.names import address_behind
from intents.services.quotes import Intent, quote_request, quote_wait

from .browser import known_or_new, remember, viewer_of
from .failures import refusal, said
from .ready import has_chains, not_started
from .receiver import with_receiver
from .said import Said, example_sentence
from .wallet import wallet_page

REFRESH_WAIT_SECONDS = 2.0
EXAMPLE = {"from": "alder:USDC", "to": "birch:WETH", "amount": "100", "exact": "input"}
_FIELDS = (
    "from",
    "to",
    "amount",
    "exact",
    "recipient",
    "user",
    "refund",
    "confirm",
    "can_batch",
    "app",
    "gas_on_arrival",
    "prefer",
)
# Whose money it is and where it comes back to is typed or comes from the wallet: whoever made a link says neither.
_NEVER_LINKED = {"user": "", "refund": "", "can_batch": ""}


@dataclass(frozen=True, slots=True)
class Choice:
    """One token on one chain in a list; `why` says what keeps it from being chosen, "" when nothing does."""

    value: str
    symbol: str
    name: str
    why: str = ""


@gzip_page
@require_safe
@never_cache
def form(request: HttpRequest) -> HttpResponse:
    """`/`: an empty form with an example, or the one a link describes."""
    if not has_chains():
        return not_started(request, missing="chains")
    return form_page(request, linked(request.GET))


@require_POST
@counted(QUOTES)
def quote(request: HttpRequest) -> HttpResponse:
    """Ask for a quote. Scripts get the card, which fills itself; others are led to the quote's page."""
    if not has_chains():
        return not_started(request, missing="chains")
    values = _entered(request.POST, {})
    # Without scripts the buttons of a refusal send what they stand for beside what was typed.
    values["amount"] = request.POST.get("instead", values["amount"])[:200]
    if request.POST.get("elsewhere"):
        values |= {"from": request.POST["elsewhere"][:200], "confirm": "auto"}
    key, cookie = known_or_new(request)
    try:
        values["recipient"] = address_behind(values["recipient"])
        asked = quote_request(intent=Intent.parse(_mapping(values)), browser_key=key)
    except WaymeetError as error:
        return _refused(request, values, error)
    if not request.htmx:  # type: ignore[attr-defined]
        return remember(request, redirect("web:quote_page", quote_id=asked.id), cookie)
    if request.POST.get("refresh"):
        asked = quote_wait(asked.id, timeout_seconds=REFRESH_WAIT_SECONDS)
    return remember(request, render(request, "parts/quote.html", {"card": card(asked)}), cookie)


@require_safe
@never_cache
@looked_up
def quote_page(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """`/q/<id>`: the form as it was filled in, with its quote; works without scripts."""
    found = _own_quote(request, quote_id)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "parts/quote.html", {"card": card(found)})
    return form_page(request, _values_of(found), found=found)


@require_safe
@never_cache
@looked_up
def quote_card(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """The card alone, for pages without a WebSocket."""
    return render(request, "parts/card.html", {"card": card(_own_quote(request, quote_id)), "is_oob": True})


def _own_quote(request: HttpRequest, quote_id: uuid.UUID) -> Quote:
    found = quote_for(quote_id, viewer_of(request))
    if found is None:
        raise Http404
    return found


def _refused(request: HttpRequest, values: dict[str, str], error: WaymeetError) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return refusal(request, error)
    problem = {"code": error.code, "words": said(error)}
    return form_page(request, values, problem=problem, status=error.status)


def form_page(
    request: HttpRequest,
    values: dict[str, str],
    *,
    found: Quote | None = None,
    problem: dict[str, str] | None = None,
    status: int = 200,
    saying: Said | None = None,
) -> HttpResponse:
    """The whole page with the form filled in, and what is known of its offer."""
    context = form_context(request, values) | {
        "card": card(found) if found else None,
        "problem": problem,
        "saying": saying,
        "example_sentence": example_sentence(),
    }
    return wallet_page(request, "transfer.html", context, status=status)


def form_context(request: HttpRequest, values: dict[str, str]) -> dict[str, Any]:
    """What the form's fields are drawn from; an end that is in no list is still to be chosen."""
    groups, anywhere = _groups(), anywhere_choices()
    known = {each.value for _, choices in groups for each in choices}
    sources = known | {each.value for each in anywhere}
    listed = {
        "from": values["from"] if values["from"] in sources else "",
        "to": values["to"] if values["to"] in known else "",
    }
    return {"groups": groups, "anywhere": anywhere, **with_receiver(request, values | listed)}


def linked(data: QueryDict) -> dict[str, str]:
    """The form as a link describes it, the example where it says nothing."""
    values = _entered(data, EXAMPLE) | _NEVER_LINKED
    return values | {name: as_listed(values[name]) for name in ("from", "to")}


def _groups() -> list[tuple[Any, list[Choice]]]:
    why = held_back()
    return [(chain, tokens_of(chain, why=why)) for chain in connected_chains().values()]


def tokens_of(chain: Any, *, why: dict[str, str]) -> list[Choice]:
    """A chain's tokens for a list; `why` names those that cannot be chosen now."""
    values = [(f"{chain.slug}:{token.symbol}", token) for token in chain.assets]
    return [Choice(value, token.symbol, token.name, why.get(value, "")) for value, token in values]


def anywhere_choices(*, besides: int = 0) -> list[Choice]:
    """Assets that more than one chain other than `besides` has: to be paid from whichever is best."""
    return [
        Choice(asset.value, asset.symbol, asset.symbol)
        for asset in assets()
        if len(asset.tokens.keys() - {besides}) > 1
    ]


def _entered(data: QueryDict, defaults: dict[str, str]) -> dict[str, str]:
    return {name: str(data.get(name, defaults.get(name, "")))[:200].strip() for name in _FIELDS}


def _mapping(values: dict[str, str]) -> dict[str, str]:
    origin, _, input_token = values["from"].partition(":")
    destination, _, output_token = values["to"].partition(":")
    mapping = {
        "origin": origin,
        "destination": destination,
        "input_token": input_token,
        "output_token": output_token,
        "amount": values["amount"],
        "exact": values["exact"] or "input",
        "confirm": values["confirm"] or "auto",
        "can_batch": values["can_batch"],
        # The card says it when two confirmations are needed, before anything is asked of the wallet.
        "parts": "2",
    }
    for name in ("user", "recipient", "app", "gas_on_arrival", "prefer"):
        if values[name]:
            mapping[name] = values[name]
    if values["refund"]:
        # Paid from elsewhere: no wallet takes part, and what cannot be delivered comes back to what was typed.
        mapping |= {"user": values["refund"], "confirm": "deposit"}
    return mapping


def _values_of(found: Quote) -> dict[str, str]:
    asked = found.intent
    exact = str(asked.get("exact", "input"))
    given = token_name(found.origin_id, found.input_token)
    wanted = token_name(found.destination_id, found.output_token)
    chains = connected_chains()
    decimals = (given if exact == "input" else wanted).decimals
    source = f"{chains[found.origin_id].slug}:{given.symbol}" if found.origin_id in chains else ""
    if asked.get("asset"):
        source = next((each.value for each in assets() if each.asset_id == asked["asset"]), "")
        decimals = int(asked["asset_decimals"]) if exact == "input" else decimals
    return {
        "from": source,
        "to": f"{chains[found.destination_id].slug}:{wanted.symbol}"
        if found.destination_id in chains
        else "",
        "amount": format_units(int(asked.get("amount", 0)), decimals),
        "exact": exact,
        "recipient": str(asked.get("recipient", "")),
        "user": str(asked.get("user", "")),
        "refund": "",
        "confirm": str(asked.get("confirm", "auto")),
        "can_batch": "1" if asked.get("can_batch") else "",
        "app": str((asked.get("call") or {}).get("app", "")),
        "gas_on_arrival": str(asked.get("gas_on_arrival", "")),
        "prefer": str(asked.get("prefer", "")),
    }
