"""Deploys real Uniswap V2 and V3 on one chain and fills the profile's pools."""

import math
from collections.abc import Mapping
from typing import Final

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address

from intents.contracts.artifacts import load_artifact

from .accounts import OWNER, address
from .deployed import Deployed, Pool
from .deployment import Deployment, create2
from .profiles import USD_E8, ChainProfile, PoolProfile
from .tokens import mint

ZERO_ADDRESS: Final = "0x" + "00" * 20
FOREVER: Final = 2**40
UNLIMITED: Final = 2**256 - 1
MAX_TICK: Final = 887_272
TICK_SPACING: Final = {500: 10, 3_000: 60, 10_000: 200}
# A tenth of a V3 pool's money lies within this many ticks of the price, about 12 %.
NARROW_TICKS: Final = 1_200
NARROW_SHARE: Final = 10

MINT_V3: Final = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def deploy_uniswap(deployment: Deployment, deployed: Deployed) -> None:
    """Queue factories, routers, quoter and tick lens."""
    weth, contracts = deployed.contracts["weth"], deployed.contracts
    v2 = deployment.create_artifact("UniswapV2Factory", "(address)", ZERO_ADDRESS)
    v3 = deployment.create_artifact("UniswapV3Factory")
    positions = deployment.create_artifact(
        "NonfungiblePositionManager", "(address,address,address)", v3, weth, ZERO_ADDRESS
    )
    contracts["uniswap_v2_factory"] = v2
    contracts["uniswap_v3_factory"] = v3
    contracts["uniswap_v3_positions"] = positions
    contracts["uniswap_v2_router"] = deployment.create_artifact(
        "UniswapV2Router02", "(address,address)", v2, weth
    )
    contracts["uniswap_v3_router"] = deployment.create_artifact(
        "SwapRouter02", "(address,address,address,address)", v2, v3, positions, weth
    )
    contracts["uniswap_v3_quoter"] = deployment.create_artifact("QuoterV2", "(address,address)", v3, weth)
    contracts["uniswap_v3_tick_lens"] = deployment.create_artifact("TickLens")


def deploy_pools(
    deployment: Deployment, profile: ChainProfile, deployed: Deployed, prices_e8: Mapping[str, int]
) -> None:
    """Queue every pool of the profile, balanced at the given prices."""
    for token in profile.tokens:
        if any(
            pool.kind == "uniswap_v3" and token.symbol in (pool.first, pool.second) for pool in profile.pools
        ):
            spender = deployed.contracts["uniswap_v3_positions"]
            deployment.send(deployed.tokens[token.symbol], "approve(address,uint256)", spender, UNLIMITED)
    for pool in profile.pools:
        _deploy_pool(deployment, profile, deployed, prices_e8, pool)


def _deploy_pool(
    deployment: Deployment,
    profile: ChainProfile,
    deployed: Deployed,
    prices_e8: Mapping[str, int],
    pool: PoolProfile,
) -> None:
    ordered = sorted((pool.first, pool.second), key=lambda symbol: int(deployed.tokens[symbol], 16))
    amounts = [amount_for(profile, prices_e8, symbol, pool.usd_per_side) for symbol in ordered]
    tokens = [deployed.tokens[symbol] for symbol in ordered]
    router = deployed.contracts["uniswap_v2_router" if pool.kind == "uniswap_v2" else "uniswap_v3_router"]
    pool_address = pool_address_of(deployed, pool.kind, tokens[0], tokens[1], pool.fee_pips)
    deployed.pools.append(
        Pool(
            pool.kind,
            pool_address,
            router,
            tokens[0],
            tokens[1],
            ordered[0],
            ordered[1],
            pool.fee_pips,
        )
    )
    receiver = pool_address if pool.kind == "uniswap_v2" else address(OWNER)
    if pool.kind == "uniswap_v2":
        deployment.send(deployed.contracts["uniswap_v2_factory"], "createPair(address,address)", *tokens)
    for symbol, amount in zip(ordered, amounts, strict=True):
        # V3 takes fractions of the two amounts that need not add up to the whole.
        spare = 0 if pool.kind == "uniswap_v2" else amount // 5
        mint(
            deployment,
            token=deployed.tokens[symbol],
            weth=deployed.contracts["weth"],
            to=receiver,
            amount=amount + spare,
            is_bridged=profile.token(symbol).kind == "synthetic",
        )
    if pool.kind == "uniswap_v2":
        deployment.send(pool_address, "mint(address)", address(OWNER))
        return
    _fill_v3(deployment, deployed.contracts["uniswap_v3_positions"], tokens, amounts, pool.fee_pips)


def _fill_v3(deployment: Deployment, positions: str, tokens: list[str], amounts: list[int], fee: int) -> None:
    root = math.isqrt((amounts[1] << 192) // amounts[0])
    deployment.send(
        positions,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        *tokens,
        fee,
        root,
    )
    spacing = TICK_SPACING[fee]
    middle = round(math.log(amounts[1] / amounts[0], 1.0001)) // spacing * spacing
    widest = MAX_TICK // spacing * spacing
    narrow = NARROW_TICKS // spacing * spacing
    owner = address(OWNER)
    for low, high, parts in (
        (-widest, widest, NARROW_SHARE - 1),
        (middle - narrow, middle + narrow, 1),
    ):
        wanted = [amount * parts // NARROW_SHARE for amount in amounts]
        deployment.send(positions, MINT_V3, (*tokens, fee, low, high, *wanted, 0, 0, owner, FOREVER))


def pool_address_of(deployed: Deployed, kind: str, token0: str, token1: str, fee_pips: int) -> str:
    """Where the factory of that kind creates the pool; the tokens in ascending order."""
    if kind == "uniswap_v2":
        salt = keccak(to_canonical_address(token0) + to_canonical_address(token1))
        return create2(deployed.contracts["uniswap_v2_factory"], salt, _code_hash("UniswapV2Pair"))
    salt = keccak(abi_encode(["address", "address", "uint24"], [token0, token1, fee_pips]))
    return create2(deployed.contracts["uniswap_v3_factory"], salt, _code_hash("UniswapV3Pool"))


def amount_for(profile: ChainProfile, prices_e8: Mapping[str, int], symbol: str, usd: int) -> int:
    """Base units of a token worth so many dollars."""
    token = profile.token(symbol)
    return usd * USD_E8 * token.unit // prices_e8[token.priced_as]


def _code_hash(name: str) -> bytes:
    return keccak(bytes.fromhex(load_artifact(name).bytecode.removeprefix("0x")))
