"""How a wallet adds a connected chain: one source for pages and the API (EIP-3085)."""

from typing import Any, NotRequired, TypedDict

from intents.chains import registry
from intents.chains.manifest import ChainManifest


class WalletChain(TypedDict):
    """The parameter object of `wallet_addEthereumChain`."""

    chainId: str
    chainName: str
    nativeCurrency: dict[str, Any]
    rpcUrls: list[str]
    blockExplorerUrls: NotRequired[list[str]]
    iconUrls: NotRequired[list[str]]


def icon_path(chain_id: int) -> str:
    """Where the chain's own drawn icon is served."""
    return f"/api/v1/icons/{chain_id}.svg"


def public_endpoints(manifest: ChainManifest) -> list[str]:
    """Nodes that anybody may be told of; the others' addresses may carry our keys."""
    return [endpoint.url for endpoint in manifest.endpoints if endpoint.is_public]


def wallet_chain(manifest: ChainManifest, *, site: str = "") -> WalletChain:
    """What a wallet is told; no nodes where none is public: then it knows the chain or brings its own.

    `site` is scheme and host, without which there is no icon.
    """
    described = WalletChain(
        chainId=hex(manifest.chain_id),
        chainName=manifest.name,
        nativeCurrency={
            "name": manifest.native.name,
            "symbol": manifest.native.symbol,
            "decimals": manifest.native.decimals,
        },
        rpcUrls=public_endpoints(manifest),
    )
    if manifest.explorer:
        described["blockExplorerUrls"] = [manifest.explorer]
    if site:
        described["iconUrls"] = [site + icon_path(manifest.chain_id)]
    return described


def wallet_chains(*, site: str) -> list[WalletChain]:
    """Every connected chain that a wallet can be given, by chain id: those without a public node are left out."""
    return [
        wallet_chain(manifest, site=site)
        for manifest in registry.all_chains().values()
        if public_endpoints(manifest)
    ]
