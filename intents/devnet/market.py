"""Moves prices: a seeded walk posted to every chain's feeds, and arbitrage that makes the pools follow."""

import logging
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from intents.chains.manifest import ChainManifest, parse
from intents.chains.manifest_reader import ManifestError

from .accounts import FEED_POSTER, address
from .arbitrage import Arbitrageur
from .market_sender import send
from .profiles import ALL
from .rpc import NodeUnreachable, Rpc, RpcError
from .warp import rpc_of

logger = logging.getLogger(__name__)

POST_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 1.0
RESCAN_SECONDS: Final = 2.0
STOP_SECONDS: Final = 1.0
# Standard deviation of one step; a step is POST_SECONDS long.
STEP: Final = {"weth": 0.0005, "wbtc": 0.0004, "usdc": 0.00002, "usdt": 0.00003}
# Part of the distance to the first price that each step takes back, so that a long demo stays plausible.
PULL: Final = 0.01
BASE_FEES_WEI: Final = {profile.chain_id: profile.base_fee_wei for profile in ALL}


class PriceWalk:
    """Prices by canonical id, in USD e8. The same seed and start give the same walk."""

    def __init__(self, start_e8: Mapping[str, int], *, seed: int = 0) -> None:
        self._dice = random.Random(seed)
        self._anchor = dict(start_e8)
        self._now = {name: float(price) for name, price in start_e8.items()}

    def prices_e8(self) -> dict[str, int]:
        """Current prices."""
        return {name: round(price) for name, price in self._now.items()}

    def step(self) -> None:
        """Move every price once."""
        for name in sorted(self._now):
            noise = self._dice.gauss(0, STEP.get(name, 0.0))
            pull = PULL * (self._anchor[name] / self._now[name] - 1)
            self._now[name] *= 1 + noise + pull

    def learn(self, start_e8: Mapping[str, int]) -> None:
        """Take in assets not seen before."""
        for name, price in start_e8.items():
            if name not in self._now:
                self._anchor[name], self._now[name] = price, float(price)


class Market:
    """Runs the walk and one thread per chain until stopped; chains may restart or join meanwhile."""

    def __init__(self, network_directory: Path, *, seed: int = 0, is_moving: bool = True) -> None:
        self._directory = network_directory
        self._walk = PriceWalk({}, seed=seed)
        self._is_moving = is_moving
        self._round = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: dict[int, threading.Thread] = {}
        self._read: dict[Path, int] = {}

    def run(self) -> None:
        """Work until `stop`."""
        next_step = time.monotonic() + POST_SECONDS
        while not self._stopped.is_set():
            self._start_new_chains()
            if time.monotonic() >= next_step:
                next_step += POST_SECONDS
                with self._lock:
                    if self._is_moving:
                        self._walk.step()
                    self._round += 1
            self._stopped.wait(min(RESCAN_SECONDS, max(0.0, next_step - time.monotonic())))
        for thread in self._threads.values():
            thread.join(STOP_SECONDS)

    def stop(self) -> None:
        """Have `run` return."""
        self._stopped.set()

    def _start_new_chains(self) -> None:
        for manifest in read_local(self._directory, self._read):
            if manifest.chain_id not in self._threads:
                thread = threading.Thread(target=self._follow, args=(manifest,), daemon=True)
                self._threads[manifest.chain_id] = thread
                thread.start()

    def _follow(self, manifest: ChainManifest) -> None:
        rpc = rpc_of(manifest)
        arbitrageur = Arbitrageur(manifest, rpc)
        is_prepared, posted = False, -1
        while not self._stopped.is_set():
            try:
                if not is_prepared:
                    self._begin(manifest, rpc, arbitrageur)
                    is_prepared = True
                with self._lock:
                    current, prices = self._round, self._walk.prices_e8()
                if current != posted:
                    post_prices(manifest, rpc, prices)
                    posted = current
                keep_base_fee(manifest, rpc)
                arbitrageur.trade(prices)
            except (NodeUnreachable, RpcError) as error:
                logger.warning("%s: %s", manifest.slug, error)
                is_prepared = False
            except Exception:  # a thread that ended would leave this chain's prices to go stale
                logger.exception("%s: the market stumbled", manifest.slug)
                is_prepared = False
            self._stopped.wait(LOOK_SECONDS)

    def _begin(self, manifest: ChainManifest, rpc: Rpc, arbitrageur: Arbitrageur) -> None:
        answers = read_prices(manifest, rpc)
        with self._lock:
            self._walk.learn(answers)
        arbitrageur.approve_routers()


def read_prices(manifest: ChainManifest, rpc: Rpc) -> dict[str, int]:
    """The latest answers of a chain's feeds, in USD e8 by canonical id."""
    names = sorted(manifest.feeds)
    answers = rpc.multi([(manifest.feeds[name].address, "latestAnswer()", (), "int256") for name in names])
    return dict(zip(names, answers, strict=True))


def post_prices(manifest: ChainManifest, rpc: Rpc, prices_e8: Mapping[str, int]) -> None:
    """Send an answer to each feed contract of the chain once; they are mined with its next block."""
    answers = {
        feed.address: prices_e8[name] for name, feed in sorted(manifest.feeds.items()) if name in prices_e8
    }
    for feed, answer in answers.items():
        send(rpc, address(FEED_POSTER), feed, "post(int256)", answer)


def keep_base_fee(manifest: ChainManifest, rpc: Rpc) -> None:
    """Hold the base fee at the profile's: empty local blocks would let it fall to nothing."""
    base_fee = BASE_FEES_WEI.get(manifest.chain_id)
    if base_fee is not None:
        rpc.request("anvil_setNextBlockBaseFeePerGas", hex(base_fee))


def read_local(directory: Path, read: dict[Path, int] | None = None) -> list[ChainManifest]:
    """The local chains of a network directory; a file that cannot be read now is passed over.

    So are files that are as they were when they were `read`, by their times; what is read now is noted there.
    """
    found, read = [], {} if read is None else read
    for file in sorted(directory.glob("*.toml")):
        try:
            changed = file.stat().st_mtime_ns
            if read.get(file) == changed:
                continue
            manifest = parse(file.read_text("utf-8"))
        except (ManifestError, OSError) as error:
            logger.warning("%s is passed over: %s", file.name, error)
            continue
        read[file] = changed
        if manifest.is_local:
            found.append(manifest)
    return found
