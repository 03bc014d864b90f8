"""Stock goes home by rule: what is missing from what is over, cheaply, and never from under an order."""

from dataclasses import replace
from typing import Any

from intents.solver.rebalance import Place, RebalanceRules, Shift, shifts
from intents.solver.world import Bridge, Stock, Token, World

from .worlds import USD, address, chain, concentrated, pair, prices, units, world

PARENT, CHILD = 33, 22
HYP = "0x0016ffff"
HOME, BRIDGED = (PARENT, address(PARENT, "usdc")), (CHILD, HYP)
CHILD_USDC = (CHILD, address(CHILD, "usdc"))
TARGETS = {HOME: units("usdc", 50_000), CHILD_USDC: units("usdc", 50_000)}


def hyp_pool() -> Any:
    pool = concentrated(7, "usdc", "usdt", liquidity=10**15)
    return replace(pool, token0=address(CHILD, "usdc"), token1=HYP)


def seen_with(home: float, child: float, hyp: float = 0, *, reserved: float = 0, **changes: Any) -> World:
    parent = chain(
        PARENT, bridges=(Bridge("warp", HOME[1]),), stocks={HOME[1]: Stock(units("usdc", home))},
    )  # fmt: skip
    child_chain = chain(
        CHILD,
        bridged={HYP: Token(HYP, "hypUSDC", 6, "warp")},
        bridges=(Bridge("warp", HYP),),
        stocks={
            CHILD_USDC[1]: Stock(units("usdc", child), units("usdc", reserved)),
            HYP: Stock(units("usdc", hyp)),
        },
        **{"markets": (hyp_pool(),), **changes},
    )
    seen = world(prices={**prices(), "warp": prices()["usdc"]})
    return replace(seen, chains={PARENT: parent, CHILD: child_chain})


def only(found: list[Shift]) -> Shift:
    [shift] = found
    return shift


def test_nothing_moves_while_everything_is_about_where_it_belongs() -> None:
    assert shifts(seen_with(50_000, 50_000), TARGETS) == []
    assert shifts(seen_with(41_000, 59_000), TARGETS) == []


def test_bridged_stock_goes_home_when_home_is_short() -> None:
    shift = only(shifts(seen_with(30_000, 50_000, 5_000), TARGETS))
    assert (shift.source, shift.destination, shift.route) == (BRIDGED, HOME, "warp")
    assert shift.amount == units("usdc", 5_000)


def test_what_is_over_elsewhere_is_first_exchanged_onto_the_bridge() -> None:
    shift = only(shifts(seen_with(30_000, 65_000), TARGETS))
    assert (shift.source, shift.destination, shift.route) == (CHILD_USDC, BRIDGED, "")
    assert shift.swap is not None
    assert shift.swap.amounts[0] == shift.amount == units("usdc", 15_000)
    assert 0 < shift.least <= shift.swap.amounts[-1]


def test_a_chain_helps_itself_through_its_own_pools() -> None:
    usdt = (CHILD, address(CHILD, "usdt"))
    seen = seen_with(50_000, 70_000, markets=(concentrated(1, "usdc", "usdt", liquidity=10**15),))
    shift = only(shifts(seen, {**TARGETS, usdt: units("usdt", 10_000)}))
    assert (shift.source, shift.destination) == (CHILD_USDC, usdt)


def test_promised_and_awaited_stock_stays() -> None:
    assert shifts(seen_with(30_000, 65_000, reserved=15_000), TARGETS) == []
    assert shifts(seen_with(30_000, 65_000), TARGETS, needed={CHILD_USDC}) == []
    assert shifts(seen_with(30_000, 50_000, 5_000), TARGETS, needed={BRIDGED}) == []


def test_what_is_under_way_is_not_sent_for_again() -> None:
    coming: dict[Place, int] = {HOME: units("usdc", 15_000)}
    assert shifts(seen_with(30_000, 50_000, 5_000), TARGETS, coming=coming) == []


def test_no_move_is_larger_smaller_or_dearer_than_the_rules_allow() -> None:
    seen = seen_with(10_000, 50_000, 40_000)
    assert only(shifts(seen, TARGETS, rules=RebalanceRules(largest_usd_e8=7_000 * USD))).amount == units(
        "usdc", 7_000
    )
    assert shifts(seen_with(30_000, 50_000, 400), TARGETS) == []
    gas = replace(seen.chains[PARENT], gas_price_wei=10**13)
    assert shifts(replace(seen, chains={**seen.chains, PARENT: gas}), TARGETS) == []
    dear = seen_with(50_000, 70_000, markets=(pair(1, "usdc", "usdt", 10**7, fee_pips=10_000),))
    usdt = (CHILD, address(CHILD, "usdt"))
    assert shifts(dear, {**TARGETS, usdt: units("usdt", 10_000)}) == []


def test_what_has_no_target_is_not_sold() -> None:
    weth = address(CHILD, "weth")
    seen = seen_with(50_000, 10_000, markets=(concentrated(1, "usdc", "weth", liquidity=10**20),))
    rich = replace(seen.chains[CHILD], stocks={**seen.chains[CHILD].stocks, weth: Stock(units("weth", 100))})
    assert shifts(replace(seen, chains={**seen.chains, CHILD: rich}), TARGETS) == []


def test_a_paused_or_unknown_chain_neither_gives_nor_gets() -> None:
    seen = seen_with(30_000, 50_000, 5_000)
    paused = replace(seen.chains[PARENT], paused_reason="stale")
    assert shifts(replace(seen, chains={**seen.chains, PARENT: paused}), TARGETS) == []
    assert shifts(seen, {(99, "0x01"): 10**12}) == []
