"""What the local chains are: their clocks, gas, tokens, pools, prices and uneven inventories."""

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

GWEI: Final = 10**9
USD_E8: Final = 10**8
LOCAL_LABEL: Final = "本地测试链"

ETHER: Final = 10**18
# USD with eight decimals, by canonical id: what the feeds post first.
PRICES_E8: Final = {
    "usdc": 1 * USD_E8,
    "usdt": 1 * USD_E8,
    "weth": 3_200 * USD_E8,
    "wbtc": 96_000 * USD_E8,
}

TokenKind = Literal["fiat", "permit", "no_return", "weth", "collateral", "synthetic"]


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """A token to deploy. `sorts_first`: its address is below WETH's, so pools list it as token0. `worth` is the
    canonical id of what a bridged token stands for."""

    symbol: str
    name: str
    decimals: int
    canonical_id: str
    kind: TokenKind
    sorts_first: bool = True
    worth: str = ""

    @property
    def priced_as(self) -> str:
        """Canonical id whose price is this token's: a bridged one is redeemed for something else."""
        return self.worth or self.canonical_id

    @property
    def unit(self) -> int:
        """Base units of one whole token."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class PoolProfile:
    """A pool of two tokens with this much on each side; V3 puts a tenth of it within 12 % of the price."""

    kind: Literal["uniswap_v2", "uniswap_v3"]
    first: str
    second: str
    usd_per_side: int
    fee_pips: int = 3_000


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """One local chain. `inventory` is what the solver's account holds, in whole tokens, `coin_stock_wei` of the
    chain's own coin; `vault_of` the symbol that the demo vault takes, empty for no vault. `bridged_supply`: whole
    bridged tokens in circulation. `targets` are what rebalancing keeps of a token where that is not the inventory."""

    chain_id: int
    slug: str
    name: str
    block_seconds: float
    depth: int
    parent_id: int | None
    base_fee_wei: int
    priority_fee_wei: int
    tokens: tuple[TokenProfile, ...]
    pools: tuple[PoolProfile, ...]
    inventory: dict[str, int] = field(default_factory=dict)
    coin_stock_wei: int = 0
    first_tier_usd: int = 1_000
    joins_later: bool = False
    vault_of: str = ""
    bridged_supply: int = 0
    targets: dict[str, int] = field(default_factory=dict)

    def token(self, symbol: str) -> TokenProfile:
        """The token with this symbol; raises KeyError."""
        for token in self.tokens:
            if token.symbol == symbol:
                return token
        raise KeyError(f"{self.slug} has no {symbol}")


def _usdc(*, sorts_first: bool) -> TokenProfile:
    return TokenProfile("USDC", "USD Coin", 6, "usdc", "fiat", sorts_first)


def _usdt(*, sorts_first: bool) -> TokenProfile:
    return TokenProfile("USDT", "Local Tether", 6, "usdt", "no_return", sorts_first)


def _wbtc(*, sorts_first: bool) -> TokenProfile:
    return TokenProfile("WBTC", "Wrapped Bitcoin", 8, "wbtc", "permit", sorts_first)


WETH: Final = TokenProfile("WETH", "Wrapped Ether", 18, "weth", "weth")

# Bridged by Hyperlane's warp route from Summit: not the canonical USDC of the chain it arrives on.
BRIDGED_USDC: Final = TokenProfile(
    "hypUSDC", "Bridged USD Coin", 6, "usdc-summit-warp", "synthetic", worth="usdc"
)

SUMMIT: Final = ChainProfile(
    chain_id=900,
    slug="summit",
    name="Summit",
    block_seconds=4,
    depth=8,
    parent_id=None,
    base_fee_wei=1_500_000_000,
    priority_fee_wei=100_000_000,
    tokens=(WETH, _usdc(sorts_first=True), _wbtc(sorts_first=False)),
    pools=(
        PoolProfile("uniswap_v3", "USDC", "WETH", 20_000_000, 500),
        PoolProfile("uniswap_v2", "USDC", "WETH", 5_000_000),
        PoolProfile("uniswap_v3", "WBTC", "WETH", 8_000_000, 3_000),
        PoolProfile("uniswap_v2", "USDC", "WBTC", 3_000_000),
    ),
    inventory={"USDC": 50_000, "WETH": 15, "WBTC": 1},
    coin_stock_wei=10 * ETHER,
)

ALDER: Final = ChainProfile(
    chain_id=901,
    slug="alder",
    name="Alder",
    block_seconds=1,
    depth=3,
    parent_id=900,
    base_fee_wei=20_000_000,
    priority_fee_wei=1_000_000,
    tokens=(WETH, _usdc(sorts_first=False), _usdt(sorts_first=True), BRIDGED_USDC),
    pools=(
        PoolProfile("uniswap_v3", "USDC", "WETH", 2_000_000, 3_000),
        PoolProfile("uniswap_v2", "USDC", "WETH", 800_000),
        PoolProfile("uniswap_v3", "USDC", "USDT", 1_500_000, 500),
        # By this one our stock gets onto the warp route.
        PoolProfile("uniswap_v3", "USDC", "hypUSDC", 4_000_000, 500),
    ),
    inventory={"USDC": 50_000, "WETH": 12, "USDT": 20_000},
    # From here stock gets onto the warp route for a few cents of gas, and is final in seconds.
    targets={"USDC": 37_000, "hypUSDC": 12_000},
    bridged_supply=10_000_000,
    coin_stock_wei=5 * ETHER,
)

BIRCH: Final = ChainProfile(
    chain_id=902,
    slug="birch",
    name="Birch",
    block_seconds=1,
    depth=5,
    parent_id=900,
    base_fee_wei=50_000_000,
    priority_fee_wei=2_000_000,
    tokens=(WETH, _usdc(sorts_first=True), _usdt(sorts_first=False), BRIDGED_USDC),
    pools=(
        PoolProfile("uniswap_v3", "USDC", "WETH", 4_000_000, 500),
        PoolProfile("uniswap_v2", "USDC", "WETH", 3_000_000),
        PoolProfile("uniswap_v2", "USDT", "WETH", 400_000),
    ),
    inventory={"USDC": 50_000, "USDT": 5_000},
    # Enough for gas on arrival; a transfer of coins is bought and unwrapped.
    coin_stock_wei=ETHER // 10,
    vault_of="USDC",
)

CEDAR: Final = ChainProfile(
    chain_id=903,
    slug="cedar",
    name="Cedar",
    block_seconds=1,
    depth=10,
    parent_id=900,
    base_fee_wei=10_000_000,
    priority_fee_wei=500_000,
    tokens=(
        WETH,
        TokenProfile("USDC", "USD Coin", 18, "usdc", "permit", sorts_first=False),
        _wbtc(sorts_first=True),
        BRIDGED_USDC,
    ),
    pools=(
        PoolProfile("uniswap_v3", "USDC", "WETH", 1_500_000, 3_000),
        PoolProfile("uniswap_v2", "USDC", "WETH", 600_000),
        # The only way to WBTC here: whoever wants it brings USDC over the warp route first.
        PoolProfile("uniswap_v2", "hypUSDC", "WBTC", 900_000),
    ),
    inventory={"USDC": 50_000, "WETH": 6},
    bridged_supply=5_000_000,
    coin_stock_wei=3 * ETHER,
)

DOGWOOD: Final = ChainProfile(
    chain_id=904,
    slug="dogwood",
    name="Dogwood",
    block_seconds=2,
    depth=5,
    parent_id=900,
    base_fee_wei=30_000_000,
    priority_fee_wei=1_000_000,
    tokens=(WETH, _usdc(sorts_first=True), BRIDGED_USDC),
    pools=(PoolProfile("uniswap_v2", "USDC", "WETH", 500_000),),
    inventory={"USDC": 10_000, "WETH": 2},
    coin_stock_wei=ETHER,
    joins_later=True,
)

ALL: Final = (SUMMIT, ALDER, BIRCH, CEDAR, DOGWOOD)
RUNNING: Final = tuple(profile for profile in ALL if not profile.joins_later)


def demo_profiles() -> tuple[ChainProfile, ...]:
    """The chains `make demo` starts; `WAYMEET_BLOCK_SECONDS` gives every chain that block time."""
    override = os.environ.get("WAYMEET_BLOCK_SECONDS")
    return with_block_seconds(RUNNING, float(override)) if override else RUNNING


def with_block_seconds(profiles: tuple[ChainProfile, ...], seconds: float) -> tuple[ChainProfile, ...]:
    """The same chains with another block time; the depth in blocks stays."""
    return tuple(dataclasses.replace(profile, block_seconds=seconds) for profile in profiles)


def feed_ids(profile: ChainProfile) -> Iterator[str]:
    """Canonical ids that need a price feed on this chain."""
    wanted = {token.canonical_id for token in profile.tokens}
    yield from (canonical_id for canonical_id in PRICES_E8 if canonical_id in wanted)
