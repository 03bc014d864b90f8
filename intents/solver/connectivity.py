"""How much of the network one confirmation reaches: every ordered pair of tokens on two chains, asked for real."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

from intents.solver.prices import Unpriced, price_of
from intents.solver.router import Refusal, Wanted, find_routes
from intents.solver.world import ChainWorld, Token, World

USD_E8 = 10**8
# A pair is served when one of these buys: on a dear chain the smallest order is larger than on a cheap one.
ASKED_USD_E8 = (100 * USD_E8, 500 * USD_E8)

Place = tuple[int, str]
# Why a transfer from one place to another may not begin although there may be a route; None when nothing stops it.
Barred = Callable[[Place, Place], Refusal | None]


@dataclass(frozen=True, slots=True)
class Unserved:
    """A pair that has no route now, with the reason the person would be told."""

    origin_id: int
    input_token: str
    destination_id: int
    output_token: str
    reason: Refusal

    @property
    def ends(self) -> tuple[Place, Place]:
        """Where it begins and where it ends."""
        return (self.origin_id, self.input_token), (self.destination_id, self.output_token)


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


def connectivity(world: World, *, barred: Barred | None = None) -> Connectivity:
    """Ask every pair of `world`; what `barred` stops is not served, whatever route there is."""
    pairs = list(_pairs(world))
    unserved = []
    for (origin, given), (destination, asked) in pairs:
        ends = (origin.chain_id, given.address), (destination.chain_id, asked.address)
        reason = barred(*ends) if barred else None
        reason = reason or _refusal(world, origin=origin, given=given, destination=destination, asked=asked)
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
