"""The canonical assets of the network on the new chain: an end of every warp route, and our account's rules."""

from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from eth_utils.address import to_canonical_address

from intents.chains.bridge import BridgeManifest
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.client import client
from intents.chains.endpoints import RpcDisagreement, RpcUnavailable
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.contracts import creations
from intents.contracts.addresses import CREATE2_DEPLOYER
from intents.contracts.creations import Creation

from .errors import SetUpByAnother, TakenByAnother
from .named import require_ours
from .prices import units_for, usd_e8
from .shared import fee_bound
from .work import Joining, Look, Note, create, read_views, together, with_contracts

NAME: Final = "tokens"
USD_E8: Final = 10**8
LIST_GAS: Final = 60_000
_INITIALISE: Final = "initialize(uint256,string,string,address,address,address)"
_INITIALISE_GAS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Route:
    """A warp route that connected chains are on, with the token that stands for it away from its collateral."""

    end: BridgeManifest
    token: TokenManifest


def look(joining: Joining) -> Look:
    """What is missing of routers, gates, venues and hourly limits.

    Raises TakenByAnother, SetUpByAnother, NotOurs.
    """
    manifest = joining.manifest
    wanted: list[tuple[str, Call]] = []
    notes: list[Note] = []
    for route in routes_of(joining):
        own = joining.asked.bridge(route.end.route)
        router = creations.synthetic(decimals=_bridged(route).decimals, mailbox=manifest.address("mailbox"))
        if own is not None:
            _require_ours(joining, own, router.address)
        if own is None or own.router == router.address:
            manifest, calls = _synthetic(joining, manifest, route, router)
            wanted += calls
        notes.append(Note("join_on_route", {"route": route.end.route}))
    wanted += _venues(joining, manifest)
    limits, unpriced = _limits(joining, manifest)
    notes += [Note("join_unpriced", {"token": symbol}) for symbol in unpriced]
    return Look(manifest, joining.priced([*wanted, *limits]), tuple(notes))


def routes_of(joining: Joining) -> list[Route]:
    """The network's warp routes, once each, in the order of their names."""
    found: dict[str, Route] = {}
    for peer in joining.peers.values():
        for end in peer.bridges:
            token = peer.token(end.token)
            if end.route not in found or token.is_synthetic:
                found[end.route] = Route(end, token)
    return [found[name] for name in sorted(found)]


def _require_ours(joining: Joining, end: BridgeManifest, router: str) -> None:
    """Whoever holds an end that the others know takes what the whole route holds. Raises NotOurs."""
    key = f"bridges.{end.route}"
    if end.router != router and not _is_introduced(joining, end.route, end.router):
        require_ours(joining, f"{key}.router", end.router, ours=router)
    gate = creations.warp_gate(token=end.token, router=end.router)
    require_ours(joining, f"{key}.gate", end.gate, ours=gate.address)


def _is_introduced(joining: Joining, route: str, router: str) -> bool:
    """Whether a connected chain's end knows it, to which only we introduce others, after the same looks."""
    domain = joining.manifest.domain
    wanted = bytes(12) + to_canonical_address(router)
    for peer in joining.peers.values():
        end = peer.bridge(route)
        if end is None or peer.chain_id == joining.manifest.chain_id:
            continue
        try:
            found = read_views(client(peer.chain_id), [(end.router, "routers(uint32)", (domain,), "bytes32")])
        except (RpcUnavailable, RpcDisagreement):
            continue
        if found == [wanted]:
            return True
    return False


def _synthetic(
    joining: Joining, manifest: ChainManifest, route: Route, router: Creation
) -> tuple[ChainManifest, list[tuple[str, Call]]]:
    token = _bridged(route)
    gate = creations.warp_gate(token=router.address, router=router.address)
    calls = _router(joining, manifest, router, token, route.end.route)
    if not joining.has_code([gate.address])[gate.address]:
        calls.append((f"create warp_gate of {route.end.route}", create(gate)))
    manifest = with_contracts(manifest, {_named(manifest, "warp_gate", route): gate.address})
    if manifest.bridge(route.end.route) is not None:
        return manifest, calls
    bound = fee_bound(joining, manifest)
    end = replace(
        route.end, router=router.address, gate=gate.address, token=router.address, fee_bound_wei=bound
    )
    listed = {each.address for each in manifest.tokens}
    added = () if router.address in listed else (replace(token, address=router.address),)
    return replace(manifest, tokens=(*manifest.tokens, *added), bridges=(*manifest.bridges, end)), calls


def _bridged(route: Route) -> TokenManifest:
    """The synthetic token: as it is on another chain, or made of the collateral's passport."""
    token = replace(route.token, stock_target=0)
    if token.is_synthetic:
        return token
    return TokenManifest(
        address=token.address,
        symbol=f"hyp{token.symbol}",
        name=f"Bridged {token.name}",
        decimals=token.decimals,
        canonical_id=route.end.route,
        is_synthetic=True,
    )


def _router(
    joining: Joining, manifest: ChainManifest, router: Creation, token: TokenManifest, route: str
) -> list[tuple[str, Call]]:
    values = (0, token.name, token.symbol, ZERO_ADDRESS, manifest.address("multisig_ism"), joining.owner)
    first = Call(router.address, encode_call(_INITIALISE, values), gas_limit=_INITIALISE_GAS)
    if not joining.has_code([router.address])[router.address]:
        both = together(manifest.address("multicall3"), [create(router), first])
        return [(f"create {token.symbol} and set it up", both)]
    owner, module, hook, supply = joining.views(
        [
            (router.address, "owner()", (), "address"),
            (router.address, "interchainSecurityModule()", (), "address"),
            (router.address, "hook()", (), "address"),
            (router.address, "totalSupply()", (), "uint256"),
        ]
    )
    if owner in (None, ZERO_ADDRESS, CREATE2_DEPLOYER):
        return [(f"set {token.symbol} up", first)]
    if owner != joining.owner:
        raise TakenByAnother(
            f"{token.symbol} {router.address} belongs to {owner}",
            contract=token.symbol,
            address=router.address,
            owner=owner,
            chain=manifest.name,
        )
    # Whoever sets it up may hand us a token that they made plenty of, or prove to be theirs.
    as_made = (module, hook, supply) == (manifest.address("multisig_ism"), ZERO_ADDRESS, 0)
    if not as_made and not _is_introduced(joining, route, router.address):
        raise SetUpByAnother(
            f"{token.symbol} {router.address}: module {module}, hook {hook}, {supply} units",
            contract=token.symbol,
            address=router.address,
            chain=manifest.name,
        )
    return []


def _named(manifest: ChainManifest, name: str, route: Route) -> str:
    """The first route's contracts have the plain name, further ones their route's besides."""
    ends = [end.route for end in manifest.bridges]
    is_first = not ends or ends[0] == route.end.route
    return name if is_first else f"{name}_{route.end.route.replace('-', '_')}"


def _venues(joining: Joining, manifest: ChainManifest) -> list[tuple[str, Call]]:
    account = manifest.address("solver_account")
    targets = dict.fromkeys(
        [*(venue.router for venue in manifest.venues), *(end.gate for end in manifest.bridges)]
    )
    allowed = joining.views([(account, "isVenue(address)", (target,), "bool") for target in targets])
    missing = [target for target, is_allowed in zip(targets, allowed, strict=True) if not is_allowed]
    if not missing:
        return []
    data = encode_call("setVenues(address[],bool)", (missing, True))
    call = Call(account, data, gas_limit=LIST_GAS * (2 + len(missing)))
    return [("let our account use the chain's venues", call)]


def _limits(joining: Joining, manifest: ChainManifest) -> tuple[list[tuple[str, Call]], list[str]]:
    """Hourly limits that are not set yet, and the symbols of tokens without a price, which stay at none."""
    account = manifest.address("solver_account")
    caps = joining.views([(account, "cap(address)", (each.address,), "uint256") for each in manifest.assets])
    limits: dict[str, int] = {}
    unpriced = []
    for asset, cap in zip(manifest.assets, caps, strict=True):
        worth = usd_e8(manifest, asset)
        if worth is None:
            unpriced.append(asset.symbol)
        elif not cap:
            limits[asset.address] = units_for(settings.JOIN_HOURLY_USD * USD_E8, asset, worth)
    if not limits:
        return [], unpriced
    data = encode_call("setCaps(address[],uint256[])", (list(limits), list(limits.values())))
    call = Call(account, data, gas_limit=LIST_GAS * (2 + len(limits)))
    return [("limit what may leave our account in an hour", call)], unpriced
