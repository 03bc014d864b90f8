"""Manifests of local chains that nobody runs, for what only reads names."""

import hashlib

from eth_utils.address import to_checksum_address

from intents.chains.manifest import ChainManifest, from_json
from intents.devnet.profiles import ChainProfile


def paper_manifest(profile: ChainProfile) -> ChainManifest:
    """The profile's chain with invented addresses; its endpoint answers nobody."""
    contract = {"address": _address(profile.slug, "contract")}
    names = ("input_settler", "output_settler", "hyperlane_oracle", "permit2", "solver_account")
    return from_json(
        {
            "chain_id": profile.chain_id,
            "domain": profile.chain_id,
            "slug": profile.slug,
            "name": profile.name,
            "is_local": True,
            "native": {"symbol": "ETH", "name": "Ether", "canonical_id": "eth"},
            "endpoints": [{"url": "http://127.0.0.1:9"}],
            "block_seconds": profile.block_seconds,
            "depth": profile.depth,
            "max_fee_wei": 10**12,
            "priority_fee_wei": 10**9,
            "contracts": dict.fromkeys(names, contract),
            "tokens": [
                {
                    "address": _address(profile.slug, token.symbol),
                    "symbol": token.symbol,
                    "name": token.name,
                    "decimals": token.decimals,
                    "canonical_id": token.canonical_id,
                }
                for token in profile.tokens
            ],
        }
    )


def _address(slug: str, name: str) -> str:
    return to_checksum_address("0x" + hashlib.sha256(f"{slug} {name}".encode()).hexdigest()[:40])
