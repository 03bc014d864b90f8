"""Moves the clocks of all local chains together and keeps their price feeds fresh."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from intents.chains.manifest import ChainManifest

from .accounts import FEED_POSTER, address
from .deployment import Deployment
from .rpc import Rpc, RpcError

POST_GAS: Final = 150_000
READING_ROUNDS: Final = 50
READING_PAUSE_SECONDS: Final = 0.1


def rpc_of(manifest: ChainManifest) -> Rpc:
    """The local node of a chain."""
    return Rpc(manifest.endpoints[0].url)


def warp(seconds: int, manifests: Sequence[ChainManifest]) -> None:
    """Move every chain `seconds` ahead, mine a block on each and post every feed's answer anew."""

    def one(manifest: ChainManifest) -> None:
        rpc = rpc_of(manifest)
        rpc.batch([("evm_increaseTime", [seconds]), ("evm_mine", [])])
        refresh_feeds(rpc, feed_addresses(manifest))

    _everywhere(manifests, one)


def align(manifests: Sequence[ChainManifest]) -> None:
    """Set all chains to one clock, the present or their newest block's if that is later, and refresh feeds.

    Needed after loading state, because a node forgets how far it was warped, and after a revert, because
    that turns the node's clock back to the snapshot's last block.
    """
    newest = max(int(rpc_of(manifest).block()["timestamp"], 16) for manifest in manifests)
    target = max(int(time.time()), newest)

    def one(manifest: ChainManifest) -> None:
        rpc = rpc_of(manifest)
        set_clock(rpc, target)
        refresh_feeds(rpc, feed_addresses(manifest))

    _everywhere(manifests, one)


def set_clock(rpc: Rpc, moment: int) -> None:
    """Mine a block of that time (seconds); a chain that is past it by now keeps its own.

    A chain that makes blocks by itself may have made one since the moment was chosen, and refuses to go back.
    Raises RpcError.
    """
    try:
        rpc.batch([("evm_setNextBlockTimestamp", [moment]), ("evm_mine", [])])
    except RpcError:
        newest = int(rpc.block()["timestamp"], 16)
        if newest <= moment:
            raise


def feed_addresses(manifest: ChainManifest) -> set[str]:
    """Every feed contract of the chain once."""
    return {feed.address for feed in manifest.feeds.values()}


def refresh_feeds(rpc: Rpc, feeds: Iterable[str]) -> None:
    """Post each feed's latest answer again, so that its age is zero."""
    wanted = sorted(feeds)
    post_feeds(rpc, dict(zip(wanted, _answers(rpc, wanted), strict=True)))


def post_feeds(rpc: Rpc, answers: Mapping[str, int]) -> None:
    """Post answers by feed address and wait until they are mined, which is made to happen at once."""
    deployment = Deployment(rpc)
    for feed, answer in answers.items():
        deployment.send(feed, "post(int256)", answer, sender=address(FEED_POSTER), gas=POST_GAS)
    deployment.flush()


def _answers(rpc: Rpc, feeds: Sequence[str]) -> list[int]:
    """Latest answers; a node just deployed to may still show the state before the first ones for a moment."""
    for _ in range(READING_ROUNDS):
        answers = rpc.multi([(feed, "latestAnswer()", (), "int256") for feed in feeds])
        if all(answer > 0 for answer in answers):
            break
        rpc.request("evm_mine")
        time.sleep(READING_PAUSE_SECONDS)
    return answers


def _everywhere(manifests: Sequence[ChainManifest], work: Callable[[ChainManifest], None]) -> None:
    with ThreadPoolExecutor(max(1, len(manifests))) as pool:
        list(pool.map(work, manifests))
