"""Chains of the world as pages show them: known from an outside registry, connected or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from intents.models import Chain, KnownChain, KnownRoute, KnownRouteEnd

CHAINS_A_PAGE: Final = 30
ROUTES_A_PAGE: Final = 25
MOST_TEXT: Final = 60

STACKS: Final[dict[str, str | Promise]] = {
    "opstack": "OP Stack",
    "arbitrumnitro": "Arbitrum Nitro",
    "zksync": "ZK Stack",
    "polygoncdk": "Polygon CDK",
    "polkadotsubstrate": "Polkadot SDK",
    "other": _("another one"),
}
KINDS: Final[dict[str, str | Promise]] = {
    "main": _("Main networks"),
    "test": _("Test networks"),
    "rest": _("Not EVM"),
}
# What a route's end does with the token there, by a part of its standard's name.
HOLDINGS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("Synthetic", _("a bridged copy")),
    ("XERC20", _("made and destroyed by bridges")),
    ("Native", _("the coin, locked")),
    ("Collateral", _("the token, locked")),
)
_OF_KIND: Final[dict[str, Q]] = {
    "main": Q(protocol="ethereum", is_testnet=False),
    "test": Q(protocol="ethereum", is_testnet=True),
    "rest": ~Q(protocol="ethereum"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to; anything unknown counts as not asked."""

    text: str
    kind: str
    stack: str

    @property
    def params(self) -> dict[str, str]:
        """As an address carries it."""
        values = {"q": self.text, "kind": self.kind, "stack": self.stack}
        return {name: value for name, value in values.items() if value and (name, value) != ("kind", "main")}


@dataclass(frozen=True, slots=True)
class KnownCounts:
    """How much is known, and where from."""

    chains: int
    evm_mainnets: int
    routes: int
    connections: int
    source: str


@dataclass(frozen=True, slots=True)
class KnownLine:
    """One chain of the list; `connected_slug` is empty unless it is one of ours."""

    chain: KnownChain
    stack: str | Promise
    routes: int
    connected_slug: str


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route's end on the chain that is shown, and the chains it leads to by name."""

    end: KnownRouteEnd
    how: str | Promise
    leads_to: list[str]


def read_asked(values: Mapping[str, Any]) -> Asked:
    """The filters of an address; the main networks unless it says otherwise."""
    kind, stack = str(values.get("kind", "")), str(values.get("stack", ""))
    return Asked(
        text=str(values.get("q", "")).replace("\x00", "").strip()[:MOST_TEXT],
        kind=kind if kind in KINDS else "main",
        stack=stack if stack in STACKS else "",
    )


def counts() -> KnownCounts:
    """Zero everywhere where nothing was imported."""
    found = KnownChain.objects.aggregate(
        chains=Count("pk"), evm_mainnets=Count("pk", filter=_OF_KIND["main"])
    )
    connections = list(KnownRoute.objects.values_list("connections", flat=True))
    source = KnownChain.objects.values_list("source", flat=True).first()
    return KnownCounts(
        chains=found["chains"],
        evm_mainnets=found["evm_mainnets"],
        routes=len(connections),
        connections=sum(connections),
        source=source or "",
    )


def known_page(asked: Asked, *, number: str) -> "Page[Any]":
    """One page of `KnownLine`s; a number outside the list shows its nearest page."""
    found: Any = Paginator(_narrowed(asked), CHAINS_A_PAGE).get_page(number)
    shown: list[KnownChain] = list(found.object_list)
    routes = dict(
        KnownRouteEnd.objects.filter(chain__in=shown)
        .values("chain_id")
        .annotate(routes=Count("route", distinct=True))
        .values_list("chain_id", "routes")
    )
    ours = _connected(shown)
    found.object_list = [
        KnownLine(chain, stack_words(chain), routes.get(chain.name, 0), ours.get(chain.chain_id or 0, ""))
        for chain in shown
    ]
    return found


def known_chain(name: str) -> KnownLine | None:
    """One chain of the registry."""
    chain = KnownChain.objects.filter(pk=name).first()
    if chain is None:
        return None
    routes = KnownRouteEnd.objects.filter(chain=chain).values("route").distinct().count()
    return KnownLine(chain, stack_words(chain), routes, _connected([chain]).get(chain.chain_id or 0, ""))


def routes_page(chain: KnownChain, *, number: str) -> "Page[Any]":
    """One page of `RouteLine`s of a chain."""
    ends = KnownRouteEnd.objects.filter(chain=chain).order_by("symbol", "route_id", "address")
    found: Any = Paginator(ends, ROUTES_A_PAGE).get_page(number)
    shown: list[KnownRouteEnd] = list(found.object_list)
    wanted = {to["chain"] for end in shown for to in end.leads_to}
    names = dict(KnownChain.objects.filter(pk__in=wanted).values_list("name", "display_name"))
    found.object_list = [
        RouteLine(
            end, _holding(end.standard), sorted({names.get(to["chain"], to["chain"]) for to in end.leads_to})
        )
        for end in shown
    ]
    return found


def stack_words(chain: KnownChain) -> str | Promise:
    """The framework as people call it; "" where the registry does not say."""
    return STACKS.get(chain.stack, chain.stack)


def _holding(standard: str) -> str | Promise:
    return next((words for part, words in HOLDINGS if part in standard), standard)


def _narrowed(asked: Asked) -> QuerySet[KnownChain]:
    chains = KnownChain.objects.filter(_OF_KIND[asked.kind]).order_by(Lower("display_name"), "name")
    if asked.stack:
        chains = chains.filter(stack=asked.stack)
    if not asked.text:
        return chains
    wanted = Q(display_name__icontains=asked.text) | Q(name__icontains=asked.text)
    # Who types a token looks for chains that it can be bridged to.
    wanted |= Q(pk__in=KnownRouteEnd.objects.filter(symbol__iexact=asked.text).values("chain_id"))
    if asked.text.isascii() and asked.text.isdigit() and len(asked.text) <= 18:
        wanted |= Q(chain_id=int(asked.text))
    return chains.filter(wanted)


def _connected(chains: list[KnownChain]) -> dict[int, str]:
    ids = [chain.chain_id for chain in chains if chain.is_evm and chain.chain_id]
    return dict(Chain.objects.filter(chain_id__in=ids, is_connected=True).values_list("chain_id", "slug"))
