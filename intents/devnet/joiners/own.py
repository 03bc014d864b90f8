"""What a chain has of its own before it joins: its tokens, pools, feeds and people, and nothing of ours."""

from collections.abc import Mapping
from dataclasses import replace

from intents.chains.manifest import ChainManifest
from intents.devnet.accounts import (
    ARBITRAGEUR,
    DEMO_WALLET,
    FEED_POSTER,
    OPERATOR,
    OUTSIDER,
    OWNER,
    RELAYER,
    VALIDATORS,
    address,
    named_wallet,
)
from intents.devnet.deployed import Deployed
from intents.devnet.deployment import Deployment
from intents.devnet.funding import ACTORS, fund_people, give, set_balances
from intents.devnet.manifests import manifest_of, read_code_hashes
from intents.devnet.pools import deploy_pools, deploy_uniswap
from intents.devnet.profiles import ETHER, ChainProfile
from intents.devnet.rpc import Rpc
from intents.devnet.settlers import SALT, place_canonical
from intents.devnet.tokens import RICH_WEI, deploy_feeds, deploy_tokens, local_code

# What the operator brings along, of what our account is to hold.
OPERATOR_MULTIPLE = 2


def bare(profile: ChainProfile) -> ChainProfile:
    """The chain without bridged tokens, which come with joining."""
    return replace(profile, tokens=tuple(token for token in profile.tokens if token.kind != "synthetic"))


def deploy_own(rpc: Rpc, profile: ChainProfile, prices_e8: Mapping[str, int]) -> Deployed:
    """Everything of the chain itself, on a running node; the operator's account holds what it may grant.

    Raises DeploymentFailed, RpcError, NodeUnreachable.
    """
    profile = bare(profile)
    deployed = Deployed(profile.chain_id, profile.slug)
    deployment = Deployment(rpc)
    amounts = {address(OWNER): RICH_WEI}
    amounts |= {address(index): 10_000 * ETHER for index in (ARBITRAGEUR, FEED_POSTER)}
    amounts |= {address(index): 10 * ETHER for index in (DEMO_WALLET, OUTSIDER)}
    # anvil gives them coins from the start; no real chain does.
    amounts |= {address(index): 0 for index in (OPERATOR, RELAYER, *VALIDATORS)}
    amounts |= {named_wallet(name).address: 100 * ETHER for name in ACTORS}
    set_balances(rpc, amounts)
    place_canonical(deployment, deployed)
    deploy_tokens(deployment, profile, deployed)
    deploy_feeds(deployment, profile, deployed, prices_e8)
    deploy_uniswap(deployment, deployed)
    executor = local_code("batch_executor", "()")
    deployed.contracts["batch_executor"] = deployment.create(executor, "batch_executor", salt=SALT)
    deploy_pools(deployment, profile, deployed, prices_e8)
    fund_people(deployment, profile, deployed)
    stock = {symbol: count * OPERATOR_MULTIPLE for symbol, count in profile.inventory.items()}
    give(deployment, profile, deployed, to=address(OWNER), whole=stock)
    deployment.flush()
    read_code_hashes(rpc, deployed)
    rpc.request("anvil_setNextBlockBaseFeePerGas", hex(profile.base_fee_wei))
    return deployed


def asking_manifest(profile: ChainProfile, deployed: Deployed, *, url: str) -> ChainManifest:
    """The manifest with which the chain's operator asks to join."""
    whole = manifest_of(bare(profile), deployed, url=url, validators=["http://127.0.0.1"] * 3)
    return replace(whole, validators=(), validator_threshold=0)
