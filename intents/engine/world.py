"""The solver's world: a snapshot of all chains as the follower last wrote them, with reservations and prices."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from intents.chains import registry
from intents.chains.clock import chain_time
from intents.models import Chain, ChainHead, Pause, Stock
from intents.solver.company import Shared
from intents.solver.markets import Market, market_from_json
from intents.solver.world import ChainWorld, Excluded, Price, Token, World
from intents.solver.world import Stock as WorldStock

from . import listing, sharing, spending
from .chain_world import Json
from .listing import Listed, listings
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
    listing.forget()
    sharing.forget()
    spending.forget()


def load_prices() -> World:
    """The newest world without pools and stock: enough to say what things are worth."""
    return _load({}, markets_of=(), is_with_stock=False)


def load_world(
    own: dict[tuple[int, str], int] | None = None, *, markets_of: Collection[int] | None = None
) -> World:
    """The newest world in the database. `own` is stock by (chain, token) that the asker itself has reserved.

    Pools are judged on the chains `markets_of` alone, on all when None: a route trades on its two ends only, whatever
    else is connected. Chains that were never seen are left out.
    """
    return _load(own or {}, markets_of=markets_of, is_with_stock=True)


def _load(
    own: dict[tuple[int, str], int], *, markets_of: Collection[int] | None, is_with_stock: bool
) -> World:
    listed, seen = listings(registry.all_chains()), _refreshed()
    paused = dict(Chain.objects.filter(is_connected=True).values_list("chain_id", "paused_reason"))
    stocks = _stocks(listed, seen, own) if is_with_stock else {}
    prices, stale = _with_bridged(listed, *combine(_feed_readings(listed, seen)))
    shared, spent = sharing.sharing(), spending.spending()
    held = _held() if is_with_stock else {}
    chains = {
        chain_id: _chain_world(
            known,
            seen[chain_id],
            seen[chain_id].markets if markets_of is None or chain_id in markets_of else (),
            paused_reason=paused.get(chain_id, ""),
            stocks=stocks.get(chain_id, {}),
            prices=prices,
            shared=shared,
            spent=spent,
            held=held.get(chain_id, {}),
        )
        for chain_id, known in listed.items()
        if chain_id in seen
    }
    return World(chains=chains, prices=prices, stale=stale, at=time.time())


def _refreshed() -> dict[int, _Seen]:
    """`_seen`, brought up to the heads in the database; worlds are read only for new blocks."""
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
        _seen.pop(chain_id, None)
    return dict(_seen)


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
    listed: dict[int, Listed], seen: dict[int, _Seen], own: dict[tuple[int, str], int]
) -> dict[int, dict[str, WorldStock]]:
    """What the filler's accounts hold, by chain and token: the `Stock` rows, else the balance at the block."""
    found = {
        chain_id: {token: WorldStock(balance=balance) for token, balance in chain.balances.items()}
        for chain_id, chain in seen.items()
    }
    rows = Stock.objects.values_list("chain_id", "token", "holder", "balance", "reserved")
    for chain_id, token, holder, balance, reserved in rows:
        if chain_id in listed and listed[chain_id].solver_account == holder:
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


def _feed_readings(listed: dict[int, Listed], seen: dict[int, _Seen]) -> list[FeedReading]:
    readings = []
    for chain_id, known in listed.items():
        chain = seen.get(chain_id)
        if chain is None:
            continue
        now = chain_time(chain.timestamp, chain.seen_at)
        for name, feed in known.manifest.feeds.items():
            if name not in chain.feeds:
                continue
            answer, updated_at = chain.feeds[name]
            age = max(now - updated_at, 0)
            readings.append(FeedReading(name, answer, feed.decimals, age, feed.heartbeat_seconds))
    return readings


def _chain_world(
    listed: Listed,
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
    manifest = listed.manifest
    markets, excluded = _judged(pools, listed.handled, prices)
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
        tiers=listed.tiers,
        tokens=listed.tokens,
        stocks=stocks,
        markets=markets,
        excluded=excluded,
        paused_reason=paused_reason,
        bridges=listed.bridges,
        bridged=listed.bridged,
        fill_seconds=listed.fill_seconds,
        messages=shared.messages_from(manifest.chain_id),
        finalises=shared.finalises.get(manifest.chain_id, Shared()),
        opens=spent.opens_on(manifest.chain_id),
        fills=spent.fills_on(manifest.chain_id),
        held=held,
        message_fees=seen.message_fees if manifest.has_shared_mailbox else None,
        data_fees=seen.data_fees if listed.is_charged_for_data else None,
    )


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


def _with_bridged(
    listed: dict[int, Listed], prices: dict[str, Price], stale: frozenset[str]
) -> tuple[dict[str, Price], frozenset[str]]:
    """A bridged token has no feed: it is worth what its route redeems it for."""
    known, old = dict(prices), set(stale)
    for chain in listed.values():
        for name, worth in chain.worth:
            if worth in prices:
                known.setdefault(name, prices[worth])
            elif worth in stale:
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
