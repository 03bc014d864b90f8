"""The contract that wraps the chain's own coin one to one, as a venue: nothing to read, never a price.

The filler's account calls no token but to pay, so Uniswap's SwapRouter02 wraps and unwraps for it.
"""

from collections.abc import Sequence
from typing import Any

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.manifest import VenueManifest

from .kind import Reading


def world_calls(venue: VenueManifest, known: dict[str, Any] | None) -> list[Reading]:
    """Nothing: a wrapped coin is always worth the coin."""
    return []


def read(
    venue: VenueManifest, index: int, known: dict[str, Any] | None, results: Sequence[bytes | None]
) -> dict[str, Any]:
    """The state as `solver.markets` JSON."""
    return {
        "kind": venue.kind,
        "venue": index,
        "token0": venue.token0,
        "token1": venue.token1,
        "fee_pips": venue.fee_pips,
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
    """Router calldata: all of `amount_in` in its other form to `holder`; the coin goes along as value."""
    coin, wrapped = ZERO_ADDRESS, venues[0].token1
    if path[0] == coin:
        return _together(
            encode_call("wrapETH(uint256)", (amount_in,)),
            encode_call("sweepToken(address,uint256,address)", (wrapped, amount_in, holder)),
        )
    return _together(
        encode_call("pull(address,uint256)", (wrapped, amount_in)),
        encode_call("unwrapWETH9(uint256,address)", (amount_in, holder)),
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
    """As `sell_exactly`: one form costs as much of the other."""
    return sell_exactly(
        venues, path, amount_in=amount_out, least=amount_out, holder=holder, deadline=deadline
    )


def _together(*steps: bytes) -> bytes:
    return encode_call("multicall(bytes[])", (list(steps),))
