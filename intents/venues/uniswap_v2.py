"""Uniswap V2 pairs: how their state is read and how their router is called."""

from collections.abc import Sequence
from typing import Any

from intents.chains.calls import encode_call, selector
from intents.chains.manifest import VenueManifest

from .kind import Reading


def world_calls(venue: VenueManifest, known: dict[str, Any] | None) -> list[Reading]:
    """The calls (to, data) by which the pair's state is read; `known`, its state before, is not needed."""
    return [(venue.address, selector("getReserves()"))]


def read(
    venue: VenueManifest, index: int, known: dict[str, Any] | None, results: Sequence[bytes | None]
) -> dict[str, Any] | None:
    """The state as `solver.markets` JSON, from the answers in order; None when the pair did not answer."""
    answer = results[0]
    if not answer or len(answer) < 64:
        return None
    return {
        "kind": venue.kind,
        "venue": index,
        "token0": venue.token0,
        "token1": venue.token1,
        "fee_pips": venue.fee_pips,
        "reserve0": str(int.from_bytes(answer[:32], "big")),
        "reserve1": str(int.from_bytes(answer[32:64], "big")),
    }


def is_complete(state: dict[str, Any] | None) -> bool:
    """Whether another reading of the same block would say no more: always."""
    return True


def sell_exactly(
    venues: Sequence[VenueManifest],
    path: Sequence[str],
    *,
    amount_in: int,
    least: int,
    holder: str,
    deadline: int,
) -> bytes:
    """Router calldata: all of `amount_in` along `path`, at least `least` back to `holder`."""
    return _swap(
        "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
        (amount_in, least, list(path), holder, deadline),
    )


def buy_exactly(
    venues: Sequence[VenueManifest],
    path: Sequence[str],
    *,
    amount_out: int,
    most: int,
    holder: str,
    deadline: int,
) -> bytes:
    """Router calldata: exactly `amount_out` along `path` to `holder`, for at most `most`."""
    return _swap(
        "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)",
        (amount_out, most, list(path), holder, deadline),
    )


def sell_for_native(
    venues: Sequence[VenueManifest],
    path: Sequence[str],
    *,
    amount_in: int,
    least: int,
    holder: str,
    deadline: int,
) -> bytes:
    """As `sell_exactly` along a path that ends with the wrapped coin, which arrives unwrapped."""
    return _swap(
        "swapExactTokensForETH(uint256,uint256,address[],address,uint256)",
        (amount_in, least, list(path), holder, deadline),
    )


def buy_native(
    venues: Sequence[VenueManifest],
    path: Sequence[str],
    *,
    amount_out: int,
    most: int,
    holder: str,
    deadline: int,
) -> bytes:
    """As `buy_exactly` along a path that ends with the wrapped coin, which arrives unwrapped."""
    return _swap(
        "swapTokensForExactETH(uint256,uint256,address[],address,uint256)",
        (amount_out, most, list(path), holder, deadline),
    )


def _swap(signature: str, arguments: tuple[Any, ...]) -> bytes:
    return encode_call(signature, arguments)
