"""The connected network in the forms that other programs read: ethereum-lists' chains, tokens, apps."""

from dataclasses import replace
from typing import Any, Final

from intents.chains import registry
from intents.chains.app import App
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.chains.manifest_toml import to_toml

from .network import is_local_network
from .wallet_chains import icon_path, public_endpoints

TAGS: Final[dict[str, dict[str, str]]] = {
    "canonical": {"name": "Canonical", "description": "The asset itself, as transfers deliver it"},
    "bridged": {
        "name": "Bridged copy",
        "description": "A copy that a bridge made, never delivered by transfers",
    },
    "eip3009": {"name": "EIP 3009", "description": "Moves by a signature of its holder, without an approval"},
    "permit": {"name": "EIP 2612", "description": "Takes approvals by a signature of its holder"},
    "pausable": {"name": "Pausable", "description": "Its issuer can stop all of its transfers"},
}


def chain_list(*, site: str) -> list[dict[str, Any]]:
    """Every connected chain in the schema of ethereum-lists/chains; `site` is our own scheme and host."""
    return [_chain(manifest, site=site) for manifest in registry.all_chains().values()]


def token_entries() -> list[dict[str, Any]]:
    """Every listed token in the schema of Uniswap's token lists, in the order of chain and address.

    The chains' own coins are no tokens there. Nothing in an entry depends on who asks.
    """
    return [
        _token(manifest, token)
        for manifest in registry.all_chains().values()
        for token in sorted(manifest.tokens, key=lambda token: token.address.lower())
    ]


def public_manifest(manifest: ChainManifest) -> str:
    """The chain's manifest as TOML for strangers: nodes that are not public, and what we want to hold, left out."""
    nodes = tuple(endpoint for endpoint in manifest.endpoints if endpoint.is_public)
    shown = replace(
        manifest,
        endpoints=nodes,
        quorum=max(1, min(manifest.quorum, len(nodes))),
        tokens=tuple(replace(token, stock_target=0) for token in manifest.tokens),
    )
    head = "" if nodes else "# No node of this chain is public: add [[endpoints]] of your own.\n"
    return head + to_toml(shown)


def list_name() -> str:
    """What the published lists are called."""
    return "Waymeet local test chains" if is_local_network() else "Waymeet"


def app_list(*, site: str) -> dict[str, Any]:
    """The app registry: what takes transfers on arrival, and the chains from which each is reached."""
    chains = list(registry.all_chains().values())
    return {
        "apps": [_app(chain, app, site=site) for chain in chains for app in chain.apps],
        "reachable_from": [
            {
                "chain_id": chain.chain_id,
                "chain": chain.slug,
                "tokens": [token.symbol for token in chain.assets],
            }
            for chain in chains
        ],
    }


def _chain(manifest: ChainManifest, *, site: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": manifest.name,
        "title": f"{manifest.name} (local test chain)" if manifest.is_local else manifest.name,
        "chain": manifest.native.symbol,
        "icon": manifest.slug,
        "rpc": public_endpoints(manifest),
        "faucets": [],
        "nativeCurrency": {
            "name": manifest.native.name,
            "symbol": manifest.native.symbol,
            "decimals": manifest.native.decimals,
        },
        "infoURL": f"{site}/network#chain-{manifest.slug}",
        "shortName": manifest.slug,
        "chainId": manifest.chain_id,
        "networkId": manifest.chain_id,
        "status": "active",
    }
    if manifest.is_testnet:
        # SLIP-44's number for the coins of all test networks.
        entry["slip44"] = 1
    if manifest.explorer:
        entry["explorers"] = [
            {"name": "explorer", "url": manifest.explorer.rstrip("/"), "standard": "EIP3091"}
        ]
    if manifest.parent_id is not None:
        entry["parent"] = {
            "type": "L2",
            "chain": f"eip155-{manifest.parent_id}",
            "bridges": [{"url": f"{site}/"}],
        }
    return entry


def _token(manifest: ChainManifest, token: TokenManifest) -> dict[str, Any]:
    return {
        "chainId": manifest.chain_id,
        "address": token.address,
        "name": token.name[:60],
        "symbol": token.symbol[:20],
        "decimals": token.decimals,
        "tags": _tags(token),
        "extensions": {"canonicalId": token.canonical_id[:42], "chainName": manifest.slug[:42]},
    }


def _tags(token: TokenManifest) -> list[str]:
    found = ["bridged" if token.is_synthetic else "canonical"]
    found += ["eip3009"] if token.eip3009 != "none" else []
    found += ["permit"] if token.permit != "none" else []
    return found + (["pausable"] if token.is_pausable else [])


def _app(chain: ChainManifest, app: App, *, site: str) -> dict[str, Any]:
    token = chain.token(app.token)
    return {
        "name": f"{chain.slug}:{app.slug}",
        "title": app.name,
        "chain_id": chain.chain_id,
        "chain": chain.slug,
        "icon": site + icon_path(chain.chain_id),
        "target": app.target,
        "token": {"address": token.address, "symbol": token.symbol, "decimals": token.decimals},
        "call": app.call,
        "arguments": list(app.arguments),
        "gas": str(app.gas),
        "page": site + app.page if app.page.startswith("/") else app.page,
        "pay": f"{site}/pay?to={chain.slug}:{app.slug}",
    }
