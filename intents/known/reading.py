"""Documents of the outside registry as rows: what is not understood is left out, what is secret is taken out."""

from typing import Any, Final

from eth_utils.address import is_address, to_checksum_address

from intents.chains.calls import ZERO_ADDRESS
from intents.models import KnownChain, KnownRoute, KnownRouteEnd

from .keys import without_key
from .source import PIN, Json, Registry

SOURCE: Final = f"{PIN.name} {PIN.version}"


def known_chains(registry: Registry) -> list[KnownChain]:
    """One row for every chain of the registry."""
    return [
        _chain(name, document, registry.addresses.get(name, {}))
        for name, document in sorted(registry.chains.items())
    ]


def known_routes(registry: Registry) -> list[tuple[KnownRoute, list[KnownRouteEnd]]]:
    """Every warp route with its ends."""
    return [_route(name, document) for name, document in sorted(registry.routes.items())]


def _chain(name: str, document: Json, addresses: Json) -> KnownChain:
    blocks, native = document.get("blocks") or {}, document.get("nativeToken") or {}
    chain_id, reorg = document.get("chainId"), blocks.get("reorgPeriod")
    return KnownChain(
        name=name,
        display_name=str(document.get("displayName") or name)[:64],
        protocol=str(document["protocol"]),
        chain_id=chain_id if isinstance(chain_id, int) else None,
        domain=int(document["domainId"]),
        stack=str(document.get("technicalStack") or ""),
        is_testnet=bool(document.get("isTestnet")),
        is_retired=(document.get("availability") or {}).get("status") == "disabled",
        block_seconds=float(blocks["estimateBlockTime"]) if blocks.get("estimateBlockTime") else None,
        reorg_period="" if reorg is None else str(reorg),
        native={key: native[key] for key in ("name", "symbol", "decimals") if key in native},
        endpoints=_endpoints(document.get("rpcUrls") or []),
        explorers=_explorers(document.get("blockExplorers") or []),
        contracts={key: _address(value) for key, value in sorted(addresses.items()) if _is_there(value)},
        source=SOURCE,
    )


def _endpoints(given: list[Json]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in given:
        plain = without_key(str(entry.get("http") or ""))
        if plain is None:
            continue
        socket = without_key(str(entry.get("webSocket") or ""))
        ws_url = socket.url if socket and not socket.needs_key else ""
        found.setdefault(plain.url, {"url": plain.url, "ws_url": ws_url, "needs_key": plain.needs_key})
    return list(found.values())


def _explorers(given: list[Json]) -> list[dict[str, str]]:
    found = []
    for entry in given:
        plain = without_key(str(entry.get("url") or ""))
        if plain is not None and plain.url.startswith(("https://", "http://")):
            found.append(
                {
                    "name": str(entry.get("name") or "")[:64],
                    "url": plain.url,
                    "family": str(entry.get("family") or "")[:24],
                }
            )
    return found


def _route(name: str, document: Json) -> tuple[KnownRoute, list[KnownRouteEnd]]:
    tokens = document["tokens"]
    ends = [_end(name, token) for token in tokens]
    route = KnownRoute(
        name=name,
        symbol=name.partition("/")[0][:24],
        connections=sum(len(end.leads_to) for end in ends),
        source=SOURCE,
    )
    return route, ends


def _end(route: str, token: Json) -> KnownRouteEnd:
    return KnownRouteEnd(
        route_id=route,
        chain_id=token["chainName"],
        address=_address(token["addressOrDenom"]),
        collateral=_address(token.get("collateralAddressOrDenom") or ""),
        symbol=str(token["symbol"])[:24],
        token_name=str(token["name"])[:64],
        decimals=int(token["decimals"]),
        standard=str(token["standard"])[:48],
        leads_to=[_connection(entry["token"]) for entry in token.get("connections") or []],
    )


def _connection(text: str) -> dict[str, str]:
    """Written as protocol|chain|address."""
    _, chain, address = text.split("|", 2)
    return {"chain": chain, "address": _address(address)}


def _is_there(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", ZERO_ADDRESS)


def _address(text: str) -> str:
    """Checksummed where it is an EVM address."""
    return to_checksum_address(text) if text.startswith("0x") and is_address(text) else text[:128]
