"""Four chains that nobody runs, with the tokens that the orders are about."""

from functools import cache
from typing import Any

from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.chains.manifest import from_json

TOKENS = {"USDC": 6, "USDT": 6, "WETH": 18, "WBTC": 8}
SLUGS = {900: "summit", 901: "alder", 902: "birch", 903: "cedar"}
SETTLER = to_checksum_address("0x" + "5e" * 20)


@cache
def token_address(chain_id: int, symbol: str) -> str:
    """The token's address on the chain."""
    return str(
        to_checksum_address("0x" + f"{chain_id:04x}{sorted(TOKENS).index(symbol) + 1:02x}".ljust(40, "c"))
    )


def connect() -> None:
    """Put the chains into the registry."""
    registry.load([from_json(_manifest(chain_id, slug)) for chain_id, slug in SLUGS.items()])


def _manifest(chain_id: int, slug: str) -> dict[str, Any]:
    contracts = ("input_settler", "output_settler", "hyperlane_oracle", "permit2", "solver_account")
    return {
        "chain_id": chain_id,
        "domain": chain_id,
        "slug": slug,
        "name": slug.title(),
        "is_local": True,
        "native": {"symbol": "ETH", "name": "Ether", "canonical_id": "weth"},
        "endpoints": [{"url": f"http://127.0.0.1:{chain_id + 50_000}"}],
        "block_seconds": 1,
        "depth": 3,
        "max_fee_wei": 10**12,
        "priority_fee_wei": 10**9,
        "contracts": {name: {"address": SETTLER} for name in contracts},
        "tokens": [
            {
                "address": token_address(chain_id, symbol),
                "symbol": symbol,
                "name": symbol,
                "decimals": decimals,
                "canonical_id": symbol.lower(),
                "eip3009": "bytes",
                "version": "2",
            }
            for symbol, decimals in TOKENS.items()
        ],
    }
