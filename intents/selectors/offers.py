"""How an offer is made up: the way of the money as a picture, what it costs in all, and the ways not taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intents.chains import registry
from intents.chains.manifest import VenueManifest
from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.models import Quote
from intents.solver.preferences import BEST, FASTEST, FEWEST

from .amounts import shown_amount
from .network import address_url, chain_name, token_name
from .overview.times import Times, delivered_times

BPS: Final = 10_000
IMPACT_NOTE_BPS: Final = 100
IMPACT_LOOK_BPS: Final = 500
COST_LOOK_BPS: Final = 1_000
# Of fewer deliveries our own past says too little.
ENOUGH_FOR_MEDIAN: Final = 20
POOLS: Final = {
    "uniswap_v2": gettext_lazy("Uniswap V2 pool"),
    "uniswap_v3": gettext_lazy("Uniswap V3 pool"),
    WRAPPED_NATIVE: gettext_lazy("wrapping contract of the coin"),
}
TAGS: Final = {
    BEST: gettext_lazy("Best return"),
    FASTEST: gettext_lazy("Fastest"),
    FEWEST: gettext_lazy("Fewest trusted parties"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One station in the picture of the way: `kind` is you, ours, bridge or pool; `contract` is where it happens."""

    kind: str
    chain: str
    what: str
    amount: str
    contract: str = ""
    contract_url: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What pools and fees take of the value, in percent as people read it; `level` is "", note or look.

    `arrives_usd_e8` is the worth of what is expected to arrive and `lost_usd_e8` what is taken of it on the way,
    USD × 10^8 at the prices of the offer.
    """

    impact: str
    total: str
    level: str
    arrives_usd_e8: int
    lost_usd_e8: int


@dataclass(frozen=True, slots=True)
class Expected:
    """How long it takes: from our own deliveries where there are enough, else our estimate."""

    seconds: float
    p95: float | None
    count: int
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One way with what it is best at; `prefer` asks for it, `note` says what is different from the chosen one."""

    tags: tuple[str, ...]
    prefer: str
    receives: str
    eta_seconds: int
    note: str
    involved: str
    is_chosen: bool


def picture(quote: Quote) -> tuple[Stop, ...]:
    """The stations from the sender to the receiver; empty when the route was not kept."""
    route = quote.routes[0] if quote.routes else {}
    if "stock_token" not in route or quote.input_amount is None or quote.output_expected is None:
        return ()
    return tuple(_stops(quote, route))


def _stops(quote: Quote, route: Mapping[str, Any]) -> Iterator[Stop]:
    origin, destination = quote.origin_id, quote.destination_id
    sent = _amount(origin, quote.input_token, quote.input_amount or 0)
    yield _stop(
        "you", origin, _("You send; it waits in the contract"), sent, _contract(origin, "input_settler")
    )
    bridge = route.get("bridge")
    if bridge:
        source = int(bridge["chain_id"])
        amount = _amount(source, bridge["token"], int(bridge["amount"]))
        yield _stop("bridge", source, _("Our stock there, over a bridge"), amount, _router(source, bridge))
    paid = _amount(destination, route["stock_token"], int(route["stock_amount"]))
    yield _stop("ours", destination, _("Our stock pays"), paid, _contract(destination, "solver_account"))
    for swap in _swaps(route.get("swap")):
        for venue, sold, bought in _trades(destination, swap):
            what = f"{POOLS.get(venue.kind, venue.kind)}"
            yield _stop("pool", destination, what, f"{sold} → {bought}", venue.address)
    yield _stop(
        "you", destination, _("Arrives"), _amount(destination, quote.output_token, quote.output_expected or 0)
    )


def _stop(kind: str, chain_id: int, what: str, amount: str, contract: str = "") -> Stop:
    url = address_url(chain_id, contract) if contract else ""
    return Stop(kind, chain_name(chain_id), what, amount, contract, url)


def _contract(chain_id: int, name: str) -> str:
    manifest = registry.all_chains().get(chain_id)
    return manifest.address(name) if manifest and name in manifest.contracts else ""


def _router(chain_id: int, bridge: Mapping[str, Any]) -> str:
    manifest = registry.all_chains().get(chain_id)
    ends = manifest.bridges if manifest else ()
    return next((end.router for end in ends if end.token.lower() == str(bridge["token"]).lower()), "")


def _trades(chain_id: int, swap: Mapping[str, Any]) -> Iterator[tuple[VenueManifest, str, str]]:
    manifest = registry.all_chains().get(chain_id)
    venues = manifest.venues if manifest else ()
    for at, venue in enumerate(swap["venues"]):
        if venue < len(venues):
            pair = [_amount(chain_id, swap["path"][at + i], int(swap["amounts"][at + i])) for i in (0, 1)]
            yield venues[venue], pair[0], pair[1]


def _swaps(swap: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    while swap:
        yield swap
        swap = swap.get("beside")


def _amount(chain_id: int, token: str, units: int) -> str:
    named = token_name(chain_id, token)
    return f"{shown_amount(units, named.decimals)} {named.symbol}"


def cost(*parts: Quote) -> Cost | None:
    """Of all parts of an offer together; None when the value of what is sent was not kept."""
    routes = [part.routes[0] if part.routes else {} for part in parts]
    if any(int(route.get("value_usd_e8") or 0) <= 0 or "output_usd_e8" not in route for route in routes):
        return None
    value = sum(int(route["value_usd_e8"]) for route in routes)
    arrives = sum(int(route["output_usd_e8"]) for route in routes)
    lost = sum(
        (-1 if fee.get("is_gain") else 1) * int(fee.get("usd_e8") or 0)
        for part in parts
        for fee in part.fees
        if fee.get("kind") in ("swap_cost", "swap_gain")
    )
    impact = lost * BPS // value
    total = (value - arrives) * BPS // value
    level = "look" if impact >= IMPACT_LOOK_BPS or total >= COST_LOOK_BPS else ""
    level = level or ("note" if impact >= IMPACT_NOTE_BPS else "")
    return Cost(_percent(impact), _percent(total), level, arrives, max(0, value - arrives))


def _percent(bps: int) -> str:
    if 0 <= bps < 1:
        return "< 0.01 %"
    return f"{bps / 100:.2f} %"


def expected(quote: Quote) -> Expected | None:
    """None while there is no offer."""
    if quote.eta_seconds is None:
        return None
    names = chain_name(quote.origin_id), chain_name(quote.destination_id)
    known: Times | None = next(
        (each for each in delivered_times() if (each.origin, each.destination) == names), None
    )
    count = known.count if known else 0
    # What was measured is of ordinary ways: over a bridge it takes as long as it takes.
    is_bridged = bool(quote.routes and quote.routes[0].get("bridge"))
    if known is None or count < ENOUGH_FOR_MEDIAN or is_bridged:
        return Expected(quote.eta_seconds, None, count, is_estimate=True)
    return Expected(known.median, known.p95, count, is_estimate=False)


def options(quote: Quote) -> tuple[Option, ...]:
    """The tagged ways, the chosen one first; empty when there was only one."""
    routes = [route for route in quote.routes if "output_expected" in route]
    if len(routes) < 2:
        return ()
    is_exact_output = quote.intent.get("exact") == "output"
    best = {
        BEST: min(routes, key=lambda route: _rank(route, is_exact_output)),
        FASTEST: min(routes, key=lambda route: int(route["eta_seconds"])),
        FEWEST: min(routes, key=lambda route: (_others(quote, route), int(route["eta_seconds"]))),
    }
    chosen = routes[0]
    found = [chosen]
    for route in best.values():
        if all(route is not each for each in found):
            found.append(route)
    return tuple(_option(quote, route, best, is_exact_output) for route in found)


def _option(quote: Quote, route: Mapping[str, Any], best: Mapping[str, Any], is_exact_output: bool) -> Option:
    chosen = quote.routes[0]
    names = [name for name, each in best.items() if each is route or _is_as_good(quote, name, route, each)]
    amount = (
        _amount(quote.origin_id, quote.input_token, int(route["input_amount"]))
        if is_exact_output
        else _amount(quote.destination_id, quote.output_token, int(route["output_expected"]))
    )
    return Option(
        tags=tuple(str(TAGS[name]) for name in names),
        prefer=next((name for name, each in best.items() if each is route), BEST),
        receives=amount,
        eta_seconds=int(route["eta_seconds"]),
        note="" if route is chosen else _difference(quote, route, chosen, is_exact_output),
        involved=_involved(quote, route),
        is_chosen=route is chosen,
    )


def _is_as_good(quote: Quote, name: str, route: Mapping[str, Any], best: Mapping[str, Any]) -> bool:
    is_exact_output = quote.intent.get("exact") == "output"
    if name == BEST:
        return _rank(route, is_exact_output) == _rank(best, is_exact_output)
    if name == FASTEST:
        return int(route["eta_seconds"]) == int(best["eta_seconds"])
    return _others(quote, route) == _others(quote, best)


def _rank(route: Mapping[str, Any], is_exact_output: bool) -> int:
    return int(route["input_amount"]) if is_exact_output else -int(route["output_expected"])


def _others(quote: Quote, route: Mapping[str, Any]) -> int:
    return _pools(quote, route) + (1 if route.get("bridge") else 0)


def _pools(quote: Quote, route: Mapping[str, Any]) -> int:
    trades = [
        venue
        for swap in _swaps(route.get("swap"))
        for venue, _in, _out in _trades(quote.destination_id, swap)
    ]
    return sum(venue.kind != WRAPPED_NATIVE for venue in trades)


def _involved(quote: Quote, route: Mapping[str, Any]) -> str:
    """Who must be honest and what must work, in words."""
    manifest = registry.all_chains().get(quote.destination_id)
    said = []
    if manifest and manifest.validators:
        count = {"needed": manifest.validator_threshold, "all": len(manifest.validators)}
        said.append(_("Your money rests on %(needed)s of %(all)s validators.") % count)
    depth = int(route.get("depth") or 0)
    if depth:
        blocks = ngettext(
            "%(n)s block on %(chain)s comes first.", "%(n)s blocks on %(chain)s come first.", depth
        )
        said.append(blocks % {"n": depth, "chain": chain_name(quote.origin_id)})
    pools = _pools(quote, route)
    if pools:
        said.append(ngettext("%(n)s pool has to work.", "%(n)s pools have to work.", pools) % {"n": pools})
    if route.get("bridge"):
        said.append(_("A bridge has to work."))
    if not pools and not route.get("bridge"):
        said.append(_("No pool and no bridge takes part."))
    return " ".join(said)


def _difference(
    quote: Quote, route: Mapping[str, Any], chosen: Mapping[str, Any], is_exact_output: bool
) -> str:
    if is_exact_output:
        less = int(route["input_amount"]) - int(chosen["input_amount"])
        amount = _amount(quote.origin_id, quote.input_token, abs(less))
        said = [(_("costs %(amount)s more") if less > 0 else _("costs %(amount)s less")) % {"amount": amount}]
    else:
        less = int(chosen["output_expected"]) - int(route["output_expected"])
        amount = _amount(quote.destination_id, quote.output_token, abs(less))
        said = [(_("%(amount)s less") if less > 0 else _("%(amount)s more")) % {"amount": amount}]
    if not less:
        said = [_("the same amount")]
    slower = int(route["eta_seconds"]) - int(chosen["eta_seconds"])
    if slower:
        said.append((_("%(n)s s later") if slower > 0 else _("%(n)s s sooner")) % {"n": abs(slower)})
    return ", ".join(said)
