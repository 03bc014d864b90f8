"""What a wallet holds on every chain: one read per chain, all at once, and never a guess.

A chain that does not answer soon is unknown, which is not the same as holding nothing there.
"""

import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import structlog

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import ChainClient, client
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError

from .assets import Asset, assets

log = structlog.get_logger(__name__)

FRESH_SECONDS: Final = 10.0
# What decides which chain pays must know of the transfer before.
DECIDING_SECONDS: Final = 1.0
# A chain that was away is asked again sooner than one that answered.
UNKNOWN_SECONDS: Final = 3.0
PATIENCE_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 20_000
MOST_READERS: Final = 16

# Base units by token address; None where the token, or for a whole chain the chain, did not answer.
Holdings = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Balance:
    """Base units of the asset's token on one chain; None is unknown."""

    chain_id: int
    amount: int | None


@dataclass(frozen=True, slots=True)
class AssetBalance:
    """One asset of a wallet over all chains that have it."""

    asset: Asset
    balances: tuple[Balance, ...]

    @property
    def total(self) -> int:
        """What is known to be there, in base units of the asset."""
        return sum(
            self.asset.scaled(each.chain_id, each.amount) for each in self.balances if each.amount is not None
        )

    @property
    def held(self) -> tuple[Balance, ...]:
        """Where there is some, most first."""
        some = [each for each in self.balances if each.amount]
        return tuple(sorted(some, key=lambda each: -self.asset.scaled(each.chain_id, each.amount or 0)))

    @property
    def unknown(self) -> tuple[int, ...]:
        """Chains that did not answer."""
        return tuple(each.chain_id for each in self.balances if each.amount is None)


def balances_of(user: str) -> list[AssetBalance]:
    """Everything a wallet holds, by asset in the order of `assets()`; at most FRESH_SECONDS old."""
    known = _read_all(user, registry.all_chains())
    return [_of_asset(asset, known) for asset in assets()]


def balance_of(user: str, asset: Asset) -> AssetBalance:
    """One asset of a wallet on every chain that has it; at most DECIDING_SECONDS old."""
    chains = {chain_id: registry.chain(chain_id) for chain_id in asset.tokens}
    return _of_asset(asset, _read_all(user, chains, fresh_seconds=DECIDING_SECONDS))


def forget() -> None:
    """Have the next look ask the chains."""
    with _lock:
        _remembered.clear()


def _of_asset(asset: Asset, known: dict[int, Holdings | None]) -> AssetBalance:
    return AssetBalance(
        asset,
        tuple(
            Balance(chain_id, (known[chain_id] or {}).get(token.address))
            for chain_id, token in asset.tokens.items()
        ),
    )


_lock = threading.Lock()
_remembered: dict[tuple[str, int], tuple[float, ChainManifest, Holdings | None]] = {}


def _read_all(
    user: str, chains: dict[int, ChainManifest], *, fresh_seconds: float = FRESH_SECONDS
) -> dict[int, Holdings | None]:
    now = time.monotonic()
    known: dict[int, Holdings | None] = {}
    asked: dict[int, Future[Holdings]] = {}
    for chain_id, manifest in chains.items():
        with _lock:
            read_at, seen, holdings = _remembered.get((user, chain_id), (float("-inf"), manifest, None))
        if now - read_at < (UNKNOWN_SECONDS if holdings is None else fresh_seconds) and seen is manifest:
            known[chain_id] = holdings
        else:
            # The client is made here: the readers' threads have no business with the database.
            asked[chain_id] = _readers(os.getpid()).submit(_read, client(chain_id), user)
    wait_for(asked.values(), timeout=PATIENCE_SECONDS)
    for chain_id, answer in asked.items():
        known[chain_id] = _answered(chain_id, answer)
        _remember(user, chains[chain_id], known[chain_id])
    return known


def _answered(chain_id: int, answer: "Future[Holdings]") -> Holdings | None:
    if not answer.done():
        answer.cancel()
        log.info("balances.unknown", chain_id=chain_id, error="slow")
        return None
    try:
        return answer.result()
    except (WaymeetError, OSError) as error:
        log.info("balances.unknown", chain_id=chain_id, error=str(error))
        return None


def _remember(user: str, manifest: ChainManifest, holdings: Holdings | None) -> None:
    with _lock:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[user, manifest.chain_id] = time.monotonic(), manifest, holdings


def _read(reader: ChainClient, user: str) -> Holdings:
    """One Multicall3 call. Raises what chain reads raise."""
    manifest = reader.manifest
    tokens = [token.address for token in manifest.tokens]
    calls = [(token, encode_call("balanceOf(address)", (user,))) for token in tokens]
    calls.append((manifest.address("multicall3"), encode_call("getEthBalance(address)", (user,))))
    answers = reader.multicall(calls)
    return {
        token: int.from_bytes(answer.data[:32], "big")
        if answer.is_success and len(answer.data) >= 32
        else None
        for token, answer in zip([*tokens, ZERO_ADDRESS], answers, strict=True)
    }


@lru_cache(maxsize=2)
def _readers(process: int) -> ThreadPoolExecutor:
    """Threads of this very process: a forked worker has none of its parent's."""
    return ThreadPoolExecutor(max_workers=MOST_READERS, thread_name_prefix=f"balances-{process}")
