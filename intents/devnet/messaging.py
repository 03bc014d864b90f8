"""Deploys Hyperlane's own contracts on one chain, and the warp route of bridged USDC between chains."""

from collections.abc import Sequence
from typing import Final

from eth_utils import to_canonical_address

from intents.contracts import creations

from .accounts import OWNER, VALIDATORS, address
from .deployed import Deployed
from .deployment import Deployment
from .pools import ZERO_ADDRESS
from .profiles import ChainProfile
from .tokens import mint

THRESHOLD: Final = 2
DEPLOY_ISM: Final = "deploy(address[],uint8)"
FIND_ISM: Final = "getAddress(address[],uint8)"


def validator_addresses() -> list[str]:
    """The three validators in the order in which the security module wants their signatures."""
    return creations.in_order([address(index) for index in VALIDATORS])


def deploy_messaging(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Mailbox behind its proxy, hooks, announcements and the 2-of-3 security module; sends what is queued.

    The required hook is Hyperlane's PausableHook, which asks no fee and which nobody owns here.
    """
    contracts, owner = deployed.contracts, address(OWNER)
    core = creations.core(profile.chain_id)
    deployment.make(core.implementation)
    for creation in core.listed:
        contracts[creation.name] = deployment.make(creation)
    factory, mailbox = contracts["multisig_ism_factory"], contracts["mailbox"]
    deployment.send(factory, DEPLOY_ISM, validator_addresses(), THRESHOLD)
    deployment.flush()
    ism = deployment.rpc.call(factory, FIND_ISM, validator_addresses(), THRESHOLD, returns="address")
    contracts["multisig_ism"] = ism
    deployment.send(
        mailbox,
        "initialize(address,address,address,address)",
        owner,
        ism,
        contracts["merkle_tree_hook"],
        contracts["required_hook"],
    )


def deploy_bridged(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Queue this chain's end of the USDC warp route: collateral on the parent, a synthetic elsewhere."""
    mailbox, owner = deployed.contracts["mailbox"], address(OWNER)
    if profile.parent_id is None:
        collateral = deployment.create_artifact(
            "HypERC20Collateral", "(address,uint256,address)", deployed.tokens["USDC"], 1, mailbox
        )
        deployment.send(collateral, "initialize(address,address,address)", ZERO_ADDRESS, ZERO_ADDRESS, owner)
        deployed.contracts["warp_usdc"] = collateral
        return
    for token in profile.tokens:
        if token.kind != "synthetic":
            continue
        synthetic = deployment.create_artifact(
            "HypERC20", "(uint8,uint256,address)", token.decimals, 1, mailbox
        )
        supply = deployed.bridged_supply = profile.bridged_supply * token.unit
        deployment.send(
            synthetic,
            "initialize(uint256,string,string,address,address,address)",
            supply,
            token.name,
            token.symbol,
            ZERO_ADDRESS,
            ZERO_ADDRESS,
            owner,
        )
        deployed.contracts["warp_usdc"] = deployed.tokens[token.symbol] = synthetic


def back_bridged(deployment: Deployment, deployed: Deployed, fresh: Sequence[Deployed]) -> None:
    """Queue the collateral behind the synthetic tokens that fresh chains began with, on the parent."""
    supply = sum(other.bridged_supply for other in fresh)
    warp = deployed.contracts.get("warp_usdc")
    if supply and warp and warp not in deployed.tokens.values():
        mint(
            deployment, token=deployed.tokens["USDC"], weth=deployed.contracts["weth"], to=warp, amount=supply
        )


def enrol_routers(deployment: Deployment, deployed: Deployed, others: Sequence[Deployed]) -> None:
    """Queue the introduction of every other chain's end of the warp route."""
    own = deployed.contracts.get("warp_usdc")
    if own is None:
        return
    for other in others:
        if "warp_usdc" not in other.contracts or other.chain_id == deployed.chain_id:
            continue
        router = b"\x00" * 12 + to_canonical_address(other.contracts["warp_usdc"])
        deployment.send(own, "enrollRemoteRouter(uint32,bytes32)", other.chain_id, router)
