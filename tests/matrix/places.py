"""Where each route of the matrix leads on a network, and what shows that it was taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from intents.devnet.network import Network
from intents.devnet.profiles import PRICES_E8
from intents.lifecycle import StepKind
from intents.models import Quote

from ..networks import odd_prices

Plan = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """A destination, a value, and the origins from which the plan looks as `shows` says, best first."""

    origins: tuple[str, ...]
    get: str
    usd: int
    shows: Callable[[Plan], bool]
    wish: Mapping[str, str] = field(default_factory=dict)

    @property
    def destination(self) -> str:
        """Slug of the chain it leads to."""
        return self.get.partition(":")[0]

    @property
    def symbol(self) -> str:
        """What arrives."""
        return self.get.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Place:
    """A network with its routes by name, and what one whole token of each asset is worth (USD × 10^8)."""

    network: Network
    routes: Mapping[str, Route]
    prices_e8: Mapping[str, int]

    def amount(self, slug: str, symbol: str, usd: int) -> str:
        """About `usd` dollars of a token, as people write it; no more digits than the token has."""
        token = self.network.manifest(slug).token(symbol)
        canonical = "weth" if token.canonical_id == "eth" else token.canonical_id
        return f"{usd * 10**8 / self.prices_e8[canonical]:.{min(token.decimals, 5)}f}"


def plan_of(quote: Quote) -> Plan:
    """The details of a quote's steps by kind."""
    return {step["kind"]: step["details"] for step in quote.plan}


def is_in_stock(plan: Plan) -> bool:
    """Paid out as it lies there."""
    return not plan[StepKind.FILL].get("swap") and StepKind.BRIDGE not in plan


def is_swapped(plan: Plan) -> bool:
    """Bought in the transaction of the fill."""
    return bool(plan[StepKind.FILL].get("swap")) and StepKind.BRIDGE not in plan


def is_split(plan: Plan) -> bool:
    """Bought from two pools at once."""
    return is_swapped(plan) and bool(plan[StepKind.FILL]["swap"].get("beside"))


def is_bridged(plan: Plan) -> bool:
    """Stock comes from a third chain first, and buys the output then."""
    return StepKind.BRIDGE in plan and bool(plan[StepKind.FILL].get("swap"))


def ends_in_call(plan: Plan) -> bool:
    """What arrives goes into an app."""
    return bool(plan[StepKind.FILL].get("call"))


def is_any(plan: Plan) -> bool:
    """However it comes."""
    return StepKind.FILL in plan


_TO_VAULT: Final = {"app": "vault", "exact": "output", "amount": "25"}
_USUAL: Final = {
    "in_stock": Route(("alder", "cedar"), "birch:USDC", 100, is_in_stock),
    "swap": Route(("alder", "cedar"), "birch:WETH", 100, is_swapped),
    "split": Route(("birch", "cedar"), "alder:WETH", 12_000, is_split),
    "bridged": Route(("alder", "birch"), "cedar:WBTC", 200, is_bridged),
    "summit": Route(("summit",), "birch:USDC", 500, is_in_stock),
    "call": Route(("alder", "cedar"), "birch:USDC", 30, ends_in_call, _TO_VAULT),
    "gas": Route(("alder", "cedar"), "birch:USDC", 100, is_in_stock, {"gas_on_arrival": "yes"}),
    "coin": Route(("alder", "cedar"), "birch:ETH", 100, is_any),
}


def usual(network: Network) -> Place:
    """The routes of Summit, Alder, Birch and Cedar."""
    return Place(network, _USUAL, PRICES_E8)


def odd(network: Network) -> Place:
    """What the generated network offers, found from its manifests; its names are in none of this."""
    vault = next(slug for slug, manifest in network.manifests.items() if manifest.apps)
    origins = tuple(slug for slug in network.manifests if slug != vault)
    dollars = f"{vault}:USDC"
    routes = {
        "in_stock": Route(origins, dollars, 100, is_in_stock),
        "swap": Route(origins, f"{vault}:WETH", 100, is_swapped),
        "call": Route(origins, dollars, 30, ends_in_call, _TO_VAULT),
        "gas": Route(origins, dollars, 100, is_in_stock, {"gas_on_arrival": "yes"}),
        "coin": Route(origins, f"{vault}:ETH", 100, is_any),
    }
    return Place(network, routes, odd_prices())
