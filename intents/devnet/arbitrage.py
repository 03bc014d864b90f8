"""Keeps one chain's pools near the feeds with real swaps, as arbitrageurs do on real chains."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from intents.chains.manifest import ChainManifest, TokenManifest, VenueManifest
from intents.chains.manifest_checks import WRAPPED_NATIVE

from .accounts import ARBITRAGEUR, address
from .deployment import Deployment
from .market_sender import send
from .pools import FOREVER, UNLIMITED
from .profiles import USD_E8
from .rpc import Rpc
from .tokens import mint

# Trades begin well inside the half percent that is promised.
TOLERANCE_PPM: Final = 2_000
PPM: Final = 1_000_000
RESERVE_USD: Final = 400_000
FEE_BASE: Final = 1_000
V2_FEE: Final = 3
SWAP_GAS: Final = 1_500_000

RESERVES: Final = "getReserves()"
SLOT0: Final = "slot0()"
SLOT0_TYPES: Final = "uint160,int24,uint16,uint16,uint16,uint8,bool"
SWAP_V2: Final = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
SWAP_V3: Final = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"


@dataclass(frozen=True, slots=True)
class PoolPrice:
    """Where a pool stands: token1 per token0 in base units times 2**192, and where the feeds want it."""

    venue: VenueManifest
    now_x192: int
    wanted_x192: int
    reserves: tuple[int, int] | None

    @property
    def off_ppm(self) -> int:
        """How far the pool's price is above (or, negative, below) the feeds', in millionths."""
        return (self.now_x192 - self.wanted_x192) * PPM // self.wanted_x192


class Arbitrageur:
    """Trades on one chain from its own account; call `trade` as often as wanted."""

    def __init__(self, manifest: ChainManifest, rpc: Rpc) -> None:
        self._manifest = manifest
        self._rpc = rpc
        self._owner = address(ARBITRAGEUR)

    def _pools(self) -> list[VenueManifest]:
        return [venue for venue in self._manifest.venues if venue.kind != WRAPPED_NATIVE]

    def pool_prices(self, prices_e8: Mapping[str, int]) -> list[PoolPrice]:
        """All pools whose two tokens have a price, read in one round trip."""
        venues = [venue for venue in self._pools() if self._is_priced(venue, prices_e8)]
        calls: list[tuple[str, str, tuple[Any, ...], str]] = [
            (venue.address, RESERVES, (), "uint112,uint112,uint32")
            if venue.kind == "uniswap_v2"
            else (venue.address, SLOT0, (), SLOT0_TYPES)
            for venue in venues
        ]
        found = []
        for venue, state in zip(venues, self._rpc.multi(calls), strict=True):
            wanted = self._wanted_x192(venue, prices_e8)
            if venue.kind == "uniswap_v2":
                reserves = (int(state[0]), int(state[1]))
                found.append(PoolPrice(venue, (reserves[1] << 192) // reserves[0], wanted, reserves))
            else:
                found.append(PoolPrice(venue, int(state[0]) ** 2, wanted, None))
        return found

    def trade(self, prices_e8: Mapping[str, int]) -> int:
        """Send one swap for each pool that is off; how many. Nothing while earlier ones wait for a block."""
        off = [pool for pool in self.pool_prices(prices_e8) if abs(pool.off_ppm) > TOLERANCE_PPM]
        if not off or self._is_waiting():
            return 0
        self._fill_pockets({symbol for pool in off for symbol in self._symbols(pool.venue)}, prices_e8)
        for pool in off:
            if pool.reserves is not None:
                self._swap_v2(pool, pool.reserves)
            else:
                self._swap_v3(pool)
        return len(off)

    def approve_routers(self) -> None:
        """Let the routers move this account's tokens, where they may not yet."""
        pairs = {(token, venue.router) for venue in self._pools() for token in (venue.token0, venue.token1)}
        ordered = sorted(pairs)
        allowances = self._rpc.multi(
            [
                (token, "allowance(address,address)", (self._owner, router), "uint256")
                for token, router in ordered
            ]
        )
        for (token, router), allowance in zip(ordered, allowances, strict=True):
            if allowance == 0:
                send(self._rpc, self._owner, token, "approve(address,uint256)", router, UNLIMITED)

    def _swap_v2(self, pool: PoolPrice, reserves: tuple[int, int]) -> None:
        venue = pool.venue
        is_too_dear = pool.off_ppm > 0
        # Too many token1 per token0: token0 is sold until the ratio of reserves is the wanted one.
        path = [venue.token0, venue.token1] if is_too_dear else [venue.token1, venue.token0]
        reserve_in, reserve_out = reserves if is_too_dear else reserves[::-1]
        wanted = pool.wanted_x192 if is_too_dear else (1 << 384) // pool.wanted_x192
        amount = v2_amount_to_price(reserve_in, reserve_out, wanted)
        if amount > 0:
            send(
                self._rpc,
                self._owner,
                venue.router,
                SWAP_V2,
                amount,
                0,
                path,
                self._owner,
                FOREVER,
                gas=SWAP_GAS,
            )

    def _swap_v3(self, pool: PoolPrice) -> None:
        venue = pool.venue
        pair = (venue.token0, venue.token1) if pool.off_ppm > 0 else (venue.token1, venue.token0)
        balance = self._rpc.call(pair[0], "balanceOf(address)", self._owner)
        # The price limit ends the swap; what is not needed is not taken.
        limit = math.isqrt(pool.wanted_x192)
        order = (*pair, venue.fee_pips, self._owner, balance, 0, limit)
        send(self._rpc, self._owner, venue.router, SWAP_V3, order, gas=SWAP_GAS)

    def _fill_pockets(self, symbols: set[str], prices_e8: Mapping[str, int]) -> None:
        weth = self._manifest.address("weth")
        tokens = [self._manifest.token(symbol) for symbol in sorted(symbols)]
        balances = self._rpc.multi(
            [(token.address, "balanceOf(address)", (self._owner,), "uint256") for token in tokens]
        )
        deployment = Deployment(self._rpc)
        for token, balance in zip(tokens, balances, strict=True):
            reserve = RESERVE_USD * USD_E8 * 10**token.decimals // prices_e8[self._asset(token)]
            if balance < reserve:
                mint(
                    deployment, token=token.address, weth=weth, to=self._owner, amount=2 * reserve,
                    is_bridged=token.is_synthetic,
                )  # fmt: skip
        deployment.post()

    def _is_waiting(self) -> bool:
        mined, sent = self._rpc.batch(
            [("eth_getTransactionCount", [self._owner, tag]) for tag in ("latest", "pending")]
        )
        return bool(int(mined, 16) < int(sent, 16))

    def _is_priced(self, venue: VenueManifest, prices_e8: Mapping[str, int]) -> bool:
        return all(
            self._asset(self._manifest.token(token)) in prices_e8 for token in (venue.token0, venue.token1)
        )

    def _wanted_x192(self, venue: VenueManifest, prices_e8: Mapping[str, int]) -> int:
        token0, token1 = self._manifest.token(venue.token0), self._manifest.token(venue.token1)
        value0 = prices_e8[self._asset(token0)] * 10**token1.decimals
        value1 = prices_e8[self._asset(token1)] * 10**token0.decimals
        return (value0 << 192) // value1

    def _asset(self, token: TokenManifest) -> str:
        """Canonical id under which a token is priced: a bridged one is worth what it is redeemed for."""
        ends = (bridge for bridge in self._manifest.bridges if bridge.token == token.address)
        return next((end.worth for end in ends), token.canonical_id)

    def _symbols(self, venue: VenueManifest) -> Sequence[str]:
        return [self._manifest.token(token).symbol for token in (venue.token0, venue.token1)]


def v2_amount_to_price(reserve_in: int, reserve_out: int, wanted_x192: int) -> int:
    """Input that brings a V2 pool's out/in ratio down to `wanted_x192` / 2**192, the 0.3 % fee included.

    Solves (in + a)(in + 0.997 a) = in · out / wanted for a.
    """
    keep = FEE_BASE - V2_FEE
    target = ((reserve_in * reserve_out) << 192) // wanted_x192
    # keep·a² + (FEE_BASE + keep)·in·a + FEE_BASE·(in² - target) = 0
    linear = (FEE_BASE + keep) * reserve_in
    constant = FEE_BASE * (reserve_in**2 - target)
    if constant >= 0:
        return 0
    return (math.isqrt(linear**2 - 4 * keep * constant) - linear) // (2 * keep)
