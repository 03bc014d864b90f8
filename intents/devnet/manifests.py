"""Writes down a running local network in the form every part of the program reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eth_utils import keccak

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest, from_json
from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.chains.manifest_toml import to_toml

from .accounts import VALIDATORS, address
from .deployed import Deployed, Pool
from .messaging import THRESHOLD
from .profiles import LOCAL_LABEL, USD_E8, ChainProfile, TokenProfile
from .rpc import Rpc
from .tokens import FEED_DECIMALS

# The market posts every 20 s, and a restart of it must not stop quotes at once.
HEARTBEAT_SECONDS: Final = 60
MAX_FEE_MULTIPLE: Final = 20
VALUE_TIERS: Final = ((10, 0.5), (100, 1.0))
# Half a dollar of the native coin is a transfer or more on every chain here.
GAS_ON_ARRIVAL_USD_E8: Final = USD_E8 // 2
VAULT_GAS: Final = 200_000

_PASSPORTS: Final[dict[str, dict[str, Any]]] = {
    "fiat": {"eip3009": "bytes", "permit": "eip2612", "version": "2", "is_pausable": True},
    "permit": {"permit": "eip2612", "version": "1"},
    "no_return": {},
    "weth": {},
    "collateral": {},
    "synthetic": {"is_synthetic": True},
}


def validator_urls(ports: Sequence[int]) -> list[str]:
    """Where the validators publish, in the order of their indexes."""
    return [f"http://127.0.0.1:{port}" for port in ports]


def manifest_of(
    profile: ChainProfile, deployed: Deployed, *, url: str, validators: Sequence[str]
) -> ChainManifest:
    """The manifest of one local chain; `validators` are the three URLs by index."""
    fee_cap = (profile.base_fee_wei + profile.priority_fee_wei) * MAX_FEE_MULTIPLE
    values: dict[str, Any] = {
        "chain_id": profile.chain_id,
        "domain": profile.chain_id,
        "slug": profile.slug,
        "name": profile.name,
        "label": LOCAL_LABEL,
        "stack": "anvil",
        "parent_id": profile.parent_id,
        "is_local": True,
        "is_testnet": True,
        "native": {"symbol": "ETH", "name": "Ether", "decimals": 18, "canonical_id": "eth"},
        "endpoints": [{"url": url, "ws_url": url.replace("http://", "ws://", 1)}],
        "block_seconds": profile.block_seconds,
        "depth": profile.depth,
        "value_tiers": _tiers(profile),
        "max_fee_wei": max(fee_cap, 10**9),
        "priority_fee_wei": profile.priority_fee_wei,
        "contracts": {
            name: {"address": found, "code_hash": deployed.code_hashes.get(name, "")}
            for name, found in deployed.contracts.items()
        },
        "tokens": [_token(token, profile, deployed) for token in profile.tokens],
        "venues": [*(_venue(pool) for pool in deployed.pools), _wrapper(deployed)],
        "bridges": _bridges(profile, deployed),
        "feeds": {name: _feed(found) for name, found in _feeds(deployed).items()},
        "validators": [
            {"address": address(index), "url": place}
            for index, place in zip(VALIDATORS, validators, strict=True)
        ],
        "validator_threshold": THRESHOLD,
        "apps": [_vault(profile, deployed)] if profile.vault_of else [],
        "gas_on_arrival_usd_e8": GAS_ON_ARRIVAL_USD_E8,
    }
    return from_json(values)


def read_code_hashes(rpc: Rpc, deployed: Deployed) -> None:
    """Record keccak of the runtime code of every contract, as the chain has it now."""
    names = list(deployed.contracts)
    codes = rpc.batch([("eth_getCode", [deployed.contracts[name], "latest"]) for name in names])
    for name, code in zip(names, codes, strict=True):
        deployed.code_hashes[name] = "0x" + keccak(bytes.fromhex(code.removeprefix("0x"))).hex()


def write_manifests(manifests: Sequence[ChainManifest], directory: Path) -> None:
    """Write one TOML file per chain, each replaced in one step."""
    directory.mkdir(parents=True, exist_ok=True)
    for manifest in manifests:
        partial = directory / f".{manifest.slug}.partial"
        partial.write_text(to_toml(manifest), "utf-8")
        partial.replace(directory / f"{manifest.slug}.toml")


def _tiers(profile: ChainProfile) -> list[dict[str, int]]:
    tiers = [{"max_usd_e8": profile.first_tier_usd * USD_E8, "depth": 1}]
    for multiple, share in VALUE_TIERS:
        depth = max(1, round(profile.depth * share))
        tiers.append({"max_usd_e8": profile.first_tier_usd * multiple * USD_E8, "depth": depth})
    return tiers


def _token(token: TokenProfile, profile: ChainProfile, deployed: Deployed) -> dict[str, Any]:
    return {
        "address": deployed.tokens[token.symbol],
        "symbol": token.symbol,
        "name": token.name,
        "decimals": token.decimals,
        "canonical_id": token.canonical_id,
        "stock_target": (profile.inventory | profile.targets).get(token.symbol, 0) * token.unit,
        **_PASSPORTS[token.kind],
    }


def _vault(profile: ChainProfile, deployed: Deployed) -> dict[str, Any]:
    return {
        "slug": "vault",
        "name": f"Demo vault of {profile.vault_of}",
        "target": deployed.contracts["demo_vault"],
        "token": deployed.tokens[profile.vault_of],
        "call": "deposit(uint256,address)",
        "arguments": ["amount", "recipient"],
        "gas": VAULT_GAS,
        "page": f"/apps/{profile.slug}-vault",
    }


def _venue(pool: Pool) -> dict[str, Any]:
    return {
        "kind": pool.kind,
        "address": pool.address,
        "router": pool.router,
        "token0": pool.token0,
        "token1": pool.token1,
        "fee_pips": pool.fee_pips,
    }


def _bridges(profile: ChainProfile, deployed: Deployed) -> list[dict[str, Any]]:
    """The USDC warp route: collateral on the parent, a synthetic elsewhere."""
    router = deployed.contracts.get("warp_usdc")
    if router is None:
        return []
    token = deployed.tokens["USDC"] if profile.parent_id is None else router
    return [
        {
            "kind": "hyperlane_warp",
            "route": "usdc-summit-warp",
            "router": router,
            "gate": deployed.contracts["warp_gate"],
            "token": token,
            "worth": "usdc",
        }
    ]


def _wrapper(deployed: Deployed) -> dict[str, Any]:
    weth = deployed.contracts["weth"]
    return {
        "kind": WRAPPED_NATIVE,
        "address": weth,
        "router": deployed.contracts["uniswap_v3_router"],
        "token0": ZERO_ADDRESS,
        "token1": weth,
        "fee_pips": 0,
    }


def _feeds(deployed: Deployed) -> dict[str, str]:
    # Gas is paid in the coin that WETH wraps one to one.
    return {**deployed.feeds, "eth": deployed.feeds["weth"]}


def _feed(found: str) -> dict[str, Any]:
    return {"address": found, "heartbeat_seconds": HEARTBEAT_SECONDS, "decimals": FEED_DECIMALS}
