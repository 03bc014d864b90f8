"""A kind of venue that a manifest may name is whole: it can be read, priced, traded with and named to people."""

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import VENUE_KINDS, VenueManifest
from intents.chains.manifest_checks import WRAPPED_NATIVE
from intents.selectors.offers import POOLS as NAMES
from intents.solver.markets import market_from_json
from intents.venues.swaps import KINDS, POOLS
from tests.services.heads import MOST_ROUNDS

LOW, HIGH, POOL, ROUTER, HOLDER = ("0x" + f"{number:02x}" * 20 for number in range(1, 6))
# Two words of any answer: a price of one at tick 0, a bit of a bitmap, a reserve and none.
WORDS = (1 << 96).to_bytes(32, "big") + bytes(32)


def venue(kind: str) -> VenueManifest:
    is_wrapper = kind == WRAPPED_NATIVE
    return VenueManifest(
        kind, POOL, ROUTER, ZERO_ADDRESS if is_wrapper else LOW, HIGH, 0 if is_wrapper else 500
    )


def test_manifests_may_name_the_kinds_that_there_are_and_no_other() -> None:
    assert set(VENUE_KINDS) == set(KINDS) == set(NAMES)
    assert set(POOLS) == set(KINDS) - {WRAPPED_NATIVE}


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_what_is_read_of_a_venue_is_a_market_of_its_kind_for_the_solver(kind: str) -> None:
    state = None
    for _ in range(MOST_ROUNDS):
        answers = [WORDS for _ in KINDS[kind].world_calls(venue(kind), state)]
        state = KINDS[kind].read(venue(kind), 7, state, answers)
    assert state is not None
    assert KINDS[kind].is_complete(state)
    market = market_from_json(state)
    assert (market.kind, market.venue, market.token1) == (kind, 7, HIGH)
    assert market_from_json(market.to_json()) == market


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_a_venue_that_is_silent_has_no_state_and_stops_no_reading(kind: str) -> None:
    silent = KINDS[kind].read(
        venue(kind), 0, None, [None for _ in KINDS[kind].world_calls(venue(kind), None)]
    )
    assert silent is None or kind == WRAPPED_NATIVE
    assert KINDS[kind].is_complete(silent)


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_a_venue_sells_and_buys_for_the_holder_and_pools_end_in_the_coin_itself(kind: str) -> None:
    place = venue(kind)
    path, until = [place.token0, place.token1], 2**31
    sold = KINDS[kind].sell_exactly([place], path, amount_in=10, least=9, holder=HOLDER, deadline=until)
    bought = KINDS[kind].buy_exactly([place], path, amount_out=9, most=10, holder=HOLDER, deadline=until)
    assert bytes.fromhex(HOLDER[2:]) in sold
    assert bytes.fromhex(HOLDER[2:]) in bought
    if kind in POOLS:
        coins = POOLS[kind].sell_for_native(
            [place], path, amount_in=10, least=9, holder=HOLDER, deadline=until
        )
        exact = POOLS[kind].buy_native([place], path, amount_out=9, most=10, holder=HOLDER, deadline=until)
        assert bytes.fromhex(HOLDER[2:]) in coins
        assert bytes.fromhex(HOLDER[2:]) in exact
