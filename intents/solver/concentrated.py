"""Swapping through concentrated liquidity, to the wei as Uniswap V3 pools do it.

Between two ticks the pool is a constant product with virtual reserves of liquidity L at square-root price P
(Q64.96). A swap walks from tick to tick and also stops at the edge of every 256-tick bitmap word, initialised
or not: each stop rounds, so leaving one out would miss the pool's answer by a few wei.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from intents.amounts import divide_up
from intents.solver.ticks import MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_at, word_of

PIPS: Final = 1_000_000
Q96: Final = 96
WORD: Final = 1 << 256


@dataclass(frozen=True, slots=True)
class Swapped:
    """The totals of a swap, fee inside `amount_in`, and the square-root price it ends at."""

    amount_in: int
    amount_out: int
    sqrt_price: int


@dataclass(frozen=True, slots=True)
class Concentrated:
    """The part of a pool that is known: words `first_word..last_word` of its tick bitmap, completely.

    `ticks` are the initialised ticks in those words, ascending; `nets[i]` is the liquidity that enters when
    the price rises through `ticks[i]`.
    """

    sqrt_price: int
    tick: int
    liquidity: int
    spacing: int
    first_word: int
    last_word: int
    ticks: tuple[int, ...]
    nets: tuple[int, ...]

    def swap(
        self, *, is_down: bool, fee_pips: int, exact_in: int | None = None, exact_out: int | None = None
    ) -> Swapped | None:
        """Swap token0 for token1 (`is_down`) or back; give exactly one of the two amounts.

        None when the amount is not positive, the liquidity ends, or the walk leaves the known words.
        """
        is_exact_in = exact_in is not None
        wanted = exact_in if exact_in is not None else exact_out
        if wanted is None or wanted <= 0 or self.sqrt_price == 0:
            return None
        remaining, total = wanted, 0
        price, tick, liquidity = self.sqrt_price, self.tick, self.liquidity
        limit = MIN_SQRT_PRICE + 1 if is_down else MAX_SQRT_PRICE - 1
        while remaining:
            if price == limit:
                return None
            stop = self._next_stop(tick, is_down=is_down)
            if stop is None:
                return None
            stop_tick, net = stop
            stop_price = sqrt_price_at(stop_tick)
            target = max(stop_price, limit) if is_down else min(stop_price, limit)
            step = _step(price, target, liquidity, remaining, fee_pips, is_exact_in=is_exact_in)
            if step is None:
                return None
            price, amount_in, amount_out, fee = step
            remaining -= amount_in + fee if is_exact_in else amount_out
            total += amount_out if is_exact_in else amount_in + fee
            if price == stop_price:
                liquidity += -net if is_down else net
                tick = stop_tick - 1 if is_down else stop_tick
            elif remaining:
                return None
        spent, paid = (wanted, total) if is_exact_in else (total, wanted)
        return Swapped(amount_in=spent, amount_out=paid, sqrt_price=price)

    def _next_stop(self, tick: int, *, is_down: bool) -> tuple[int, int] | None:
        """The next tick at which the pool stops, and the liquidity entering there upwards (0: an edge)."""
        compressed = tick // self.spacing if is_down else tick // self.spacing + 1
        word = compressed >> 8
        if not self.first_word <= word <= self.last_word:
            return None
        if is_down:
            edge = (word << 8) * self.spacing
            at = bisect_right(self.ticks, compressed * self.spacing) - 1
            is_found = at >= 0 and self.ticks[at] >= edge
        else:
            edge = ((word << 8) + 255) * self.spacing
            at = bisect_left(self.ticks, compressed * self.spacing)
            is_found = at < len(self.ticks) and self.ticks[at] <= edge
        if is_found:
            return self.ticks[at], self.nets[at]
        return min(max(edge, MIN_TICK), MAX_TICK), 0

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`; big integers as decimal text."""
        return {
            "sqrt_price": str(self.sqrt_price),
            "tick": self.tick,
            "liquidity": str(self.liquidity),
            "spacing": self.spacing,
            "words": [self.first_word, self.last_word],
            "ticks": [[tick, str(net)] for tick, net in zip(self.ticks, self.nets, strict=True)],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Concentrated":
        """Read what `to_json` wrote; raises ValueError when the price is outside the known words."""
        spacing, tick = int(value["spacing"]), int(value["tick"])
        first, last = (int(word) for word in value["words"])
        if not first <= word_of(tick, spacing) <= last:
            raise ValueError("the price is outside the known ticks")
        rows = sorted((int(at), int(net)) for at, net in value["ticks"])
        return cls(
            sqrt_price=int(value["sqrt_price"]), tick=tick, liquidity=int(value["liquidity"]),
            spacing=spacing, first_word=first, last_word=last,
            ticks=tuple(at for at, _ in rows), nets=tuple(net for _, net in rows),
        )  # fmt: skip


def _step(
    price: int, target: int, liquidity: int, remaining: int, fee_pips: int, *, is_exact_in: bool
) -> tuple[int, int, int, int] | None:
    """One stretch of constant liquidity: (next price, in without fee, out, fee); None when it cannot be."""
    is_down = price >= target
    if is_exact_in:
        usable = remaining * (PIPS - fee_pips) // PIPS
        is_whole = usable >= _input_between(price, target, liquidity, is_down=is_down)
        reached = target if is_whole else _after_input(price, liquidity, usable, is_down=is_down)
    else:
        is_whole = remaining >= _output_between(price, target, liquidity, is_down=is_down)
        reached = target if is_whole else _after_output(price, liquidity, remaining, is_down=is_down)
    if reached is None:
        return None
    amount_in = _input_between(price, reached, liquidity, is_down=is_down)
    amount_out = _output_between(price, reached, liquidity, is_down=is_down)
    if not is_exact_in:
        amount_out = min(amount_out, remaining)
    if is_exact_in and reached != target:
        return reached, amount_in, amount_out, remaining - amount_in
    return reached, amount_in, amount_out, divide_up(amount_in * fee_pips, PIPS - fee_pips)


def _input_between(price: int, target: int, liquidity: int, *, is_down: bool) -> int:
    if is_down:
        return _amount0(target, price, liquidity, is_up=True)
    return _amount1(price, target, liquidity, is_up=True)


def _output_between(price: int, target: int, liquidity: int, *, is_down: bool) -> int:
    if is_down:
        return _amount1(target, price, liquidity, is_up=False)
    return _amount0(price, target, liquidity, is_up=False)


def _amount0(low: int, high: int, liquidity: int, *, is_up: bool) -> int:
    product = (liquidity << Q96) * (high - low)
    return divide_up(divide_up(product, high), low) if is_up else product // high // low


def _amount1(low: int, high: int, liquidity: int, *, is_up: bool) -> int:
    product = liquidity * (high - low)
    return divide_up(product, 1 << Q96) if is_up else product >> Q96


def _after_input(price: int, liquidity: int, amount: int, *, is_down: bool) -> int | None:
    if not liquidity:
        return None
    if not is_down:
        return price + (amount << Q96) // liquidity
    if not amount:
        return price
    scaled, product = liquidity << Q96, amount * price
    if product < WORD and scaled + product < WORD:
        return divide_up(scaled * price, scaled + product)
    return divide_up(scaled, scaled // price + amount)


def _after_output(price: int, liquidity: int, amount: int, *, is_down: bool) -> int | None:
    if not liquidity:
        return None
    if is_down:
        quotient = divide_up(amount << Q96, liquidity)
        return price - quotient if price > quotient else None
    scaled, product = liquidity << Q96, amount * price
    if product >= WORD or scaled <= product:
        return None
    return divide_up(scaled * price, scaled - product)
