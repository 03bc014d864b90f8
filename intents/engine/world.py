"""The solver's world: a snapshot of all chains as the follower last wrote them, with reservations and prices."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from intents.chains import registry
from intents.chains.clock import chain_time
from intents.chains.manifest import ChainManifest
from intents.models import Chain, ChainHead, Pause, Stock
from intents.solver.company import Shared
from intents.solver.markets import Market, market_from_json
from intents.solver.world import Bridge, ChainWorld, Excluded, Price, Tier, Token, World
from intents.solver.world import Stock as WorldStock

from . import sharing, spending
from .chain_world import Json
from .data_fees import data_calls
from .prices import FeedReading, combine
from .sharing import Sharing
from .spending import Spending

POOL_DEVIATION_BPS: Final = 300


@dataclass(slots=True)
class _Seen:
    """A chain's head with the costly parts of its world, parsed once per block."""

    number: int
    block_hash: str
    timestamp: int
    seen_at: float
    base_fee_wei: int
    is_whole: bool = True
    pools: tuple[Json, ...] = ()
    parsed: tuple[Market, ...] | None = None
    balances: dict[str, int] = field(default_factory=dict)
    feeds: dict[str, tuple[int, int]] = field(default_factory=dict)
    message_fees: dict[int, int] = field(default_factory=dict)
    data_fees: dict[int, int] | None = None

    @property
    def markets(self) -> tuple[Market, ...]:
        """The pools, parsed when first asked for: who only needs prices does not wait for them."""
        if self.parsed is None:
            self.parsed = tuple(_readable(self.pools))
            self.is_whole = self.is_whole and len(self.parsed) == len(self.pools)
        return self.parsed


_seen: dict[int, _Seen] = {}


def forget() -> None:
    """Drop what this process remembers of the chains."""
    _seen.clear()
    sharing.forget()
    spending.forget()


def load_prices() -> World:
    """The newest world without pools and stock: enough to say what things are worth."""
    return load_world(is_for_routes=False)


def load_world(own: dict[tuple[int, str], int] | None = None, *, is_for_routes: bool = True) -> World:
    """The newest world in the database. `own` is stock by (chain, token) that the asker itself has reserved.

    Chains that were never seen are left out.
    """
    manifests = registry.all_chains()
    _refresh()
    paused = dict(Chain.objects.filter(is_connected=True).values_list("chain_id", "paused_reason"))
    stocks = _stocks(manifests, own or {}) if is_for_routes else {}
    prices, stale = _with_bridged(manifests, *combine(_feed_readings(manifests)))
    shared, spent = sharing.sharing(), spending.spending()
    held = _held() if is_for_routes else {}
    chains = {
        chain_id: _chain_world(
            manifest,
            _seen[chain_id],
            _seen[chain_id].markets if is_for_routes else (),
            paused_reason=paused.get(chain_id, ""),
            stocks=stocks.get(chain_id, {}),
            prices=prices,
            shared=shared,
            spent=spent,
            held=held.get(chain_id, {}),
        )
        for chain_id, manifest in manifests.items()
        if chain_id in _seen
    }
    return World(chains=chains, prices=prices, stale=stale, at=time.time())


def _refresh() -> None:
    """Bring `_seen` up to the heads in the database; worlds are read only for new blocks."""
    fields = ("chain_id", "number", "block_hash", "timestamp", "seen_at", "base_fee_wei")
    heads = list(ChainHead.objects.values_list(*fields))
    fresh = [row[0] for row in heads if _is_news(row[0], row[1], row[2])]
    for row in ChainHead.objects.filter(chain_id__in=fresh) if fresh else ():
        _seen[row.chain_id] = _parsed(row)
    for chain_id, _number, _hash, timestamp, seen_at, base_fee in heads:
        seen = _seen.get(chain_id)
        if seen:
            seen.timestamp, seen.seen_at, seen.base_fee_wei = timestamp, seen_at, base_fee or 0
    for chain_id in set(_seen) - {row[0] for row in heads}:
        del _seen[chain_id]


def _is_news(chain_id: int, number: int, block_hash: str) -> bool:
    seen = _seen.get(chain_id)
    return seen is None or not seen.is_whole or (seen.number, seen.block_hash) != (number, block_hash)


def _parsed(row: ChainHead) -> _Seen:
    world: Json = row.world or {}
    feeds = {
        name: (int(answer[0]), int(answer[1])) for name, answer in world.get("feeds", {}).items() if answer
    }
    return _Seen(
        number=row.number,
        block_hash=row.block_hash,
        timestamp=row.timestamp,
        seen_at=row.seen_at,
        base_fee_wei=row.base_fee_wei or 0,
        is_whole=bool(world),
        pools=tuple(world.get("pools", [])),
        balances={token: int(balance) for token, balance in world.get("stocks", {}).items()},
        feeds=feeds,
        message_fees={int(to): int(wei) for to, wei in world.get("message_fees", {}).items()},
        data_fees=_data_fees(world.get("data_fees", {})),
    )


def _data_fees(told: Json | None) -> dict[int, int] | None:
    return None if told is None else {int(size): int(wei) for size, wei in told.items()}


def _readable(pools: Sequence[Json]) -> Iterator[Market]:
    for state in pools:
        try:
            yield market_from_json(state)
        except (KeyError, TypeError, ValueError):
            # A pool that did not answer, or whose ticks around the price are not known yet.
            continue


def _stocks(
    manifests: dict[int, ChainManifest], own: dict[tuple[int, str], int]
) -> dict[int, dict[str, WorldStock]]:
    """What the filler's accounts hold, by chain and token: the `Stock` rows, else the balance at the block."""
    holders = {chain_id: manifest.address("solver_account") for chain_id, manifest in manifests.items()}
    found = {
        chain_id: {token: WorldStock(balance=balance) for token, balance in seen.balances.items()}
        for chain_id, seen in _seen.items()
    }
    rows = Stock.objects.values_list("chain_id", "token", "holder", "balance", "reserved")
    for chain_id, token, holder, balance, reserved in rows:
        if holders.get(chain_id) == holder:
            mine = own.get((chain_id, token), 0)
            of_chain = found.setdefault(chain_id, {})
            of_chain[token] = WorldStock(balance=balance, reserved=max(reserved - mine, 0))
    return found


def _held() -> dict[int, dict[str, str]]:
    """Tokens that probes found wanting, with the reason, by chain. One that staff hold may be sound."""
    found: dict[int, dict[str, str]] = {}
    rows = Pause.objects.filter(kind=Pause.Kind.TOKEN, is_automatic=True, ended_at=None)
    for chain_id, token, reason in rows.values_list("origin_id", "token", "reason"):
        found.setdefault(chain_id, {})[token] = reason
    return found


def _feed_readings(manifests: dict[int, ChainManifest]) -> list[FeedReading]:
    readings = []
    for chain_id, manifest in manifests.items():
        seen = _seen.get(chain_id)
        if seen is None:
            continue
        now = chain_time(seen.timestamp, seen.seen_at)
        for name, feed in manifest.feeds.items():
            if name not in seen.feeds:
                continue
            answer, updated_at = seen.feeds[name]
            age = max(now - updated_at, 0)
            readings.append(FeedReading(name, answer, feed.decimals, age, feed.heartbeat_seconds))
    return readings


def _chain_world(
    manifest: ChainManifest,
    seen: _Seen,
    pools: Sequence[Market],
    *,
    paused_reason: str,
    stocks: dict[str, WorldStock],
    prices: dict[str, Price],
    shared: Sharing,
    spent: Spending,
    held: dict[str, str],
) -> ChainWorld:
    tokens, bridged = _tokens(manifest)
    markets, excluded = _judged(pools, {**tokens, **bridged}, prices)
    return ChainWorld(
        chain_id=manifest.chain_id,
        block_number=seen.number,
        block_hash=seen.block_hash,
        # Never 0 where data cost: they are counted as the gas to be had for it.
        gas_price_wei=max(seen.base_fee_wei + manifest.priority_fee_wei, 1 if seen.data_fees else 0),
        native_id=manifest.native.canonical_id,
        native_decimals=manifest.native.decimals,
        block_seconds=manifest.block_seconds,
        final_blocks=manifest.depth,
        tiers=tuple(Tier(max_usd_e8=tier.max_usd_e8, depth=tier.depth) for tier in manifest.value_tiers),
        tokens=tokens,
        stocks=stocks,
        markets=markets,
        excluded=excluded,
        paused_reason=paused_reason,
        bridges=tuple(Bridge(end.route, end.token) for end in manifest.bridges),
        bridged=bridged,
        fill_seconds=fill_seconds(manifest),
        messages=shared.messages_from(manifest.chain_id),
        finalises=shared.finalises.get(manifest.chain_id, Shared()),
        opens=spent.opens_on(manifest.chain_id),
        fills=spent.fills_on(manifest.chain_id),
        held=held,
        message_fees=seen.message_fees if manifest.has_shared_mailbox else None,
        data_fees=seen.data_fees if data_calls(manifest) else None,
    )


def _tokens(manifest: ChainManifest) -> tuple[dict[str, Token], dict[str, Token]]:
    """What orders may name, and what only bridges of ours hand out, by address."""
    tokens = {
        token.address: Token(token.address, token.symbol, token.decimals, token.canonical_id)
        for token in manifest.assets
        if not token.is_synthetic and not token.is_transfer_taxed
    }
    ends = {end.token for end in manifest.bridges}
    bridged = {
        token.address: Token(token.address, token.symbol, token.decimals, token.canonical_id)
        for token in manifest.tokens
        if token.address in ends and token.address not in tokens
    }
    return tokens, bridged


def _judged(
    pools: Sequence[Market], tokens: dict[str, Token], prices: dict[str, Price]
) -> tuple[tuple[Market, ...], tuple[Excluded, ...]]:
    """The pools that may be used now, and the others with why they may not."""
    faults = [(market, _fault(market, tokens, prices)) for market in pools]
    return (
        tuple(market for market, reason in faults if not reason),
        tuple(
            Excluded(market.venue, market.token0, market.token1, reason)
            for market, reason in faults
            if reason
        ),
    )


def fill_seconds(manifest: ChainManifest) -> int:
    """How long an order that starts here has to be filled, chain time, as its quote fixes it."""
    return manifest.limits.fill_seconds + (manifest.finality_seconds if manifest.is_local else 0)


def _with_bridged(
    manifests: dict[int, ChainManifest], prices: dict[str, Price], stale: frozenset[str]
) -> tuple[dict[str, Price], frozenset[str]]:
    """A bridged token has no feed: it is worth what its route redeems it for."""
    known, old = dict(prices), set(stale)
    for manifest in manifests.values():
        for end in manifest.bridges:
            name = manifest.token(end.token).canonical_id
            if end.worth in prices:
                known.setdefault(name, prices[end.worth])
            elif end.worth in stale:
                old.add(name)
    return known, frozenset(old)


def _fault(market: Market, tokens: dict[str, Token], prices: dict[str, Price]) -> str:
    """Why a pool may not be used now; empty when it may."""
    first, second = tokens.get(market.token0), tokens.get(market.token1)
    if first is None or second is None:
        return "token_not_supported"
    price0, price1 = prices.get(first.canonical_id), prices.get(second.canonical_id)
    if price0 is None or price1 is None:
        return "no_price"
    # Far more than one unit, so that few decimals do not hide a difference.
    amount = 10 ** (first.decimals + 18)
    fair = amount * price0.low_e8 * 10**second.decimals // (price1.low_e8 * 10**first.decimals)
    apart = abs(market.spot_value(first.address, amount) - fair)
    return "price_disagreement" if apart * 10_000 > fair * POOL_DEVIATION_BPS else ""
