"""Deploys a whole local network on running nodes, all chains side by side."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from intents.contracts.loader import load, load_file

from .deployed import Deployed
from .deployment import Deployment
from .funding import fund_gas, fund_residents
from .manifests import read_code_hashes
from .messaging import back_bridged, deploy_bridged, deploy_messaging, enrol_routers
from .names import deploy_names
from .pools import deploy_pools, deploy_uniswap
from .profiles import ChainProfile
from .rpc import Rpc
from .settlers import SALT, configure_account, deploy_gate, deploy_settlers, place_canonical
from .tokens import SOURCES, deploy_feeds, deploy_tokens, deploy_vault, local_code

OUR_CONTRACTS: Final = (
    "deposit_address", "input_settler", "output_settler", "call_executor", "hyperlane_oracle", "solver_account",
    "warp_gate",
)  # fmt: skip


def deploy_network(
    profiles: Sequence[ChainProfile],
    rpcs: Mapping[str, Rpc],
    prices_e8: Mapping[str, int],
    *,
    others: Sequence[Deployed] = (),
) -> dict[str, Deployed]:
    """Deploy everything on each profile's node (by slug) and introduce the chains to each other.

    `others` run already, have their nodes among `rpcs`, and are introduced too. Mining stays as it was.
    Raises DeploymentFailed, RpcError, NodeUnreachable.
    """

    def one(profile: ChainProfile) -> Deployed:
        return _with_own_mining(rpcs[profile.slug], lambda rpc: deploy_chain(rpc, profile, prices_e8))

    def introduce(deployed: Deployed) -> None:
        deployment = Deployment(rpcs[deployed.slug])
        enrol_routers(deployment, deployed, everybody)
        back_bridged(deployment, deployed, results)
        deployment.flush()
        read_code_hashes(deployment.rpc, deployed)

    # Vyper keeps its settings in a global: compiling in the chains' threads crashes it.
    for name in OUR_CONTRACTS:
        load(name)
    for source in SOURCES.glob("*.vy"):
        load_file(source)
    with ThreadPoolExecutor(len(profiles)) as pool:
        results = list(pool.map(one, profiles))
        everybody = [*results, *others]
        list(pool.map(introduce, everybody))
    return {deployed.slug: deployed for deployed in results}


def deploy_chain(rpc: Rpc, profile: ChainProfile, prices_e8: Mapping[str, int]) -> Deployed:
    """Everything of one chain but its introduction to the others."""
    deployed = Deployed(profile.chain_id, profile.slug)
    deployment = Deployment(rpc)
    fund_gas(rpc)
    place_canonical(deployment, deployed)
    deploy_tokens(deployment, profile, deployed)
    deploy_feeds(deployment, profile, deployed, prices_e8)
    deploy_uniswap(deployment, deployed)
    deploy_messaging(deployment, profile, deployed)
    deploy_bridged(deployment, profile, deployed)
    deploy_settlers(deployment, deployed)
    deploy_gate(deployment, profile, deployed)
    deploy_vault(deployment, profile, deployed)
    # Accounts of wallets that make batches borrow its code (EIP-7702).
    executor = local_code("batch_executor", "()")
    deployed.contracts["batch_executor"] = deployment.create(executor, "batch_executor", salt=SALT)
    configure_account(deployment, profile, deployed, prices_e8)
    deploy_pools(deployment, profile, deployed, prices_e8)
    fund_residents(deployment, profile, deployed)
    deploy_names(deployment, profile, deployed)
    rpc.request("anvil_setNextBlockBaseFeePerGas", hex(profile.base_fee_wei))
    return deployed


def _with_own_mining(rpc: Rpc, work: Callable[[Rpc], Deployed]) -> Deployed:
    """Run `work` with blocks made only on request: far fewer of them than one per transaction."""
    was_automatic = rpc.request("anvil_getAutomine")
    if was_automatic:
        rpc.request("evm_setAutomine", False)
    try:
        return work(rpc)
    finally:
        if was_automatic:
            rpc.request("evm_setAutomine", True)
