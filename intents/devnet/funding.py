"""Gives local accounts money, and Permit2 its allowances, without asking any of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from intents.chains.manifest import ChainManifest

from .accounts import (
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
from .deployed import Deployed
from .deployment import Deployment
from .pools import UNLIMITED
from .profiles import ETHER, ChainProfile
from .rpc import Rpc, call_data
from .settlers import MULTICALL3, PERMIT2
from .tokens import RICH_WEI, mint

AGGREGATE: Final = "aggregate3((address,bool,bytes)[])"
TRANSFER_GAS: Final = 90_000
APPROVE_GAS: Final = 120_000
CHUNK: Final = 100

# Whole tokens per wallet; symbols a chain does not have are passed over.
DEMO_MONEY: Final = {"USDC": 10_000, "WETH": 5, "USDT": 5_000, "WBTC": 0}
ACTOR_MONEY: Final = {"USDC": 100_000, "WETH": 50, "USDT": 50_000, "WBTC": 2}
ARBITRAGE_MONEY: Final = {"USDC": 3_000_000, "WETH": 1_000, "USDT": 500_000, "WBTC": 30}
DEMO_ALLOWANCES: Final[dict[str, tuple[str, ...]]] = {"alder": ("WETH", "USDT")}
ALICE_ALLOWANCES: Final = ("USDC", "WETH", "USDT", "WBTC")
ACTORS: Final = ("alice", "bob", "mallory")


def fund_gas(rpc: Rpc) -> None:
    """Native coin for everybody of the local network; the owner's is beyond spending."""
    amounts = {address(OWNER): RICH_WEI}
    for index in (OPERATOR, RELAYER, ARBITRAGEUR, FEED_POSTER, *VALIDATORS):
        amounts[address(index)] = 10_000 * ETHER
    for index in (DEMO_WALLET, OUTSIDER):
        amounts[address(index)] = 10 * ETHER
    for name in ACTORS:
        amounts[named_wallet(name).address] = 100 * ETHER
    set_balances(rpc, amounts)


def set_balances(rpc: Rpc, amounts: Mapping[str, int]) -> None:
    """Overwrite native balances, in wei; takes effect at once."""
    rpc.batch([("anvil_setBalance", [owner, hex(amount)]) for owner, amount in amounts.items()])


def fund_residents(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Deliver the solver's uneven inventory, and what everybody else has."""
    account = deployed.contracts["solver_account"]
    give(deployment, profile, deployed, to=account, whole=profile.inventory)
    set_balances(deployment.rpc, {account: profile.coin_stock_wei})
    fund_people(deployment, profile, deployed)


def fund_people(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Deliver everybody's tokens but ours; give Permit2 its allowances."""
    give(deployment, profile, deployed, to=address(DEMO_WALLET), whole=DEMO_MONEY)
    give(deployment, profile, deployed, to=address(ARBITRAGEUR), whole=ARBITRAGE_MONEY)
    for name in ACTORS:
        give(deployment, profile, deployed, to=named_wallet(name).address, whole=ACTOR_MONEY)
    deployment.flush()
    allow: dict[str, tuple[str, ...]] = {address(DEMO_WALLET): DEMO_ALLOWANCES.get(profile.slug, ())}
    allow[named_wallet("alice").address] = ALICE_ALLOWANCES
    for owner, symbols in allow.items():
        for symbol in symbols:
            if symbol in deployed.tokens:
                approve_permit2(deployment.rpc, deployed.tokens[symbol], [owner])


def give(
    deployment: Deployment, profile: ChainProfile, deployed: Deployed, *, to: str, whole: Mapping[str, int]
) -> None:
    """Queue whole tokens appearing at `to`; what the chain does not have is passed over."""
    weth = deployed.contracts["weth"]
    for symbol, count in whole.items():
        token = deployed.tokens.get(symbol)
        if token and count:
            kind = profile.token(symbol)
            mint(
                deployment, token=token, weth=weth, to=to, amount=count * kind.unit,
                is_bridged=kind.kind == "synthetic",
            )  # fmt: skip


def fund_wallets(
    manifest: ChainManifest,
    owners: Sequence[str],
    *,
    amounts: Mapping[str, int],
    wei: int = ETHER,
    permit2: Iterable[str] = (),
) -> None:
    """Give each owner `amounts` (base units by symbol) and `wei`; Permit2 may move the symbols named."""
    rpc = Rpc(manifest.endpoints[0].url)
    weth = manifest.address("weth")
    set_balances(rpc, dict.fromkeys(owners, wei))
    deployment = Deployment(rpc)
    for symbol, amount in amounts.items():
        passport = manifest.token(symbol)
        token = passport.address
        mint(
            deployment, token=token, weth=weth, to=MULTICALL3, amount=amount * len(owners),
            is_bridged=passport.is_synthetic,
        )  # fmt: skip
        for start in range(0, len(owners), CHUNK):
            chunk = owners[start : start + CHUNK]
            moves = [(token, False, call_data("transfer(address,uint256)", owner, amount)) for owner in chunk]
            deployment.send(MULTICALL3, AGGREGATE, moves, gas=TRANSFER_GAS * (len(chunk) + 1))
    deployment.flush()
    for symbol in permit2:
        approve_permit2(rpc, manifest.token(symbol).address, owners)


def approve_permit2(rpc: Rpc, token: str, owners: Sequence[str]) -> None:
    """Have each owner allow Permit2 everything of a token, by impersonation."""
    deployment = Deployment(rpc)
    rpc.batch([("anvil_impersonateAccount", [owner]) for owner in owners])
    for owner in owners:
        deployment.send(token, "approve(address,uint256)", PERMIT2, UNLIMITED, sender=owner, gas=APPROVE_GAS)
    deployment.flush()
    rpc.batch([("anvil_stopImpersonatingAccount", [owner]) for owner in owners])
