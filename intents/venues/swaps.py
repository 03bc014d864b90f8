"""From a route's swap to the calls that the filler's account makes on venues' routers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Final

from intents.chains.manifest import ChainManifest, VenueManifest
from intents.solver.router import Swap

from . import uniswap_v2, uniswap_v3

KINDS: Final[dict[str, ModuleType]] = {"uniswap_v2": uniswap_v2, "uniswap_v3": uniswap_v3}


@dataclass(frozen=True, slots=True)
class VenueCall:
    """One `Swap` of the filler's account: at most `max_input` base units of `token_in` leave for `venue`."""

    venue: str
    token_in: str
    max_input: int
    value_wei: int
    data: bytes


def swap_calls(
    manifest: ChainManifest, swap: Swap, *, least: int, holder: str, deadline: int
) -> tuple[VenueCall, ...]:
    """The calls of `swap`, yielding at least `least` to `holder` or reverting; `deadline` is chain time.

    No router sees more than its side of a split: there the account itself counts what all of it yields.
    Neighbouring pools of one router are one call. Between routers the amount in the middle is fixed: it is
    bought exactly, then sold whole.
    """
    if swap.beside is not None:
        sides = (replace(swap, beside=None), swap.beside)
        return tuple(
            call
            for side in sides
            for call in swap_calls(manifest, side, least=1, holder=holder, deadline=deadline)
        )
    venues = [manifest.venues[index] for index in swap.venues]
    split = len(venues) > 1 and venues[0].router != venues[1].router
    if not split:
        return (_call(venues, swap, 0, len(venues), least=least, holder=holder, deadline=deadline),)
    return tuple(
        _call(venues[at : at + 1], swap, at, at + 1, least=least, holder=holder, deadline=deadline)
        for at in range(len(venues))
    )


def _call(
    venues: Sequence[VenueManifest],
    swap: Swap,
    start: int,
    end: int,
    *,
    least: int,
    holder: str,
    deadline: int,
) -> VenueCall:
    path, kind = swap.path[start : end + 1], KINDS[venues[0].kind]
    most = swap.max_input if start == 0 else swap.amounts[start]
    is_last = end == len(swap.venues)
    if is_last and not swap.is_exact_output:
        data = kind.sell_exactly(
            venues, path, amount_in=swap.amounts[start], least=least, holder=holder, deadline=deadline
        )
    else:
        bought = swap.amounts[end]
        data = kind.buy_exactly(venues, path, amount_out=bought, most=most, holder=holder, deadline=deadline)
    return VenueCall(venue=venues[0].router, token_in=path[0], max_input=most, value_wei=0, data=data)
