"""Pools that only the comparison has: without them nobody on Birch or Cedar buys bridged USDC with USDC.

They are opened on the comparison's own chains and are in no manifest: the by-hand side may use them, ours does
not know them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from intents.chains.manifest import ChainManifest, VenueManifest
from intents.devnet.accounts import OWNER, address
from intents.devnet.deployed import Deployed
from intents.devnet.deployment import Deployment
from intents.devnet.network import Network
from intents.devnet.pools import deploy_pools
from intents.devnet.profiles import ALL, PRICES_E8, ChainProfile, PoolProfile
from intents.devnet.rpc import Rpc
from intents.solver.markets import Market, market_from_json
from intents.solver.world import ChainWorld, World
from intents.venues import uniswap_v3

SLUGS: Final = ("birch", "cedar")
BRIDGED: Final = "hypUSDC"
USD_PER_SIDE: Final = 2_000_000
FEE_PIPS: Final = 500
# More than one side: a V3 position takes fractions that need not add up to the whole.
SUPPLY: Final = USD_PER_SIDE * 3 // 2
MOST_ROUNDS: Final = 4
WEI: Final = 10**18


@dataclass(frozen=True, slots=True)
class HandVenues:
    """A chain's pools as the by-hand side has them; indexes as in `by_hand`'s steps."""

    manifest: ChainManifest
    extra: tuple[VenueManifest, ...] = ()

    @property
    def venues(self) -> tuple[VenueManifest, ...]:
        return (*self.manifest.venues, *self.extra)


def open_pools(network: Network) -> dict[int, HandVenues]:
    """Open them, and every chain's pools by chain id. Raises DeploymentFailed."""
    found = {manifest.chain_id: HandVenues(manifest) for manifest in network.manifests.values()}
    for slug in SLUGS:
        manifest = network.manifests[slug]
        found[manifest.chain_id] = HandVenues(manifest, (_open_pool(network, manifest),))
    return found


def hand_world(world: World, venues: Mapping[int, HandVenues]) -> World:
    """The same world with the pools that only the by-hand side has."""
    chains = {chain_id: _with_extra(chain, venues[chain_id]) for chain_id, chain in world.chains.items()}
    return replace(world, chains=chains)


def _open_pool(network: Network, manifest: ChainManifest) -> VenueManifest:
    profile = next(profile for profile in ALL if profile.chain_id == manifest.chain_id)
    deployment = Deployment(network.rpc(manifest.slug))
    if not profile.bridged_supply:
        _bring_supply(network, manifest, profile)
    deployed = Deployed(manifest.chain_id, manifest.slug)
    deployed.contracts.update({name: manifest.address(name) for name in manifest.contracts})
    deployed.tokens.update({token.symbol: token.address for token in manifest.tokens})
    pool = PoolProfile("uniswap_v3", "USDC", BRIDGED, USD_PER_SIDE, FEE_PIPS)
    deploy_pools(deployment, replace(profile, pools=(pool,)), deployed, PRICES_E8)
    deployment.flush()
    made = deployed.pools[0]
    return VenueManifest(made.kind, made.address, made.router, made.token0, made.token1, made.fee_pips)


def _bring_supply(network: Network, manifest: ChainManifest, profile: ChainProfile) -> None:
    """Bridged USDC for the owner, as if it had come over the route, with its collateral on the parent."""
    parent = next(each for each in network.manifests.values() if each.chain_id == profile.parent_id)
    amount = SUPPLY * profile.token(BRIDGED).unit
    collateral = Deployment(network.rpc(parent.slug))
    collateral.send(
        parent.token("USDC").address,
        "mint(address,uint256)",
        parent.address("warp_usdc"),
        amount,
        gas=200_000,
    )
    collateral.flush()
    rpc, mailbox = network.rpc(manifest.slug), manifest.address("mailbox")
    rpc.request("anvil_impersonateAccount", mailbox)
    rpc.request("anvil_setBalance", mailbox, hex(WEI))
    arriving = Deployment(rpc)
    arriving.send(
        manifest.address("warp_usdc"),
        "handle(uint32,bytes32,bytes)",
        parent.domain,
        _word(parent.address("warp_usdc")),
        _word(address(OWNER)) + amount.to_bytes(32, "big"),
        sender=mailbox,
        gas=500_000,
    )
    arriving.flush()
    rpc.request("anvil_stopImpersonatingAccount", mailbox)


def _with_extra(chain: ChainWorld, hand: HandVenues) -> ChainWorld:
    rpc, first = Rpc(hand.manifest.endpoints[0].url), len(hand.manifest.venues)
    extra = tuple(_market(rpc, venue, first + at) for at, venue in enumerate(hand.extra))
    return replace(chain, markets=(*chain.markets, *extra))


def _market(rpc: Rpc, venue: VenueManifest, index: int) -> Market:
    state: dict[str, Any] | None = None
    for _ in range(MOST_ROUNDS):
        requests: list[tuple[str, list[Any]]] = [
            ("eth_call", [{"to": to, "data": "0x" + data.hex()}, "latest"])
            for to, data in uniswap_v3.world_calls(venue, state)
        ]
        answers = [bytes.fromhex(answer[2:]) for answer in rpc.batch(requests)]
        state = uniswap_v3.read(venue, index, state, answers)
        if uniswap_v3.is_complete(state):
            break
    assert state is not None
    return market_from_json(state)


def _word(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account[2:])
