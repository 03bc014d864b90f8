"""Deploys the tokens, price feeds and demo vault of one chain, and mints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from intents.contracts.loader import load_file

from .accounts import FEED_POSTER, OWNER, address
from .deployed import Deployed
from .deployment import Deployment, artifact_code, encode_arguments, salt_sorting
from .profiles import ChainProfile, TokenProfile, feed_ids

SOURCES: Final = Path(__file__).with_name("contracts")
FEED_DECIMALS: Final = 8
MINT_LIMIT: Final = 2**255
# A balance no local account can spend: minting WETH means depositing it.
RICH_WEI: Final = 10**27


def local_code(name: str, signature: str, *args: object) -> bytes:
    """Creation code of one of the devnet's own Vyper contracts."""
    return load_file(SOURCES / f"{name}.vy").bytecode + encode_arguments(signature, *args)


def deploy_tokens(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Queue every token of the profile except the warp routes' synthetics, which need a mailbox."""
    weth_code = artifact_code("WETH9")
    weth = deployment.create(weth_code, "WETH9")
    deployed.contracts["weth"] = deployed.tokens["WETH"] = weth
    for token in profile.tokens:
        if token.kind == "fiat":
            deployed.tokens[token.symbol] = _deploy_fiat(deployment, token, weth)
        elif token.kind in ("permit", "no_return"):
            code = local_code(
                f"{token.kind}_token",
                "(string,string,uint8,address)",
                token.name,
                token.symbol,
                token.decimals,
                address(OWNER),
            )
            salt = salt_sorting(code, against=weth, first=token.sorts_first)
            deployed.tokens[token.symbol] = deployment.create(code, token.symbol, salt=salt)


def _deploy_fiat(deployment: Deployment, token: TokenProfile, weth: str) -> str:
    owner = address(OWNER)
    checker = deployment.create_artifact("SignatureChecker")
    code = deployment.create_artifact("FiatTokenV2_2", SignatureChecker=checker)
    proxy_code = artifact_code("FiatTokenProxy", "(address)", code)
    salt = salt_sorting(proxy_code, against=weth, first=token.sorts_first)
    proxy = deployment.create(proxy_code, token.symbol, salt=salt)
    deployment.send(
        proxy,
        "initialize(string,string,string,uint8,address,address,address,address)",
        token.name,
        token.symbol,
        "USD",
        token.decimals,
        owner,
        owner,
        owner,
        owner,
    )
    deployment.send(proxy, "initializeV2(string)", token.name)
    deployment.send(proxy, "initializeV2_1(address)", owner)
    deployment.send(proxy, "initializeV2_2(address[],string)", [], token.symbol)
    deployment.send(proxy, "configureMinter(address,uint256)", owner, MINT_LIMIT)
    return proxy


def deploy_feeds(
    deployment: Deployment, profile: ChainProfile, deployed: Deployed, prices_e8: Mapping[str, int]
) -> None:
    """Queue one AggregatorV3-like feed per priced asset, with its first answer."""
    for canonical_id in feed_ids(profile):
        code = local_code(
            "price_feed",
            "(string,uint8,address)",
            f"{canonical_id.upper()} / USD",
            FEED_DECIMALS,
            address(FEED_POSTER),
        )
        feed = deployment.create(code, f"{canonical_id} feed")
        deployed.feeds[canonical_id] = feed
        deployment.send(feed, "post(int256)", prices_e8[canonical_id], sender=address(FEED_POSTER))


def deploy_vault(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Queue the demo's vault of one of the chain's tokens, where the profile wants one."""
    if not profile.vault_of:
        return
    asset = deployed.tokens[profile.vault_of]
    name, symbol = f"Vault of {profile.vault_of}", f"v{profile.vault_of}"
    code = local_code("vault", "(address,string,string)", asset, name, symbol)
    deployed.contracts["demo_vault"] = deployment.create(code, "demo_vault")


def mint(
    deployment: Deployment, *, token: str, weth: str, to: str, amount: int, is_bridged: bool = False
) -> None:
    """Queue `amount` base units of a token appearing at `to`; WETH is deposited and sent.

    Nobody mints a bridged token: the owner, who has its first supply, sends it.
    """
    if is_bridged:
        deployment.send(token, "transfer(address,uint256)", to, amount, gas=100_000)
        return
    if token != weth:
        deployment.send(token, "mint(address,uint256)", to, amount, gas=200_000)
        return
    deployment.send(token, "deposit()", value=amount, gas=100_000)
    if to != address(OWNER):
        deployment.send(token, "transfer(address,uint256)", to, amount, gas=100_000)
