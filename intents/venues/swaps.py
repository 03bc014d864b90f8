"""From a route's swap to the calls that the filler's account makes on venues' routers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest, VenueManifest
from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.settlement.calls import VenueSwap
from intents.solver.router import Swap

from . import uniswap_v2, uniswap_v3, wrapped_native
from .kind import PoolKind, VenueKind

POOLS: Final[dict[str, PoolKind]] = {"uniswap_v2": uniswap_v2, "uniswap_v3": uniswap_v3}
KINDS: Final[dict[str, VenueKind]] = {**POOLS, WRAPPED_NATIVE: wrapped_native}


def swap_calls(
    manifest: ChainManifest, swap: Swap, *, least: int, holder: str, deadline: int
) -> tuple[VenueSwap, ...]:
    """The calls of `swap`, yielding at least `least` to `holder` or reverting; `deadline` is chain time.

    Neighbouring pools of one kind and router are one call. Between others the amount in the middle is fixed: it is
    bought exactly, then sold whole. A pool whose wrapped coin is unwrapped at the end does so itself. No router
    sees more than its side of a split: there the account itself counts what all of it yields.
    """
    if swap.beside is not None:
        sides = (replace(swap, beside=None), swap.beside)
        return tuple(
            call
            for side in sides
            for call in swap_calls(manifest, side, least=1, holder=holder, deadline=deadline)
        )
    venues = [manifest.venues[index] for index in swap.venues]
    if len(venues) > 1 and venues[-1].kind == WRAPPED_NATIVE:
        return (_unwrapping_call(venues[:-1], swap, least=least, holder=holder, deadline=deadline),)
    split = len({(venue.router, venue.kind) for venue in venues}) > 1
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
) -> VenueSwap:
    path, kind = swap.path[start : end + 1], KINDS[venues[0].kind]
    most = swap.max_input if start == 0 else swap.amounts[start]
    is_last = end == len(swap.venues)
    if is_last and not swap.is_exact_output:
        value = swap.amounts[start]
        data = kind.sell_exactly(venues, path, amount_in=value, least=least, holder=holder, deadline=deadline)
    else:
        value = swap.amounts[end]
        data = kind.buy_exactly(venues, path, amount_out=value, most=most, holder=holder, deadline=deadline)
    # Only the wrapper takes the coin itself, one for one.
    value_wei = value if path[0] == ZERO_ADDRESS else 0
    return VenueSwap(venue=venues[0].router, token_in=path[0], max_input=most, value_wei=value_wei, data=data)


def _unwrapping_call(
    venues: Sequence[VenueManifest], swap: Swap, *, least: int, holder: str, deadline: int
) -> VenueSwap:
    kind, path = POOLS[venues[0].kind], swap.path[:-1]
    if swap.is_exact_output:
        data = kind.buy_native(
            venues,
            path,
            amount_out=swap.amounts[-1],
            most=swap.max_input,
            holder=holder,
            deadline=deadline,
        )
    else:
        data = kind.sell_for_native(
            venues, path, amount_in=swap.amounts[0], least=least, holder=holder, deadline=deadline
        )
    return VenueSwap(
        venue=venues[0].router, token_in=path[0], max_input=swap.max_input, value_wei=0, data=data
    )
