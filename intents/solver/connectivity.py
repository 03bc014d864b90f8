"""How much of the network one confirmation reaches: every ordered pair of tokens on two chains, asked for real."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from intents.solver.pricing import Unpriced, price_of
from intents.solver.router import Refusal, Wanted, find_routes
from intents.solver.world import ChainWorld, Token, World

USD_E8 = 10**8
# A pair is served when one of these buys: on a dear chain the smallest order is larger than on a cheap one.
ASKED_USD_E8 = (100 * USD_E8, 500 * USD_E8)

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Unserved:
    """A pair that has no route now, with the reason the person would be told."""

    origin_id: int
    input_token: str
    destination_id: int
    output_token: str
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Connectivity:
    """`served` of `pairs` ordered (chain, token) pairs have a route that needs one confirmation."""

    pairs: int
    unserved: tuple[Unserved, ...]

    @property
    def served(self) -> int:
        return self.pairs - len(self.unserved)

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 for a network without pairs."""
        return self.served / self.pairs if self.pairs else 0.0


def connectivity(world: World, *, no_way: Mapping[Place, Refusal] | None = None) -> Connectivity:
    """Ask every pair of `world`; `no_way` names (chain, token) places that no single confirmation can pay from."""
    refused = no_way or {}
    pairs = list(_pairs(world))
    unserved = []
    for (origin, given), (destination, asked) in pairs:
        reason = refused.get((origin.chain_id, given.address)) or _refusal(
            world, origin=origin, given=given, destination=destination, asked=asked
        )
        if reason is not None:
            unserved.append(
                Unserved(origin.chain_id, given.address, destination.chain_id, asked.address, reason)
            )
    return Connectivity(pairs=len(pairs), unserved=tuple(unserved))


def unreached(world: World, *, origin_id: int, token: str) -> dict[Place, Refusal]:
    """Every (chain, token) of other chains that has no route from this one now, with its reason.

    Empty when the origin itself is not in `world`.
    """
    origin = world.chains.get(origin_id)
    given = origin.tokens.get(token) if origin else None
    if origin is None or given is None:
        return {}
    found = {}
    for destination in world.chains.values():
        if destination.chain_id == origin_id:
            continue
        for asked in destination.tokens.values():
            reason = _refusal(world, origin=origin, given=given, destination=destination, asked=asked)
            if reason is not None:
                found[destination.chain_id, asked.address] = reason
    return found


def _pairs(world: World) -> Iterator[tuple[tuple[ChainWorld, Token], tuple[ChainWorld, Token]]]:
    places = [(chain, token) for chain in world.chains.values() for token in chain.tokens.values()]
    return (pair for pair in permutations(places, 2) if pair[0][0].chain_id != pair[1][0].chain_id)


def _refusal(
    world: World, *, origin: ChainWorld, given: Token, destination: ChainWorld, asked: Token
) -> Refusal | None:
    refusal = None
    for usd_e8 in ASKED_USD_E8:
        try:
            price = price_of(world, given.canonical_id)
        except Unpriced as error:
            return Refusal(error.code, {"asset": error.asset})
        # Rounded down: what is asked is worth at most that much.
        amount = usd_e8 * 10**given.decimals // price.high_e8
        wanted = Wanted(
            origin_id=origin.chain_id,
            destination_id=destination.chain_id,
            input_token=given.address,
            output_token=asked.address,
            amount=amount,
        )
        routes = find_routes(wanted, world)
        if routes.chosen is not None:
            return None
        refusal = routes.refusal
    return refusal or Refusal("no_route")
