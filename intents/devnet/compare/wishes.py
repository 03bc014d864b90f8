"""What is compared: five transfers anybody would try, and as many seeded ones as wanted."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from intents.amounts import format_units, parse_units
from intents.chains.manifest import ChainManifest
from intents.devnet.network import Network
from intents.solver.prices import price_of, usd_down
from intents.solver.world import Token, World

LEAST_USD, MOST_USD = 20.0, 5_000.0
USD: Final = 10**8
FIVE: Final = (
    ("100", "alder:USDC", "birch:WETH"),
    ("25", "birch:USDC", "cedar:USDC"),
    ("500", "alder:USDC", "cedar:WBTC"),
    ("250", "summit:USDC", "alder:USDC"),
    ("0.1", "alder:ETH", "birch:USDC"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One transfer: `amount` base units of the input."""

    origin: ChainManifest
    destination: ChainManifest
    given: Token
    asked: Token
    amount: int
    value_usd_e8: int

    @property
    def label(self) -> str:
        """As a person would say it."""
        amount = f"{float(format_units(self.amount, self.given.decimals)):.6g}"
        return (
            f"{amount} {self.given.symbol} {self.origin.name} → {self.asked.symbol} {self.destination.name}"
        )


def named(network: Network, world: World) -> list[Wish]:
    """The five."""
    return [_named(network, world, *words) for words in FIVE]


def seeded(network: Network, world: World, *, count: int, seed: int) -> list[Wish]:
    """`count` wishes between tokens of two chains, worth $20 to $5,000, log-uniform; one seed, one list."""
    dice = random.Random(seed)
    places = sorted(
        (chain.chain_id, token.address) for chain in world.chains.values() for token in chain.tokens.values()
    )
    pairs = [(one, other) for one in places for other in places if one[0] != other[0]]
    return [_drawn(network, world, dice, pairs) for _ in range(count)]


def _drawn(
    network: Network,
    world: World,
    dice: random.Random,
    pairs: Sequence[tuple[tuple[int, str], tuple[int, str]]],
) -> Wish:
    (origin_id, given), (destination_id, asked) = dice.choice(pairs)
    usd = math.exp(dice.uniform(math.log(LEAST_USD), math.log(MOST_USD)))
    token = world.chains[origin_id].tokens[given]
    amount = int(usd * USD) * 10**token.decimals // price_of(world, token.canonical_id).low_e8
    return _wish(network, world, (origin_id, given), (destination_id, asked), amount)


def _named(network: Network, world: World, amount: str, source: str, target: str) -> Wish:
    places = []
    for text in (source, target):
        slug, _, symbol = text.partition(":")
        places.append((network.manifests[slug].chain_id, network.token(slug, symbol)))
    decimals = world.chains[places[0][0]].tokens[places[0][1]].decimals
    return _wish(network, world, places[0], places[1], parse_units(amount, decimals))


def _wish(
    network: Network, world: World, source: tuple[int, str], target: tuple[int, str], amount: int
) -> Wish:
    manifests = {manifest.chain_id: manifest for manifest in network.manifests.values()}
    given = world.chains[source[0]].tokens[source[1]]
    return Wish(
        origin=manifests[source[0]],
        destination=manifests[target[0]],
        given=given,
        asked=world.chains[target[0]].tokens[target[1]],
        amount=amount,
        value_usd_e8=usd_down(amount, given, price_of(world, given.canonical_id).low_e8),
    )
