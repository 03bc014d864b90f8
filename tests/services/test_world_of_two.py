"""A quote looks at the pools of its two ends alone: what it says is what it would say who looked at all of them."""

from dataclasses import replace
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intents.chains import registry
from intents.devnet.network import Network
from intents.engine.world import load_prices, load_world
from intents.solver.by_hand import found_or_unknown
from intents.solver.router import find_routes
from intents.solver.routes import Wanted
from intents.solver.world import ChainWorld, World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]
VALUE_E8 = 100 * 10**8


def wishes(world: World) -> list[Wanted]:
    """A hundred dollars of every token of every chain, as every token of every other one."""
    places = [(chain, token) for chain in world.chains.values() for token in chain.tokens.values()]
    return [
        Wanted(
            origin_id=origin.chain_id,
            destination_id=destination.chain_id,
            input_token=given.address,
            output_token=asked.address,
            amount=VALUE_E8 * 10**given.decimals // world.prices[given.canonical_id].low_e8,
        )
        for (origin, given), (destination, asked) in permutations(places, 2)
        if origin is not destination
    ]


def same_answers(network: Network) -> None:
    whole = load_world()
    asked = wishes(whole)
    assert len(asked) > 50
    found = 0
    for wanted in asked:
        ends = {wanted.origin_id, wanted.destination_id}
        some = load_world(markets_of=ends)
        answer = find_routes(wanted, some)
        assert answer == find_routes(wanted, whole)
        found += answer.chosen is not None
        hand = [
            found_or_unknown(
                world,
                origin_id=wanted.origin_id,
                destination_id=wanted.destination_id,
                input_token=wanted.input_token,
                output_token=wanted.output_token,
                amount=wanted.amount,
            )
            for world in (some, whole)
        ]
        assert hand[0] == hand[1]
    assert found > len(asked) // 2, "the routes of the two worlds are compared, not their refusals"


def test_pools_of_other_chains_change_nothing(seen: Network) -> None:
    same_answers(seen)


def test_nor_do_they_on_a_generated_network(seen_odd: Network) -> None:
    same_answers(seen_odd)


def test_only_pools_are_left_out(seen: Network) -> None:
    whole, some = load_world(), load_world(markets_of=(901,))

    def without_pools(chain: ChainWorld) -> ChainWorld:
        return replace(chain, markets=(), excluded=())

    assert some.chains[901] == whole.chains[901]
    for chain_id in whole.chains.keys() - {901}:
        assert whole.chains[chain_id].markets
        assert some.chains[chain_id] == without_pools(whole.chains[chain_id])
    assert (some.prices, some.stale) == (whole.prices, whole.stale)


def test_prices_alone_need_neither_pools_nor_stock(seen: Network) -> None:
    prices = load_prices()
    assert prices.prices == load_world().prices
    assert not any(chain.markets or chain.stocks for chain in prices.chains.values())


def test_a_manifest_that_changes_is_seen_at_once(seen: Network) -> None:
    manifest = registry.chain(901)
    assert load_world().chains[901].tiers
    registry.load([replace(manifest, value_tiers=())])
    assert not load_world().chains[901].tiers
    registry.load([manifest])
    assert load_world().chains[901].tiers


def test_more_chains_ask_the_database_no_more_often(seen: Network) -> None:
    load_world()
    with CaptureQueriesContext(connection) as of_all:
        load_world()
    with CaptureQueriesContext(connection) as of_two:
        load_world(markets_of=(901, 902))
    assert len(of_two) == len(of_all) <= 5
