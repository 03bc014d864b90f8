"""Pools as they are after somebody else's swap, before that swap is made: for two transfers priced at one moment."""

from dataclasses import dataclass
from typing import Any

from intents.solver.markets import Market, is_wrapper
from intents.solver.routes import Swap


@dataclass(frozen=True, slots=True)
class Crowded:
    """A market to which `sold` base units of `sold_token` go first; the other direction is left as it is."""

    inner: Market
    sold_token: str
    sold: int

    @property
    def venue(self) -> int:
        return self.inner.venue

    @property
    def kind(self) -> str:
        return self.inner.kind

    @property
    def token0(self) -> str:
        return self.inner.token0

    @property
    def token1(self) -> str:
        return self.inner.token1

    @property
    def fee_pips(self) -> int:
        return self.inner.fee_pips

    def output_for(self, token_in: str, amount_in: int) -> int | None:
        """What is bought after the others; None beyond the pool's depth."""
        if token_in != self.sold_token:
            return self.inner.output_for(token_in, amount_in)
        both = self.inner.output_for(token_in, self.sold + amount_in)
        theirs = self.inner.output_for(token_in, self.sold)
        return None if both is None or theirs is None else max(both - theirs, 0)

    def input_for(self, token_out: str, amount_out: int) -> int | None:
        """What it costs after the others; None beyond the pool's depth."""
        if token_out == self.sold_token:
            return self.inner.input_for(token_out, amount_out)
        theirs = self.inner.output_for(self.sold_token, self.sold)
        both = None if theirs is None else self.inner.input_for(token_out, theirs + amount_out)
        return None if both is None else max(both - self.sold, 1)

    def spot_value(self, token_in: str, amount_in: int) -> int:
        """As before the others: it is what price impact is measured from."""
        return self.inner.spot_value(token_in, amount_in)

    def marginal_output(self, token_in: str, amount_in: int) -> float:
        """The price of the next unit after the others."""
        more = self.sold if token_in == self.sold_token else 0
        return self.inner.marginal_output(token_in, amount_in + more)

    def marginal_input(self, token_out: str, amount_out: int) -> float:
        """The cost of the next unit after the others."""
        theirs = 0
        if token_out != self.sold_token:
            theirs = self.inner.output_for(self.sold_token, self.sold) or 0
        return self.inner.marginal_input(token_out, amount_out + theirs)

    def to_json(self) -> dict[str, Any]:
        """The pool as it is on its chain now."""
        return self.inner.to_json()


def after_swap(markets: tuple[Market, ...], swap: Swap | None) -> tuple[Market, ...]:
    """The markets of a chain with a swap made on it."""
    if swap is None:
        return markets
    sold = {venue: (swap.path[index], swap.amounts[index]) for index, venue in enumerate(swap.venues)}
    crowded: tuple[Market, ...] = tuple(
        Crowded(market, *sold[market.venue]) if market.venue in sold and not is_wrapper(market) else market
        for market in markets
    )
    return after_swap(crowded, swap.beside)
