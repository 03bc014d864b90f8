"""What whoever signs must know about a chain, as one text whose hash pages and clients have compiled in."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

# The contracts that an order, or what is asked of a wallet for it, names or is derived from.
SIGNED_ABOUT: Final = (
    "input_settler",
    "output_settler",
    "hyperlane_oracle",
    "permit2",
    "deposit_implementation",
    "call_executor",
    "batch_executor",
)


class TokenTerms(Protocol):
    """A token as a manifest, or the API, describes it."""

    @property
    def address(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def decimals(self) -> int: ...
    @property
    def canonical_id(self) -> str: ...
    @property
    def eip3009(self) -> str: ...
    @property
    def permit(self) -> str: ...
    @property
    def version(self) -> str: ...


class AppTerms(Protocol):
    """An app that takes transfers on arrival, as a manifest, or the API, describes it."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def call(self) -> str: ...
    @property
    def arguments(self) -> tuple[str, ...]: ...
    @property
    def gas(self) -> int: ...


def trust_text(
    *,
    chain_id: int,
    slug: str,
    name: str,
    contracts: Mapping[str, str],
    tokens: Iterable[TokenTerms],
    apps: Iterable[AppTerms] = (),
) -> str:
    """Canonical JSON text; `contracts` are addresses by name, of which only those signed about count.

    Endpoints are left out: they change without changing what is signed.
    """
    value = {
        "chain_id": str(chain_id),
        "slug": slug,
        "name": name,
        "contracts": {each: contracts[each] for each in SIGNED_ABOUT if each in contracts},
        "tokens": sorted((_terms(token) for token in tokens), key=lambda token: token["address"]),
        "apps": sorted((app_terms(app) for app in apps), key=lambda app: str(app["slug"])),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def app_terms(app: AppTerms) -> dict[str, str | list[str]]:
    """What is signed about an app: all but where its own page is."""
    return {
        "slug": app.slug,
        "name": app.name,
        "target": app.target,
        "token": app.token,
        "call": app.call,
        "arguments": list(app.arguments),
        "gas": str(app.gas),
    }


def _terms(token: TokenTerms) -> dict[str, str]:
    return {
        "address": token.address,
        "symbol": token.symbol,
        "name": token.name,
        "decimals": str(token.decimals),
        "eip3009": token.eip3009,
        "permit": token.permit,
        "version": token.version,
        "canonical_id": token.canonical_id,
    }
