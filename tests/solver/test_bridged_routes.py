"""Stock from another chain: only when nothing nearer will do, in time, at its cost, and never a wrong token."""

from dataclasses import replace
from typing import Any

from intents.lifecycle import StepKind
from intents.solver.plan import route_to_json, steps_of
from intents.solver.pricing import PricingRules
from intents.solver.router import Refusal, Route, Wanted, find_routes
from intents.solver.world import Bridge, Stock, Token, World, world_from_json, world_to_json

from .worlds import DESTINATION, ORIGIN, USD, address, chain, pair, prices, stock, units, world

PARENT = 33
HYP = "0x0016ffff"
ROUTE = "usdc-warp"


def hyp_pool(usd: float = 2_000_000) -> Any:
    pool = pair(4, "usdc", "wbtc", usd)
    return replace(pool, **{
        name: HYP for name in ("token0", "token1") if getattr(pool, name) == address(DESTINATION, "usdc")
    })  # fmt: skip


def bridged_world(*, held: float = 50_000, **changes: Any) -> World:
    """The parent holds the collateral, the destination has a pool of what comes over the bridge."""
    token = Token(HYP, "hypUSDC", 6, ROUTE)
    parent = chain(
        PARENT, bridges=(Bridge(ROUTE, address(PARENT, "usdc")),), block_seconds=4.0, final_blocks=8,
        stocks={address(PARENT, "usdc"): Stock(units("usdc", held))},
    )  # fmt: skip
    destination = chain(
        DESTINATION, markets=(hyp_pool(),), bridged={HYP: token}, bridges=(Bridge(ROUTE, HYP),),
        **{"stocks": {}, **changes},
    )  # fmt: skip
    seen = world(prices={**prices(), ROUTE: prices()["usdc"]})
    origin = replace(seen.chains[ORIGIN], fill_seconds=123)
    return replace(seen, chains={ORIGIN: origin, DESTINATION: destination, PARENT: parent})


def asked(usd: float = 500, *, token: str = "wbtc") -> Wanted:
    return Wanted(
        ORIGIN, DESTINATION, address(ORIGIN, "usdc"), address(DESTINATION, token), units("usdc", usd)
    )


def chosen(seen: World, wanted: Wanted | None = None) -> Route:
    route = find_routes(wanted or asked(), seen).chosen
    assert route is not None
    return route


def refusal(seen: World, wanted: Wanted | None = None) -> Refusal:
    answer = find_routes(wanted or asked(), seen)
    assert answer.chosen is None
    assert answer.refusal is not None
    return answer.refusal


def test_what_no_stock_here_can_pay_is_brought_from_another_chain() -> None:
    route = chosen(bridged_world())
    assert route.kind == "bridge_swap_fill"
    assert route.carriage is not None
    assert (route.carriage.chain_id, route.carriage.token) == (PARENT, address(PARENT, "usdc"))
    assert route.carriage.amount == route.stock_amount == (route.swap.amounts[0] if route.swap else 0)
    assert route.stock_token == HYP
    # One block at the origin, eight of the parent, one to arrive, one to fill, and the signatures.
    assert route.eta_seconds == 1 + 32 + 1 + 1 + 1 + 1 + 2


def test_the_plan_brings_the_stock_between_the_deposit_and_the_fill() -> None:
    route = chosen(bridged_world())
    steps = steps_of(route, asked())
    assert [step["kind"] for step in steps] == [
        StepKind.OPEN, StepKind.BRIDGE, StepKind.FILL, StepKind.PROVE, StepKind.FINALISE,
    ]  # fmt: skip
    assert [step["chain_id"] for step in steps] == [ORIGIN, PARENT, DESTINATION, DESTINATION, ORIGIN]
    assert [step["depends_on"] for step in steps] == [[], [0], [1], [2], [3]]
    assert steps[1]["details"]["to_chain_id"] == DESTINATION
    assert steps[2]["details"]["bridge"]["amount"] == str(route.stock_amount)
    assert route_to_json(route, asked())["bridge"]["chain_id"] == PARENT


def test_stock_on_the_destination_comes_first() -> None:
    assert chosen(bridged_world(stocks=stock(wbtc=1))).kind == "in_stock"
    here = chosen(bridged_world(stocks={HYP: Stock(units("usdc", 50_000))}))
    assert (here.kind, here.stock_token, here.carriage) == ("swap_fill", HYP, None)


def test_its_gas_is_in_the_price() -> None:
    cheap = bridged_world()
    dear_parent = replace(cheap.chains[PARENT], gas_price_wei=cheap.chains[PARENT].gas_price_wei * 20)
    dear = replace(cheap, chains={**cheap.chains, PARENT: dear_parent})
    assert chosen(dear).output_expected < chosen(cheap).output_expected
    assert chosen(dear).minimum_input > chosen(cheap).minimum_input


def test_a_bridge_that_would_come_too_late_is_not_offered() -> None:
    seen = bridged_world()
    hurried = replace(seen.chains[ORIGIN], fill_seconds=60)
    told = refusal(replace(seen, chains={**seen.chains, ORIGIN: hurried}))
    assert told.code == "bridge_too_slow"
    generous = PricingRules(bridge_time_bps=9_000)
    chains = {**seen.chains, ORIGIN: hurried}
    assert find_routes(asked(), replace(seen, chains=chains), generous).chosen is not None


def test_what_is_reserved_or_more_than_a_share_is_not_sent_for() -> None:
    assert refusal(bridged_world(held=100)).code == "amount_too_large"
    seen = bridged_world()
    promised = replace(
        seen.chains[PARENT],
        stocks={address(PARENT, "usdc"): Stock(units("usdc", 50_000), units("usdc", 50_000))},
    )
    assert refusal(replace(seen, chains={**seen.chains, PARENT: promised})).code == "no_stock"


def test_a_paused_chain_sends_nothing() -> None:
    seen = bridged_world()
    paused = replace(seen.chains[PARENT], paused_reason="stale")
    assert find_routes(asked(), replace(seen, chains={**seen.chains, PARENT: paused})).chosen is None


def test_a_bridged_token_is_never_given_nor_asked() -> None:
    seen = bridged_world()
    wanted = replace(asked(), output_token=HYP)
    assert refusal(seen, wanted).code == "token_not_supported"


def test_from_a_slow_parent_the_deposit_waits_for_its_tier_and_says_so() -> None:
    seen = bridged_world(stocks=stock(usdc=500_000))
    for usd, depth in ((900, 1), (9_000, 5), (50_000, 8)):
        wanted = Wanted(
            PARENT, DESTINATION, address(PARENT, "usdc"), address(DESTINATION, "usdc"), units("usdc", usd)
        )
        route = chosen(seen, wanted)
        assert (route.depth, route.value_usd_e8) == (depth, usd * USD)
        assert route.eta_seconds == depth * 4 + 1 + 1


def test_the_world_survives_its_json() -> None:
    seen = bridged_world()
    assert world_from_json(world_to_json(seen)) == seen
