"""What a person gets alone: the best of the ways there are, every transaction counted and paid."""

from dataclasses import replace
from typing import Any

import pytest

from intents.solver.by_hand import HandRules, by_hand, found_or_unknown
from intents.solver.markets import ConstantProduct, Market
from intents.solver.prices import from_usd_up, native_usd_up, usd_down
from intents.solver.world import Bridge, Excluded, Token, World

from .worlds import DESTINATION, GWEI, ORIGIN, USD, address, chain, pair, prices, units
from .worlds import world as plain_world

ROUTE = "warp"
HYP = {ORIGIN: "0x0b99", DESTINATION: "0x1699"}
RULES = HandRules()


def bridged_pool(venue: int, chain_id: int, asset: str = "usdc", usd: float = 1e6) -> ConstantProduct:
    """A pool in which bridged USDC is sold for an asset."""
    pool = pair(venue, "usdc", asset, usd, chain_id=chain_id) if asset != "usdc" else None
    plain = address(chain_id, asset)
    reserve = units("usdc", usd)
    if pool is None:
        return ConstantProduct(venue, plain, HYP[chain_id], 500, reserve, reserve)
    reserves = {pool.token0: pool.reserve0, pool.token1: pool.reserve1}
    return ConstantProduct(venue, plain, HYP[chain_id], 3_000, reserves[plain], reserve)


def world(near: tuple[Market, ...], far: tuple[Market, ...], **of_origin: Any) -> World:
    """Bridged USDC on both chains, and these pools."""
    chains = {}
    for chain_id, markets in ((ORIGIN, near), (DESTINATION, far)):
        end = HYP[chain_id]
        chains[chain_id] = chain(
            chain_id,
            markets=markets,
            bridges=(Bridge(ROUTE, end),),
            bridged={end: Token(end, "hypUSDC", 6, "hyp")},
        )
    chains[ORIGIN] = replace(chains[ORIGIN], **of_origin)
    return replace(plain_world(), chains=chains, prices=prices(hyp=1))


def asked(seen: World, given: str = "usdc", wanted: str = "weth", whole: float = 100) -> Any:
    return by_hand(
        seen,
        origin_id=ORIGIN,
        destination_id=DESTINATION,
        input_token=address(ORIGIN, given),
        output_token=address(DESTINATION, wanted),
        amount=units(given, whole),
    )


def test_five_confirmations_on_two_sites_and_one_change_of_network() -> None:
    seen = world((bridged_pool(0, ORIGIN),), (bridged_pool(0, DESTINATION, "weth"),))
    found = asked(seen)
    assert [step.kind for step in found.steps] == ["approve", "exchange", "send", "approve", "exchange"]
    assert (found.confirmations, found.switches, len(found.sites)) == (5, 1, 2)
    assert found.prompts == 2 + 1 + 5


def test_the_amounts_are_the_pools_own_and_all_gas_comes_off() -> None:
    near, far = bridged_pool(0, ORIGIN), bridged_pool(0, DESTINATION, "weth")
    seen = world((near,), (far,))
    found = asked(seen)
    crossing = near.output_for(address(ORIGIN, "usdc"), units("usdc", 100))
    assert crossing is not None
    assert found.output_amount == far.output_for(HYP[DESTINATION], crossing)
    origin, destination = seen.chains[ORIGIN], seen.chains[DESTINATION]
    exchange = RULES.exchange_v2 + RULES.pool_v2
    at_origin = RULES.approve + exchange + RULES.send_bridged
    at_destination = RULES.approve + exchange
    usd = native_usd_up(seen, origin, at_origin * origin.gas_price_wei)
    usd += native_usd_up(seen, destination, at_destination * destination.gas_price_wei)
    usd += native_usd_up(seen, destination, RULES.deliver * destination.gas_price_wei)
    assert found.gas_usd_e8 == usd
    weth = destination.tokens[address(DESTINATION, "weth")]
    assert found.net_output == found.output_amount - from_usd_up(usd, weth, 3_200 * USD)
    assert usd_down(found.net_output, weth, 3_200 * USD) < 100 * USD


def test_the_better_of_two_pools_is_taken() -> None:
    poor, rich = bridged_pool(0, ORIGIN, usd=1_000), bridged_pool(1, ORIGIN, usd=1e6)
    found = asked(world((poor, rich), (bridged_pool(0, DESTINATION),)), wanted="usdc")
    assert found.steps[1].venues == (1,)


def test_a_longer_way_is_taken_when_more_is_left() -> None:
    direct = bridged_pool(0, ORIGIN, "weth", usd=1_000)
    around = (pair(1, "weth", "usdc", 1e7, chain_id=ORIGIN), bridged_pool(2, ORIGIN, usd=1e7))
    seen = world((direct, *around), (bridged_pool(0, DESTINATION),))
    found = asked(seen, given="weth", wanted="usdc", whole=0.5)
    assert found.steps[1].venues == (1, 2)
    dear = replace(seen.chains[ORIGIN], markets=(replace(direct, reserve0=direct.reserve0 * 10_000,
                   reserve1=direct.reserve1 * 10_000), *around))  # fmt: skip
    assert asked(replace(seen, chains={**seen.chains, ORIGIN: dear}), "weth", "usdc", 0.5).steps[
        1
    ].venues == (0,)


def test_what_the_bridge_takes_itself_is_only_approved_and_sent() -> None:
    usdc = address(ORIGIN, "usdc")
    seen = world((), (bridged_pool(0, DESTINATION),), bridges=(Bridge(ROUTE, usdc),), bridged={})
    found = asked(seen, wanted="usdc")
    assert [(step.kind, step.chain_id) for step in found.steps[:2]] == [("approve", ORIGIN), ("send", ORIGIN)]
    assert found.steps[1].gas == RULES.send_collateral


def test_nothing_to_exchange_is_one_site_without_a_change_of_network() -> None:
    usdc = {chain_id: address(chain_id, "usdc") for chain_id in (ORIGIN, DESTINATION)}
    seen = world((bridged_pool(0, ORIGIN),), ())
    far = replace(seen.chains[DESTINATION], bridges=(Bridge(ROUTE, usdc[DESTINATION]),), bridged={})
    near = replace(seen.chains[ORIGIN], bridges=(Bridge(ROUTE, usdc[ORIGIN]),), bridged={})
    found = asked(replace(seen, chains={ORIGIN: near, DESTINATION: far}), wanted="usdc")
    assert (found.confirmations, found.switches, len(found.sites)) == (2, 0, 1)
    assert found.output_amount == found.input_amount


def test_it_waits_for_every_block_and_for_finality() -> None:
    pools = ((bridged_pool(0, ORIGIN),), (bridged_pool(0, DESTINATION),))
    quick = asked(world(*pools), wanted="usdc")
    slow = asked(world(*pools, block_seconds=4.0, final_blocks=8), wanted="usdc")
    assert quick.seconds == 3 + 10 + 2 + 1 + 2
    assert slow.seconds == (3 + 8) * 4 + 2 + 1 + 2


def test_without_a_pool_for_what_arrives_there_is_no_way() -> None:
    assert asked(world((bridged_pool(0, ORIGIN),), ())) is None
    assert asked(world((), (bridged_pool(0, DESTINATION),)), wanted="usdc") is None


def test_dear_gas_can_leave_less_than_nothing() -> None:
    pools = ((bridged_pool(0, ORIGIN),), (bridged_pool(0, DESTINATION),))
    assert asked(world(*pools, gas_price_wei=1_000 * GWEI), wanted="usdc", whole=20).net_output < 0


@pytest.mark.parametrize("unknown", ["pool", "pause", "price"])
def test_nothing_is_said_when_something_is_not_known(unknown: str) -> None:
    seen = world((bridged_pool(0, ORIGIN),), (bridged_pool(0, DESTINATION),))
    words = {
        "origin_id": ORIGIN,
        "destination_id": DESTINATION,
        "input_token": address(ORIGIN, "usdc"),
        "output_token": address(DESTINATION, "usdc"),
        "amount": units("usdc", 100),
    }
    said = found_or_unknown(seen, **words)
    assert said is not None and said["is_possible"] and said["confirmations"] == 5
    far = seen.chains[DESTINATION]
    if unknown == "pool":
        far = replace(far, excluded=(Excluded(3, "0x1", "0x2", "price_disagreement"),))
    elif unknown == "pause":
        far = replace(far, paused_reason="maintenance")
    else:
        seen = replace(seen, prices={"usdc": seen.prices["usdc"], "hyp": seen.prices["hyp"]})
    assert found_or_unknown(replace(seen, chains={**seen.chains, DESTINATION: far}), **words) is None
