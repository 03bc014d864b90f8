"""Others at the same time: real transfers on every way from and to the parent chain, to be settled together.

Prices count on how many orders were settled together of late. A comparison on a network where nobody else is would
count on what is merely expected; this makes what is measured.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from intents.amounts import format_units
from intents.chains.manifest import ChainManifest
from intents.client.api import ApiError, WaymeetClient
from intents.client.signing import RefusedToSign
from intents.client.transfer import Asked, run
from intents.devnet.accounts import named_wallet
from intents.devnet.funding import fund_wallets
from intents.devnet.network import Network
from intents.solver.company import CompanyRules, Shared
from intents.solver.world import World

SYMBOL: Final = "USDC"
WHOLE: Final = 60
AT_ONCE: Final = 24
SETTLED_SECONDS: Final = 180.0
POLL_SECONDS: Final = 4.0

Way = tuple[ChainManifest, ChainManifest]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was made: `delivered` of `asked` transfers within `seconds`, and the world once they were settled."""

    asked: int
    delivered: int
    seconds: float
    world: World

    @property
    def lines(self) -> list[str]:
        """How many there were, and how many each transaction settled."""
        said = [
            f"{self.delivered} of {self.asked} transfers of others from and to the parent chain, "
            f"made within {self.seconds:.0f} s for the prices to count on"
        ]
        for chain_id, chain in sorted(self.world.chains.items()):
            for to, shared in sorted(chain.messages.items()):
                said.append(f"  proofs {chain_id} ← {to}: {_words(shared)}")
            if chain.finalises.transactions:
                said.append(f"  collected on {chain_id}: {_words(chain.finalises)}")
        return said


def dear_ways(network: Network) -> list[Way]:
    """Every way from or to a parent chain."""
    chains = sorted(network.manifests.values(), key=lambda chain: chain.chain_id)
    parents = [chain for chain in chains if chain.parent_id is None]
    others = [chain for chain in chains if chain.parent_id is not None]
    both = [(parent, other) for parent in parents for other in others]
    return [*both, *((other, parent) for parent, other in both)]


def make_traffic(network: Network, *, each_way: int, url: str, read_world: Callable[[], World]) -> Traffic:
    """Make `each_way` transfers on every dear way, and wait until they are settled or time is up."""
    wanted = list(_wanted(dear_ways(network), each_way))
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        delivered = sum(pool.map(lambda asked: _is_delivered(asked, url), wanted))
    seconds = time.monotonic() - started
    until = time.monotonic() + SETTLED_SECONDS
    world = read_world()
    while not _is_settled(world, delivered) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        world = read_world()
    return Traffic(len(wanted), delivered, seconds, world)


def _wanted(ways: Sequence[Way], each_way: int) -> Iterator[Asked]:
    """Ways in turn, each from a wallet that nobody used before."""
    name = f"traffic {int(time.time())}"
    wallets = {
        (number, at): named_wallet(f"{name} {number} {at}")
        for at in range(len(ways))
        for number in range(each_way)
    }
    for at, (origin, _) in enumerate(ways):
        owners = [wallets[number, at].address for number in range(each_way)]
        fund_wallets(origin, owners, amounts={SYMBOL: WHOLE * 10 ** origin.token(SYMBOL).decimals})
    for number in range(each_way):
        for at, (origin, destination) in enumerate(ways):
            yield Asked(
                amount=format_units(WHOLE, 0),
                source=f"{origin.slug}:{SYMBOL}",
                target=f"{destination.slug}:{SYMBOL}",
                key="0x" + bytes(wallets[number, at].key).hex(),
            )


def _is_delivered(asked: Asked, url: str) -> bool:
    try:
        return run(
            asked, client=WaymeetClient(url, timeout_seconds=60), say=lambda _: None, trust=None
        ).is_success
    except (ApiError, RefusedToSign):
        # Refused like anybody's: it counts as one that was not made.
        return False


def _is_settled(world: World, delivered: int) -> bool:
    """Whether all were proven, and collected as far as prices count them."""
    proven = sum(shared.orders for chain in world.chains.values() for shared in chain.messages.values())
    counted = CompanyRules().counted_orders
    waiting = [
        chain
        for chain in world.chains.values()
        if chain.finalises.orders < min(sum(each.orders for each in chain.messages.values()), counted)
    ]
    return proven >= delivered and not waiting


def _words(shared: Shared) -> str:
    return (
        f"{shared.orders} in {shared.transactions} ({shared.orders / max(shared.transactions, 1):.1f} each)"
    )
