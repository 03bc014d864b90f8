"""Everything the solver knows when it answers: chains, tokens, unreserved stock, pools and prices.

A snapshot: nothing here changes, nothing is fetched. Token keys are checksummed addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from intents.solver.company import Shared
from intents.solver.markets import Market, market_from_json


@dataclass(frozen=True, slots=True)
class Token:
    """A token on one chain; equal `canonical_id` means one and the same asset everywhere."""

    address: str
    symbol: str
    decimals: int
    canonical_id: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What the filler holds of a token, and how much of it is promised to accepted orders; base units."""

    balance: int
    reserved: int = 0

    @property
    def unreserved(self) -> int:
        """What a new order may use; never negative."""
        return max(self.balance - self.reserved, 0)


@dataclass(frozen=True, slots=True)
class Price:
    """USD × 10^8 for one whole unit: the lowest and the highest of the sources that are fresh."""

    low_e8: int
    high_e8: int

    @property
    def disagreement_bps(self) -> int:
        """How far the sources are apart, in bps of the lower."""
        return (self.high_e8 - self.low_e8) * 10_000 // self.low_e8


@dataclass(frozen=True, slots=True)
class Tier:
    """Orders worth at most `max_usd_e8` wait for `depth` blocks on their origin."""

    max_usd_e8: int
    depth: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """A pool that may not be used now, and the code of the reason."""

    venue: int
    token0: str
    token1: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """A chain's end of a bridge: `token` of our stock leaves and arrives here, 1 : 1 over one `route`."""

    route: str
    token: str


@dataclass(frozen=True, slots=True)
class ChainWorld:
    """One chain at one block; `gas_price_wei` is what a transaction pays now, `native_id` its gas coin.

    `bridged` are tokens that only we handle: never given or asked. An order that starts here has
    `fill_seconds` to be filled, 0 when that is not known. Of orders that start here `messages` says by destination,
    and `finalises` for all, how many were settled together of late. `held` are tokens that were found wanting, with
    the reason: they may be delivered to whoever was promised them, and are nothing to deliver others with. `opens` and
    `fills` are what our transactions used of late: opens by way and token, fills out of stock by token.
    `message_fees` is what somebody else's Mailbox asks besides gas, in wei by the chain that a message goes to; None
    where it is ours and asks nothing. `data_fees` is what the chain takes for a transaction's data besides its gas, in
    wei by size in bytes, of two sizes; None where it takes nothing, empty while it is not known.
    """

    chain_id: int
    block_number: int
    block_hash: str
    gas_price_wei: int
    native_id: str
    native_decimals: int
    block_seconds: float
    final_blocks: int
    tiers: tuple[Tier, ...] = ()
    tokens: Mapping[str, Token] = field(default_factory=dict)
    stocks: Mapping[str, Stock] = field(default_factory=dict)
    markets: tuple[Market, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    paused_reason: str = ""
    bridges: tuple[Bridge, ...] = ()
    bridged: Mapping[str, Token] = field(default_factory=dict)
    fill_seconds: int = 0
    messages: Mapping[int, Shared] = field(default_factory=dict)
    finalises: Shared = field(default_factory=Shared)
    opens: Mapping[str, int] = field(default_factory=dict)
    fills: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    message_fees: Mapping[int, int] | None = None
    data_fees: Mapping[int, int] | None = None

    def handled(self, address: str) -> Token | None:
        """A token that may be stock or on the way to the output; None for what we do not touch."""
        return self.tokens.get(address) or self.bridged.get(address)

    def depth_for(self, value_usd_e8: int) -> int:
        """Blocks on this chain before an order of that value is filled; past the last tier, finality."""
        fitting = [tier.depth for tier in self.tiers if value_usd_e8 <= tier.max_usd_e8]
        return max(min(fitting, default=self.final_blocks), 1)

    def smallest_tier_usd_e8(self) -> int:
        """The most that counts as a small order; 0 when the chain has no tiers."""
        return min((tier.max_usd_e8 for tier in self.tiers), default=0)


@dataclass(frozen=True, slots=True)
class World:
    """The snapshot. `prices` holds fresh prices only; `stale` names assets whose every source is too old."""

    chains: Mapping[int, ChainWorld]
    prices: Mapping[str, Price]
    stale: frozenset[str] = frozenset()
    at: float = 0.0


def world_to_json(world: World) -> dict[str, Any]:
    """The world as JSON; integers beyond 53 bits as decimal text."""
    return {
        "at": world.at,
        "stale": sorted(world.stale),
        "prices": {name: [str(price.low_e8), str(price.high_e8)] for name, price in world.prices.items()},
        "chains": {str(chain_id): chain_to_json(chain) for chain_id, chain in world.chains.items()},
    }


def world_from_json(value: Mapping[str, Any]) -> World:
    """The inverse of `world_to_json`; raises KeyError or ValueError on anything else."""
    return World(
        chains={int(chain_id): chain_from_json(chain) for chain_id, chain in value["chains"].items()},
        prices={
            name: Price(low_e8=int(low), high_e8=int(high)) for name, (low, high) in value["prices"].items()
        },
        stale=frozenset(value["stale"]),
        at=float(value["at"]),
    )


def chain_to_json(chain: ChainWorld) -> dict[str, Any]:
    """One chain as JSON."""
    return {
        "chain_id": chain.chain_id,
        "block_number": chain.block_number,
        "block_hash": chain.block_hash,
        "gas_price_wei": str(chain.gas_price_wei),
        "native_id": chain.native_id,
        "native_decimals": chain.native_decimals,
        "block_seconds": chain.block_seconds,
        "final_blocks": chain.final_blocks,
        "tiers": [[str(tier.max_usd_e8), tier.depth] for tier in chain.tiers],
        "tokens": _tokens_to_json(chain.tokens),
        "bridged": _tokens_to_json(chain.bridged),
        "bridges": [[bridge.route, bridge.token] for bridge in chain.bridges],
        "fill_seconds": chain.fill_seconds,
        "messages": {str(to): [each.orders, each.transactions] for to, each in chain.messages.items()},
        "finalises": [chain.finalises.orders, chain.finalises.transactions],
        "opens": dict(chain.opens),
        "fills": dict(chain.fills),
        "stocks": {token: [str(stock.balance), str(stock.reserved)] for token, stock in chain.stocks.items()},
        "markets": [market.to_json() for market in chain.markets],
        "excluded": [[pool.venue, pool.token0, pool.token1, pool.reason] for pool in chain.excluded],
        "paused_reason": chain.paused_reason,
        "held": dict(chain.held),
        "message_fees": None
        if chain.message_fees is None
        else {str(to): str(wei) for to, wei in chain.message_fees.items()},
        "data_fees": None
        if chain.data_fees is None
        else {str(size): str(wei) for size, wei in chain.data_fees.items()},
    }


def chain_from_json(value: Mapping[str, Any]) -> ChainWorld:
    """The inverse of `chain_to_json`."""
    return ChainWorld(
        chain_id=int(value["chain_id"]),
        block_number=int(value["block_number"]),
        block_hash=str(value["block_hash"]),
        gas_price_wei=int(value["gas_price_wei"]),
        native_id=str(value["native_id"]),
        native_decimals=int(value["native_decimals"]),
        block_seconds=float(value["block_seconds"]),
        final_blocks=int(value["final_blocks"]),
        tiers=tuple(Tier(max_usd_e8=int(most), depth=int(depth)) for most, depth in value["tiers"]),
        tokens=_tokens_from_json(value["tokens"]),
        bridged=_tokens_from_json(value.get("bridged", {})),
        bridges=tuple(Bridge(route, token) for route, token in value.get("bridges", [])),
        fill_seconds=int(value.get("fill_seconds", 0)),
        messages={int(to): Shared(*map(int, each)) for to, each in value.get("messages", {}).items()},
        finalises=Shared(*map(int, value.get("finalises", (0, 0)))),
        opens={kind: int(gas) for kind, gas in value.get("opens", {}).items()},
        fills={token: int(gas) for token, gas in value.get("fills", {}).items()},
        stocks={
            token: Stock(balance=int(balance), reserved=int(reserved))
            for token, (balance, reserved) in value["stocks"].items()
        },
        markets=tuple(market_from_json(market) for market in value["markets"]),
        excluded=tuple(Excluded(int(venue), a, b, reason) for venue, a, b, reason in value["excluded"]),
        paused_reason=str(value["paused_reason"]),
        held=dict(value.get("held", {})),
        message_fees=None
        if value.get("message_fees") is None
        else {int(to): int(wei) for to, wei in value["message_fees"].items()},
        data_fees=None
        if value.get("data_fees") is None
        else {int(size): int(wei) for size, wei in value["data_fees"].items()},
    )


def _tokens_to_json(tokens: Mapping[str, Token]) -> dict[str, Any]:
    return {token.address: [token.symbol, token.decimals, token.canonical_id] for token in tokens.values()}


def _tokens_from_json(value: Mapping[str, Any]) -> dict[str, Token]:
    return {
        address: Token(address=address, symbol=symbol, decimals=int(decimals), canonical_id=canonical_id)
        for address, (symbol, decimals, canonical_id) in value.items()
    }
