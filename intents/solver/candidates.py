"""Ways that stock could become the output on the destination, each worked out in the pools' exact integers."""

from collections.abc import Callable
from dataclasses import dataclass

from intents.solver.markets import Market, other_token
from intents.solver.world import ChainWorld, Token

# The share that goes to the first pool is found to 2^-18 of the whole: what is lost by that is its square.
_HALVINGS = 18


@dataclass(frozen=True, slots=True)
class Source:
    """Stock of `token` on another chain, from where a bridge `route` carries it to the destination, 1 : 1."""

    chain: ChainWorld
    token: Token
    route: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token path ending in the output with the pool of each stretch.

    A split has two pools of the same pair, used side by side. With a source the path's first token is
    brought over a bridge; otherwise it is stock on the destination.
    """

    path: tuple[str, ...]
    markets: tuple[Market, ...] = ()
    is_split: bool = False
    source: Source | None = None

    @property
    def kind(self) -> str:
        """The kind of the route this would be."""
        if self.source:
            return "bridge_swap_fill"
        return "swap_fill" if self.markets else "in_stock"

    def sell(self, amount: int) -> tuple[tuple[int, ...], ...] | None:
        """What is there of each token of the path when `amount` of the first is sold whole; a row for each
        side of a split. None when the pools cannot do it, or one alone does no worse than the two."""
        if not self.is_split:
            row = _forward(self.path, self.markets, amount)
            return (row,) if row else None
        rows = self._divided(
            amount, lambda market, part: market.marginal_output(self.path[0], part), _outputs
        )
        # The share is found in steps, and a step may be more than what a split would gain.
        alone = [market.output_for(self.path[0], amount) or 0 for market in self.markets if rows]
        return rows if rows and sum(row[-1] for row in rows) > max(alone) else None

    def buy(self, amount: int) -> tuple[tuple[int, ...], ...] | None:
        """As `sell`, when exactly `amount` of the last token is bought."""
        if not self.is_split:
            row = _backward(self.path, self.markets, amount)
            return (row,) if row else None
        rows = self._divided(
            amount, lambda market, part: -market.marginal_input(self.path[-1], part), _inputs
        )
        alone = [market.input_for(self.path[-1], amount) for market in self.markets if rows]
        least = min((needed for needed in alone if needed), default=None)
        return rows if rows and (least is None or sum(row[0] for row in rows) < least) else None

    def _divided(
        self,
        amount: int,
        gain: Callable[[Market, int], float],
        exact: Callable[["Candidate", tuple[int, int]], tuple[tuple[int, ...], ...] | None],
    ) -> tuple[tuple[int, ...], ...] | None:
        first, second = self.markets
        if gain(first, amount) >= gain(second, 0) or gain(second, amount) >= gain(first, 0):
            return None
        low, high = 0, amount
        for _ in range(_HALVINGS):
            middle = (low + high) // 2
            if gain(first, middle) > gain(second, amount - middle):
                low = middle
            else:
                high = middle
        # Where a pool ends one of the two neighbours asks too much of it.
        for part in (low, high):
            rows = exact(self, (part, amount - part)) if 0 < part < amount else None
            if rows is not None:
                return rows
        return None


def swaps_to(chain: ChainWorld, asked: str) -> list[Candidate]:
    """Every way of one or two pools to `asked` on its chain, and of two pools of one pair side by side."""
    found: list[Candidate] = []
    last_pools = _pools_of(chain, asked)
    for at, last in enumerate(last_pools):
        before = other_token(last, asked)
        found.append(Candidate((before, asked), (last,)))
        found += [
            Candidate((before, asked), (last, beside), is_split=True)
            for beside in last_pools[at + 1 :]
            if {beside.token0, beside.token1} == {before, asked}
        ]
        for first in _pools_of(chain, before):
            start = other_token(first, before)
            if first.venue != last.venue and start != asked:
                found.append(Candidate((start, before, asked), (first, last)))
    return found


def _pools_of(chain: ChainWorld, token: str) -> list[Market]:
    return [market for market in chain.markets if token in (market.token0, market.token1)]


def _forward(path: tuple[str, ...], markets: tuple[Market, ...], amount: int) -> tuple[int, ...] | None:
    along = [amount]
    for token, market in zip(path, markets, strict=False):
        paid = market.output_for(token, along[-1])
        if not paid:
            return None
        along.append(paid)
    return tuple(along)


def _backward(path: tuple[str, ...], markets: tuple[Market, ...], amount: int) -> tuple[int, ...] | None:
    along = [amount]
    for token, market in zip(reversed(path), reversed(markets), strict=False):
        needed = market.input_for(token, along[0])
        if not needed:
            return None
        along.insert(0, needed)
    return tuple(along)


def _outputs(candidate: Candidate, parts: tuple[int, int]) -> tuple[tuple[int, ...], ...] | None:
    rows = [
        _forward(candidate.path, (market,), part)
        for market, part in zip(candidate.markets, parts, strict=True)
    ]
    return (rows[0], rows[1]) if rows[0] and rows[1] else None


def _inputs(candidate: Candidate, parts: tuple[int, int]) -> tuple[tuple[int, ...], ...] | None:
    rows = [
        _backward(candidate.path, (market,), part)
        for market, part in zip(candidate.markets, parts, strict=True)
    ]
    return (rows[0], rows[1]) if rows[0] and rows[1] else None
