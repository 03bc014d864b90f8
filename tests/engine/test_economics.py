"""What a fill is judged by counts all that it takes: swaps, wrapping, stock that has to be brought."""

from dataclasses import replace
from typing import Any, Final

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import case as case_module
from intents.engine import lease
from intents.engine.case import Case
from intents.engine.economics import refuse_price
from intents.engine.repricing import reprice_order
from intents.engine.supply import supply_details
from intents.engine.world import load_prices
from intents.models import Order
from intents.solver.gas import GasRules
from intents.solver.prices import native_usd_up
from intents.solver.world import World
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

GAS: Final = GasRules()
SUMMIT, BIRCH = 900, 902
# So dear that nothing pays: what is missing tells what was counted.
DEAR_WEI: Final = 10**13


@pytest.fixture
def strange(driver: Driver, alice: LocalAccount) -> Case:
    """For WETH on Birch, where it has to be bought; nobody has a quote of ours for it."""
    order = driver.transfer(alice, give="alder:USDC", get="birch:WETH", amount="500")
    Order.objects.filter(pk=order.pk).update(quote=None)
    held = lease.take(order.order_id)
    assert held is not None
    return case_module.load(held)


def test_a_strangers_order_pays_for_the_gas_of_its_pools(strange: Case) -> None:
    """Where gas is just too dear for the pools, it would still pay without them: it is not filled at a loss."""
    found = reprice_order(strange)
    assert found.route is not None and found.route.swap is not None
    swapped = supply_details(found.route, signed=strange.terms.outputs[0].amount)
    plain, world = {**swapped, "swap": None}, load_prices()
    pools = birch_usd(GAS.pool * found.route.swap.pools)
    assert abs(missing(strange, swapped) - missing(strange, plain) - pools) <= 1
    assert refuse_price(strange, world=with_gas(world, 10**7), supply=swapped) is None
    dear = next(
        world_then
        for step in range(300)
        if refuse_price(
            strange, world=(world_then := with_gas(world, 10**7 * 105**step // 100**step)), supply=swapped
        )
    )
    assert refuse_price(strange, world=dear, supply=plain) is None


def test_wrapping_and_both_sides_of_a_split_count(strange: Case) -> None:
    kinds = [venue.kind for venue in strange.destination.venues]
    pool, wrapper = kinds.index("uniswap_v3"), kinds.index("wrapped_native")
    split = {"venues": [pool], "beside": {"venues": [pool, wrapper], "beside": None}}
    more = missing(strange, {**in_stock(strange), "swap": split}) - missing(strange, in_stock(strange))
    assert abs(more - birch_usd(2 * GAS.pool + GAS.wrap)) <= 1


def test_a_way_over_a_bridge_counts_it_until_the_stock_is_sent(strange: Case) -> None:
    """Also a way that is only being thought of."""
    plain, summit = in_stock(strange), load_prices().chains[SUMMIT]
    bridge = {"chain_id": SUMMIT, "route": "", "token": "", "amount": "1"}
    left = native_usd_up(load_prices(), summit, GAS.bridge * summit.gas_price_wei)
    more = missing(strange, {**plain, "bridge": bridge}) - missing(strange, plain)
    assert abs(more - left - birch_usd(GAS.arrive)) <= 2
    assert missing(strange, {**plain, "bridge": {**bridge, "move": 1}}) == missing(strange, plain)


def in_stock(case: Case) -> dict[str, Any]:
    return {"stock_token": case.order.output_token, "stock_amount": "1", "swap": None, "bridge": None}


def missing(case: Case, details: dict[str, Any]) -> int:
    """USD × 10^8 that the order lacks where gas is dear."""
    refusal = refuse_price(case, world=with_gas(load_prices(), DEAR_WEI), supply=details)
    assert refusal is not None and refusal.code == "not_profitable"
    return int(refusal.params["missing_usd_e8"])


def with_gas(world: World, wei: int) -> World:
    """Gas on Birch at `wei` a unit."""
    changed = replace(world.chains[BIRCH], gas_price_wei=wei)
    return replace(world, chains={**world.chains, BIRCH: changed})


def birch_usd(units: int) -> int:
    world = with_gas(load_prices(), DEAR_WEI)
    return native_usd_up(world, world.chains[BIRCH], units * world.chains[BIRCH].gas_price_wei)
