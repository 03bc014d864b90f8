"""A manifest to begin with, made of what the outside registry knows of a chain."""

from typing import Final

from intents.chains.manifest import ChainManifest, from_json
from intents.chains.manifest_toml import to_toml
from intents.errors import WaymeetError
from intents.models import KnownChain, KnownRouteEnd
from intents.passports.finality import STACKS

# What nobody can know for the operator, to be looked at.
MAX_FEE_WEI: Final = 100 * 10**9
PRIORITY_FEE_WEI: Final = 10**8
DEPTH_UNTOLD: Final = 64
BLOCK_SECONDS_UNTOLD: Final = 12.0
MOST_TOKENS: Final = 12
_CONTRACTS: Final = {
    "mailbox": "mailbox",
    "merkle_tree_hook": "merkleTreeHook",
    "validator_announce": "validatorAnnounce",
}


class NotConnectable(WaymeetError):
    """The chain is no EVM chain, is out of service, has another Hyperlane domain, or no node without a key."""

    code = "not_connectable"


def draft(chain: KnownChain) -> str:
    """TOML text that `parse` reads; tokens that are bridged there are offered as comments. Raises NotConnectable."""
    nodes = [node for node in chain.endpoints if not node["needs_key"] and node["url"].startswith("https://")]
    if not chain.is_connectable or not nodes:
        raise NotConnectable(f"{chain.display_name} cannot be connected", chain=chain.display_name)
    return f"{_head(chain)}\n{to_toml(_manifest(chain, [node['url'] for node in nodes]))}\n{_tokens(chain)}"


def _manifest(chain: KnownChain, urls: list[str]) -> ChainManifest:
    named = {ours: chain.contracts.get(theirs, "") for ours, theirs in _CONTRACTS.items()}
    contracts = named if all(named.values()) else {}
    coin = chain.native
    explorer = next((each["url"] for each in chain.explorers if each["url"].startswith("https://")), "")
    return from_json(
        {
            "chain_id": chain.chain_id,
            "domain": chain.domain,
            "slug": chain.name,
            "name": chain.display_name,
            "stack": chain.stack if chain.stack in STACKS else "other",
            "da": "other",
            "proof_system": "other",
            "is_testnet": chain.is_testnet,
            "native": {
                "symbol": coin["symbol"],
                "name": coin["name"],
                "decimals": coin["decimals"],
                "canonical_id": str(coin["symbol"]).lower(),
            },
            "endpoints": [{"url": url, "is_public": True} for url in dict.fromkeys(urls)],
            "quorum": min(2, len(set(urls))),
            "block_seconds": chain.block_seconds or BLOCK_SECONDS_UNTOLD,
            "depth": max(1, int(chain.reorg_period)) if chain.reorg_period.isdigit() else DEPTH_UNTOLD,
            "max_fee_wei": MAX_FEE_WEI,
            "priority_fee_wei": PRIORITY_FEE_WEI,
            "contracts": {name: {"address": address} for name, address in contracts.items()},
            "explorer": explorer,
        }
    )


def _head(chain: KnownChain) -> str:
    lines = [
        f"A draft from {chain.source}, of which nothing was checked. Before the chain joins:",
        "look at da, proof_system, parent_id, canonical_id of the coin, quorum and the caps of fees;",
        "name tokens, venues and feeds; and say how deep a block must be before it counts as final.",
    ]
    if not chain.reorg_period.isdigit():
        told = f"“{chain.reorg_period}”" if chain.reorg_period else "nothing"
        lines.append(f"depth is a guess: the registry says {told}.")
    return "\n".join(f"# {line}" for line in lines) + "\n"


def _tokens(chain: KnownChain) -> str:
    """The tokens that most routes hold there first."""
    held: dict[str, list[KnownRouteEnd]] = {}
    for end in KnownRouteEnd.objects.filter(chain=chain, collateral__startswith="0x").order_by("route_id"):
        held.setdefault(end.collateral, []).append(end)
    lines = [
        "# Tokens that bridge routes hold there, by the registry: take those that you know to be canonical."
    ]
    for address, ends in sorted(held.items(), key=lambda item: -len(item[1]))[:MOST_TOKENS]:
        values = {"address": address, "symbol": ends[0].symbol, "name": ends[0].token_name}
        plain = {key: value.replace('"', "'").replace("\\", "") for key, value in values.items()}
        lines += ["# [[tokens]]", *(f'# {key} = "{value}"' for key, value in plain.items())]
        lines += [f"# decimals = {ends[0].decimals}", f'# canonical_id = "{plain["symbol"].lower()}"']
    return "\n".join(lines) + "\n"
