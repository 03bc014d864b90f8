"""Uniswap V3 pools: how their state is read and how their router (SwapRouter02) is called.

The bitmap words and ticks to ask for follow from the state before; a pool read for the first time, or after a
jump, needs up to three rounds at the same block, which `is_complete` tells.
"""

from collections.abc import Sequence
from typing import Any, Final

from eth_utils.address import to_canonical_address

from intents.chains.calls import encode_call, selector
from intents.chains.manifest import VenueManifest
from intents.solver.ticks import MAX_TICK, MIN_TICK, ticks_of_word, word_of

from .kind import Reading

# The router reads this recipient as itself.
ROUTER_ITSELF = "0x" + "00" * 19 + "02"

SPACING_BY_FEE: Final = {100: 1, 500: 10, 3_000: 60, 10_000: 200}
REACH_TICKS: Final = 5_000
MOST_WORDS_EACH_SIDE: Final = 8


def spacing_of(venue: VenueManifest) -> int:
    """The pool's tick spacing: `extra.tick_spacing`, else its fee's; raises KeyError for an unusual fee."""
    return int(venue.extra.get("tick_spacing") or SPACING_BY_FEE[venue.fee_pips])


def world_calls(venue: VenueManifest, known: dict[str, Any] | None) -> list[Reading]:
    """The calls (to, data) by which the pool's state is read, around the price in `known`."""
    pool = venue.address
    calls = [(pool, selector("slot0()")), (pool, selector("liquidity()"))]
    if known is None:
        return calls
    words = _words_around(int(known["tick"]), spacing_of(venue))
    calls += [(pool, encode_call("tickBitmap(int16)", (word,))) for word in words]
    calls += [(pool, encode_call("ticks(int24)", (tick,))) for tick in known["seen"]]
    return calls


def read(
    venue: VenueManifest, index: int, known: dict[str, Any] | None, results: Sequence[bytes | None]
) -> dict[str, Any] | None:
    """The state as `solver.markets` JSON, from the answers in order; None when it gave none.

    Besides the market's own keys: `seen` are the initialised ticks of the words read, to be asked for next.
    """
    slot, liquidity = results[0], results[1]
    if not slot or not liquidity or len(slot) < 64:
        return None
    spacing, tick = spacing_of(venue), _signed(slot[32:64])
    words = _words_around(int(known["tick"]), spacing) if known else []
    bitmaps = results[2 : 2 + len(words)]
    asked = known["seen"] if known else []
    nets = {
        at: _signed(answer[32:64])
        for at, answer in zip(asked, results[2 + len(words) :], strict=True)
        if answer and len(answer) >= 64
    }
    seen: list[int] = []
    whole: list[int] = []
    for word, bitmap in zip(words, bitmaps, strict=True):
        if bitmap is None:
            continue
        inside = ticks_of_word(word, int.from_bytes(bitmap[:32], "big"), spacing)
        seen += inside
        if all(at in nets for at in inside):
            whole.append(word)
    first, last = _run_around(word_of(tick, spacing), whole)
    return {
        "kind": venue.kind,
        "venue": index,
        "token0": venue.token0,
        "token1": venue.token1,
        "fee_pips": venue.fee_pips,
        "sqrt_price": str(int.from_bytes(slot[:32], "big")),
        "tick": tick,
        "liquidity": str(int.from_bytes(liquidity[:32], "big")),
        "spacing": spacing,
        "words": [first, last],
        "ticks": [[at, str(nets[at])] for at in seen if at in nets and first <= word_of(at, spacing) <= last],
        "seen": seen,
    }


def is_complete(state: dict[str, Any] | None) -> bool:
    """Whether another reading of the same block would say no more; of a pool that is silent it would not."""
    if state is None:
        return True
    wanted = _words_around(int(state["tick"]), int(state["spacing"]))
    first, last = (int(word) for word in state["words"])
    return first <= wanted[0] and wanted[-1] <= last


def sell_exactly(
    venues: Sequence[VenueManifest],
    path: Sequence[str],
    *,
    amount_in: int,
    least: int,
    holder: str,
    deadline: int,
) -> bytes:
    """Router calldata: all of `amount_in` along `path`, at least `least` back to `holder`.

    The router has no deadline of its own; the fill that follows has.
    """
    route = encoded_path(path, [venue.fee_pips for venue in venues])
    return encode_call("exactInput((bytes,address,uint256,uint256))", ((route, holder, amount_in, least),))


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
    fees = [venue.fee_pips for venue in venues]
    route = encoded_path(path[::-1], fees[::-1])
    return encode_call("exactOutput((bytes,address,uint256,uint256))", ((route, holder, amount_out, most),))


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
    swap = sell_exactly(
        venues, path, amount_in=amount_in, least=least, holder=ROUTER_ITSELF, deadline=deadline
    )
    return _then_unwrap(swap, least=least, holder=holder)


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
    swap = buy_exactly(
        venues, path, amount_out=amount_out, most=most, holder=ROUTER_ITSELF, deadline=deadline
    )
    return _then_unwrap(swap, least=amount_out, holder=holder)


def _then_unwrap(swap: bytes, *, least: int, holder: str) -> bytes:
    unwrap = encode_call("unwrapWETH9(uint256,address)", (least, holder))
    return encode_call("multicall(bytes[])", ([swap, unwrap],))


def _words_around(tick: int, spacing: int) -> list[int]:
    side = min(max(-(-REACH_TICKS // (256 * spacing)), 1), MOST_WORDS_EACH_SIDE)
    lowest, highest = word_of(MIN_TICK, spacing), word_of(MAX_TICK, spacing)
    middle = word_of(tick, spacing)
    return list(range(max(middle - side, lowest), min(middle + side, highest) + 1))


def _run_around(middle: int, whole: list[int]) -> tuple[int, int]:
    """First and last of the unbroken run of words around the price; empty when the price is outside."""
    if middle not in whole:
        return middle + 1, middle
    first = last = middle
    while first - 1 in whole:
        first -= 1
    while last + 1 in whole:
        last += 1
    return first, last


def encoded_path(path: Sequence[str], fees: Sequence[int]) -> bytes:
    """A path as routers and quoters read it: token, fee, token, …"""
    encoded = bytes(to_canonical_address(path[0]))
    for token, fee in zip(path[1:], fees, strict=True):
        encoded += fee.to_bytes(3, "big") + to_canonical_address(token)
    return encoded


def _signed(word: bytes) -> int:
    return int.from_bytes(word, "big", signed=True)
