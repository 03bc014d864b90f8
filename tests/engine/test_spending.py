"""Opens and fills are charged as they were of late for the token they move, and never far from what is usual."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from intents.engine import spending
from intents.lifecycle import StepState
from intents.models import Attempt, Step
from intents.solver.company import CompanyRules
from intents.solver.gas import OPEN_GAS, GasRules, open_kind
from intents.solver.pricing import PricingRules, Tariff, tariff
from intents.solver.world import world_from_json, world_to_json
from tests.engine.rows import TOKEN, order_row
from tests.solver import worlds
from tests.solver.worlds import DESTINATION, ORIGIN

pytestmark = pytest.mark.django_db

GAS, COUNTED = GasRules(), CompanyRules().counted_orders
SIGNED = open_kind("eip3009", TOKEN)
FIRST = spending.MOST_ABOVE


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ([], None),
        ([OPEN_GAS["eip3009"]] * COUNTED, OPEN_GAS["eip3009"]),
        ([OPEN_GAS["eip3009"] + FIRST] * COUNTED, OPEN_GAS["eip3009"] + FIRST),
        ([OPEN_GAS["eip3009"] - 32] * (COUNTED // 2), OPEN_GAS["eip3009"] - 16),
        ([900_000] * COUNTED, OPEN_GAS["eip3009"] + FIRST),
        # Oldest first: only the newest count.
        ([900_000] * COUNTED + [100_000] * COUNTED, 100_000),
    ],
    ids=["none", "usual", "into an empty escrow", "half known", "burnt by somebody", "newest"],
)
def test_opens_are_charged_as_the_newest_were(used: list[int], expected: int | None) -> None:
    for gas in used:
        sent("open", gas)
    assert spending._measured().opens.get((901, SIGNED)) == expected


def test_fills_out_of_stock_are_charged_less_where_they_are_less_and_never_more() -> None:
    for _ in range(COUNTED):
        sent("fill", 117_000)
        sent("fill", 400_000, route_kind="swap_fill")
        sent("fill", 400_000, state="reverted")
        sent("fill", GAS.fill + FIRST, output_token="0x" + "33" * 20)
    found = spending._measured()
    assert found.fills_on(902) == {TOKEN: 117_000, "0x" + "33" * 20: GAS.fill}
    assert found.opens_on(902) == {}


def test_a_price_takes_the_gas_of_its_way_and_tokens() -> None:
    usual = charged().network
    opens = {open_kind("eip3009", worlds.address(ORIGIN, "usdc")): OPEN_GAS["eip3009"] + 10_000}
    fills = {worlds.address(DESTINATION, "usdc"): GAS.fill - 10_000}
    dearer, cheaper = charged(opens=opens), charged(fills=fills)
    assert dearer.network > usual > cheaper.network
    assert charged(opens=opens, fills=fills).network == pytest.approx(usual, abs=1)
    assert charged(opens=opens, way="permit") == charged(way="permit"), "another way"
    assert charged(fills=fills, pools=1) == charged(pools=1), "a fill with a swap"
    assert charged(opens=opens, asset="weth") == charged(asset="weth"), "another token"


def charged(
    *, way: str = "eip3009", asset: str = "usdc", pools: int = 0, opens: Any = None, fills: Any = None
) -> Tariff:
    seen = worlds.world()
    chains = {
        ORIGIN: replace(seen.chains[ORIGIN], opens=opens or {}),
        DESTINATION: replace(seen.chains[DESTINATION], fills=fills or {}),
    }
    seen = world_from_json(world_to_json(replace(seen, chains=chains)))
    rules = PricingRules(way=way, gas=replace(GAS, open=OPEN_GAS[way]))
    priced = worlds.delivery(
        seen, token=worlds.token(ORIGIN, asset), pools=pools, output=worlds.address(DESTINATION, "usdc")
    )
    return tariff(seen, priced, rules)


def sent(purpose: str, gas_used: int, *, state: str = "confirmed", **changes: Any) -> None:
    order = order_row(**{"route_kind": "in_stock", **changes})
    chain_id = order.origin_id if purpose == "open" else order.destination_id
    step = Step.objects.create(
        order=order, index=0, kind=purpose, chain_id=chain_id, state=StepState.CONFIRMED
    )
    Attempt.objects.create(
        step=step, purpose=purpose, chain_id=chain_id, state=state, gas_used=gas_used, gas_price_wei=1,
        sender=TOKEN, target=TOKEN, nonce=0, tx_hash="0x" + secrets.token_hex(32), raw=b"", calldata="0x",
        gas_limit=1, max_fee_wei=1, priority_fee_wei=1,
    )  # fmt: skip
