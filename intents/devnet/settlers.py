"""Puts Permit2 and Multicall3 at their canonical addresses and deploys Waymeet's own contracts."""

from collections.abc import Mapping
from typing import Final

from intents.contracts import addresses, creations
from intents.contracts.artifacts import load_artifact

from .accounts import OPERATOR, OWNER, RELAYER, address
from .deployed import Deployed
from .deployment import Deployment
from .pools import ZERO_ADDRESS, amount_for
from .profiles import USD_E8, ChainProfile

PERMIT2: Final = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
HOURLY_CAP_USD: Final = 1_000_000
SALT: Final = int.from_bytes(addresses.SALT, "big")


def place_canonical(deployment: Deployment, deployed: Deployed) -> None:
    """Give Permit2 and Multicall3 their code where every real chain has it; takes effect at once."""
    rpc = deployment.rpc
    # Running creation code in a call answers with the runtime code it would leave.
    multicall = rpc.request("eth_call", {"data": load_artifact("Multicall3").bytecode}, "latest")
    rpc.batch(
        [
            ("anvil_setCode", [PERMIT2, load_artifact("Permit2").runtime]),
            ("anvil_setCode", [MULTICALL3, multicall]),
        ]
    )
    deployed.contracts["permit2"] = PERMIT2
    deployed.contracts["multicall3"] = MULTICALL3


def deploy_settlers(deployment: Deployment, deployed: Deployed) -> None:
    """Queue the settlers, the solver's account and the call executor, which have one address on every chain, and
    the oracle."""
    contracts = deployed.contracts
    operators = [address(OPERATOR), address(RELAYER)]
    for creation in creations.ours(permit2=PERMIT2, owner=address(OWNER), operators=operators):
        contracts[creation.name] = deployment.make(creation)
    oracle = creations.oracle(mailbox=contracts["mailbox"], security_module=contracts["multisig_ism"])
    contracts[oracle.name] = deployment.make(oracle)


def deploy_gate(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Queue the door to the warp route, where the chain is on it: its routers are tokens, which are no venues."""
    router = deployed.contracts.get("warp_usdc")
    if router is None:
        return
    token = deployed.tokens["USDC"] if profile.parent_id is None else router
    deployed.contracts["warp_gate"] = deployment.make(creations.warp_gate(token=token, router=router))


def configure_account(
    deployment: Deployment, profile: ChainProfile, deployed: Deployed, prices_e8: Mapping[str, int]
) -> None:
    """Queue the solver account's venues and its hourly caps on what may leave."""
    contracts = deployed.contracts
    routers = [contracts["uniswap_v2_router"], contracts["uniswap_v3_router"]]
    if "warp_gate" in contracts:
        routers.append(contracts["warp_gate"])
    caps = {ZERO_ADDRESS: HOURLY_CAP_USD * USD_E8 * 10**18 // prices_e8["weth"]}
    for token in profile.tokens:
        if token.priced_as in prices_e8:
            amount = amount_for(profile, prices_e8, token.symbol, HOURLY_CAP_USD)
            caps[deployed.tokens[token.symbol]] = amount
    deployment.send(contracts["solver_account"], "setVenues(address[],bool)", routers, True)
    deployment.send(
        contracts["solver_account"], "setCaps(address[],uint256[])", list(caps), list(caps.values())
    )
