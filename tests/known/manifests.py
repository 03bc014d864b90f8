"""Manifests of chains that nobody runs and that are not local."""

from pathlib import Path

from intents.chains.manifest import from_json
from intents.chains.manifest_toml import to_toml


def write_manifest(path: Path, *, chain_id: int) -> None:
    """One chain with one token, as its operator would begin."""
    manifest = from_json(
        {
            "chain_id": chain_id,
            "domain": chain_id,
            "slug": path.stem,
            "name": path.stem.title(),
            "stack": "opstack",
            "da": "ethereum",
            "proof_system": "optimistic",
            "native": {"symbol": "ETH", "name": "Ether", "canonical_id": "eth"},
            "endpoints": [{"url": f"https://{path.stem}.example"}],
            "block_seconds": 2,
            "depth": 10,
            "max_fee_wei": 10**11,
            "priority_fee_wei": 10**8,
            "tokens": [
                {
                    "address": "0x" + "c1" * 20,
                    "symbol": "USDC",
                    "name": "USD Coin",
                    "decimals": 6,
                    "canonical_id": "usdc",
                }
            ],
            "explorer": "https://scan.example",
        }
    )
    path.write_text(to_toml(manifest), "utf-8")
