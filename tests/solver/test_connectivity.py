"""The connectivity number counts every pair across chains and names why a pair is not served."""

from dataclasses import replace

import pytest

from intents.solver.connectivity import Place, connectivity
from intents.solver.router import Refusal
from tests.solver import worlds
from tests.solver.worlds import ASSETS, DESTINATION, ORIGIN, address, on_destination, stock, world

PAIRS_EACH_WAY = len(ASSETS) ** 2


def test_every_ordered_pair_of_two_chains_is_counted_once() -> None:
    assert connectivity(world()).pairs == 2 * PAIRS_EACH_WAY


def test_a_pair_is_served_where_stock_can_pay_it() -> None:
    found = connectivity(world(stocks=stock(usdc=100_000)))

    assert found.served == len(ASSETS)
    served_output = address(DESTINATION, "usdc")
    assert all(each.output_token != served_output for each in found.unserved if each.origin_id == ORIGIN)


def test_a_pair_that_is_not_served_names_the_reason_the_person_would_be_told() -> None:
    found = connectivity(world(stocks=stock(usdc=100_000)))

    reasons = {
        each.reason.code for each in found.unserved if each.output_token == address(DESTINATION, "weth")
    }
    assert reasons == {"no_stock"}


def test_a_larger_order_serves_a_pair_whose_least_order_is_above_the_first_amount() -> None:
    dear = on_destination(world(stocks=stock(usdc=100_000)), gas_price_wei=worlds.GWEI * 5)
    found = connectivity(dear)

    assert found.served == len(ASSETS)


def test_a_paused_chain_takes_its_pairs_with_it() -> None:
    paused = on_destination(world(stocks=stock(usdc=100_000)), paused_reason="lagging")

    found = connectivity(paused)

    assert found.served == 0
    assert {each.reason.code for each in found.unserved} == {"chain_paused"}


def test_what_is_barred_is_not_served_and_keeps_its_own_reason() -> None:
    place = (ORIGIN, address(ORIGIN, "usdt"))

    def barred(origin: Place, destination: Place) -> Refusal | None:
        return Refusal("token_paused", {"token": "USDT"}) if place in (origin, destination) else None

    found = connectivity(world(stocks=stock(usdc=100_000)), barred=barred)

    assert found.served == len(ASSETS) - 1
    touched = [each for each in found.unserved if each.reason.code == "token_paused"]
    assert len(touched) == 2 * len(ASSETS)
    assert all(place in each.ends for each in touched)


def test_a_network_without_pairs_reaches_nothing() -> None:
    alone = world()
    alone = replace(alone, chains={ORIGIN: alone.chains[ORIGIN]})

    assert connectivity(alone).share == pytest.approx(0.0)
