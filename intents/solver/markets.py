"""What a pool pays and asks, in exact integers.

A market answers two questions and never guesses: `None` means that the pool cannot do it, or that what is
known of the pool does not reach that far.
"""

from dataclasses import dataclass
from math import inf
from typing import Any, Final, Protocol

from intents.solver.concentrated import Concentrated

PIPS: Final = 1_000_000
Q96: Final = 1 << 96


class Market(Protocol):
    """A pool of two tokens on one chain; `venue` is its index in the chain's manifest."""

    @property
    def venue(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def token0(self) -> str: ...
    @property
    def token1(self) -> str: ...
    @property
    def fee_pips(self) -> int: ...

    def output_for(self, token_in: str, amount_in: int) -> int | None:
        """What the pool pays for exactly `amount_in`, rounded as the pool rounds; None when it cannot."""
        ...

    def input_for(self, token_out: str, amount_out: int) -> int | None:
        """The least that buys exactly `amount_out`, rounded as the pool rounds; None when it cannot."""
        ...

    def spot_value(self, token_in: str, amount_in: int) -> int:
        """`amount_in` at the pool's present price without fee or impact, rounded down: for showing only."""
        ...

    def marginal_output(self, token_in: str, amount_in: int) -> float:
        """What the next base unit in pays after `amount_in`, fee included, about; 0 when it cannot."""
        ...

    def marginal_input(self, token_out: str, amount_out: int) -> float:
        """What the next base unit out costs after `amount_out`, fee included, about; infinite when it cannot."""
        ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ConstantProduct:
    """A Uniswap V2 pair: reserve0 × reserve1 never falls."""

    venue: int
    token0: str
    token1: str
    fee_pips: int
    reserve0: int
    reserve1: int

    @property
    def kind(self) -> str:
        return "uniswap_v2"

    def output_for(self, token_in: str, amount_in: int) -> int | None:
        """See Market."""
        reserve_in, reserve_out = self._reserves(token_in)
        if amount_in <= 0 or reserve_in <= 0 or reserve_out <= 0:
            return None
        if reserve_in + amount_in >= 1 << 112:
            return None
        kept = amount_in * (PIPS - self.fee_pips)
        return kept * reserve_out // (reserve_in * PIPS + kept) or None

    def input_for(self, token_out: str, amount_out: int) -> int | None:
        """See Market."""
        reserve_in, reserve_out = self._reserves(other_token(self, token_out))
        if not 0 < amount_out < reserve_out or reserve_in <= 0:
            return None
        amount_in = (
            reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * (PIPS - self.fee_pips)) + 1
        )
        return amount_in if reserve_in + amount_in < 1 << 112 else None

    def spot_value(self, token_in: str, amount_in: int) -> int:
        """See Market."""
        reserve_in, reserve_out = self._reserves(token_in)
        return amount_in * reserve_out // reserve_in if reserve_in else 0

    def marginal_output(self, token_in: str, amount_in: int) -> float:
        """See Market."""
        reserve_in, reserve_out = self._reserves(token_in)
        kept = (PIPS - self.fee_pips) / PIPS
        held = reserve_in + kept * amount_in
        return kept * reserve_in * reserve_out / (held * held) if held else 0.0

    def marginal_input(self, token_out: str, amount_out: int) -> float:
        """See Market."""
        reserve_in, reserve_out = self._reserves(other_token(self, token_out))
        left = float(reserve_out - amount_out)
        if left <= 0:
            return inf
        return reserve_in * reserve_out * PIPS / (left * left * (PIPS - self.fee_pips))

    def to_json(self) -> dict[str, Any]:
        """The inverse of `market_from_json`."""
        return _common_json(self) | {"reserve0": str(self.reserve0), "reserve1": str(self.reserve1)}

    def _reserves(self, token_in: str) -> tuple[int, int]:
        if token_in == self.token0:
            return self.reserve0, self.reserve1
        if token_in == self.token1:
            return self.reserve1, self.reserve0
        raise ValueError(f"{token_in} is not in this pool")


@dataclass(frozen=True, slots=True)
class ConcentratedLiquidity:
    """A Uniswap V3 pool, as far as its ticks around the price are known."""

    venue: int
    token0: str
    token1: str
    fee_pips: int
    state: Concentrated

    @property
    def kind(self) -> str:
        return "uniswap_v3"

    def output_for(self, token_in: str, amount_in: int) -> int | None:
        """See Market."""
        swapped = self.state.swap(is_down=self._is_down(token_in), exact_in=amount_in, fee_pips=self.fee_pips)
        return swapped.amount_out or None if swapped else None

    def input_for(self, token_out: str, amount_out: int) -> int | None:
        """See Market."""
        is_down = self._is_down(other_token(self, token_out))
        swapped = self.state.swap(is_down=is_down, exact_out=amount_out, fee_pips=self.fee_pips)
        return swapped.amount_in or None if swapped else None

    def spot_value(self, token_in: str, amount_in: int) -> int:
        """See Market."""
        squared = self.state.sqrt_price * self.state.sqrt_price
        if not squared:
            return 0
        if self._is_down(token_in):
            return amount_in * squared >> 192
        return (amount_in << 192) // squared

    def marginal_output(self, token_in: str, amount_in: int) -> float:
        """See Market."""
        is_down = self._is_down(token_in)
        price = self.state.sqrt_price
        if amount_in:
            swapped = self.state.swap(is_down=is_down, exact_in=amount_in, fee_pips=self.fee_pips)
            price = swapped.sqrt_price if swapped else 0
        return self._paid_at(price, is_down=is_down)

    def marginal_input(self, token_out: str, amount_out: int) -> float:
        """See Market."""
        is_down = self._is_down(other_token(self, token_out))
        price = self.state.sqrt_price
        if amount_out:
            swapped = self.state.swap(is_down=is_down, exact_out=amount_out, fee_pips=self.fee_pips)
            price = swapped.sqrt_price if swapped else 0
        paid = self._paid_at(price, is_down=is_down)
        return 1 / paid if paid else inf

    def _paid_at(self, sqrt_price: int, *, is_down: bool) -> float:
        if not sqrt_price:
            return 0.0
        root = sqrt_price / Q96
        return (root * root if is_down else 1 / (root * root)) * (PIPS - self.fee_pips) / PIPS

    def to_json(self) -> dict[str, Any]:
        """The inverse of `market_from_json`."""
        return _common_json(self) | self.state.to_json()

    def _is_down(self, token_in: str) -> bool:
        if token_in not in (self.token0, self.token1):
            raise ValueError(f"{token_in} is not in this pool")
        return token_in == self.token0


@dataclass(frozen=True, slots=True)
class WrappedNative:
    """The contract that wraps the chain's own coin: one for one, both ways, as much as there is."""

    venue: int
    token0: str
    token1: str
    fee_pips: int = 0

    @property
    def kind(self) -> str:
        return "wrapped_native"

    def output_for(self, token_in: str, amount_in: int) -> int | None:
        """See Market."""
        return amount_in if amount_in > 0 else None

    def input_for(self, token_out: str, amount_out: int) -> int | None:
        """See Market."""
        return amount_out if amount_out > 0 else None

    def spot_value(self, token_in: str, amount_in: int) -> int:
        """See Market."""
        return amount_in

    def marginal_output(self, token_in: str, amount_in: int) -> float:
        """See Market."""
        return 1.0

    def marginal_input(self, token_out: str, amount_out: int) -> float:
        """See Market."""
        return 1.0

    def to_json(self) -> dict[str, Any]:
        """The inverse of `market_from_json`."""
        return _common_json(self)


def is_wrapper(market: Market) -> bool:
    """Whether the market only changes the form of one coin: it has no price that could move."""
    return market.kind == "wrapped_native"


def other_token(market: Market, token: str) -> str:
    """The pool's other token; raises ValueError for a token that is not in it."""
    if token == market.token0:
        return market.token1
    if token == market.token1:
        return market.token0
    raise ValueError(f"{token} is not in this pool")


def market_from_json(value: dict[str, Any]) -> Market:
    """Read a market written by `to_json`; raises KeyError or ValueError on anything else."""
    venue, token0, token1 = int(value["venue"]), str(value["token0"]), str(value["token1"])
    fee_pips = int(value["fee_pips"])
    if value["kind"] == "uniswap_v2":
        return ConstantProduct(
            venue=venue, token0=token0, token1=token1, fee_pips=fee_pips,
            reserve0=int(value["reserve0"]), reserve1=int(value["reserve1"]),
        )  # fmt: skip
    if value["kind"] == "uniswap_v3":
        state = Concentrated.from_json(value)
        return ConcentratedLiquidity(
            venue=venue, token0=token0, token1=token1, fee_pips=fee_pips, state=state
        )
    if value["kind"] == "wrapped_native":
        return WrappedNative(venue=venue, token0=token0, token1=token1)
    raise ValueError(f"unknown kind of market: {value['kind']!r}")


def _common_json(market: Market) -> dict[str, Any]:
    return {
        "kind": market.kind,
        "venue": market.venue,
        "token0": market.token0,
        "token1": market.token1,
        "fee_pips": market.fee_pips,
    }
