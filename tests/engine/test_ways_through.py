"""Two more ways through the network, for real: a swap over two pools side by side, and a slow origin."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import ledger
from intents.engine.world import load_world
from intents.lifecycle import OrderState, StepKind
from intents.models import LedgerEntry
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def knows_every_pool(driver: Driver, slug: str) -> bool:
    manifest = driver.network.manifest(slug)
    driver.network.mine(slug)
    return len(load_world().chains[manifest.chain_id].markets) == len(manifest.venues)


def test_a_large_swap_goes_over_two_pools_at_once(
    driver: Driver, alice: LocalAccount, bob: LocalAccount
) -> None:
    driver.wait_for(lambda: knows_every_pool(driver, "alder"))
    before = driver.network.balance("alder", "WETH", bob.address)
    account = driver.network.manifest("alder").address("solver_account")
    stock = driver.network.balance("alder", "USDC", account)
    quote = driver.quote(alice, give="birch:USDC", get="alder:WETH", amount="12000", recipient=bob.address)
    swap = next(step for step in quote.plan if step["kind"] == StepKind.FILL)["details"]["swap"]
    parts = [int(swap["amounts"][0]), int(swap["beside"]["amounts"][0])]
    assert all(parts)
    assert int(swap["amounts"][-1]) + int(swap["beside"]["amounts"][-1]) == quote.output_expected
    with driver.network.ticking():
        order = driver.drive(driver.submit(quote, alice), OrderState.SETTLED)
    # Nobody traded meanwhile: the pools paid what was predicted, to the wei.
    received = driver.network.balance("alder", "WETH", bob.address) - before
    assert received == order.delivered_amount == quote.output_expected
    assert stock - driver.network.balance("alder", "USDC", account) == sum(parts)
    assert LedgerEntry.objects.get(order=order, memo="fill:swap", debit="inventory").amount == sum(parts)
    assert set(ledger.sums().values()) <= {0}


def test_from_summit_a_deposit_waits_for_the_blocks_of_its_tier_and_the_quote_says_how_long(
    driver: Driver, alice: LocalAccount
) -> None:
    summit = driver.network.manifest("summit")
    driver.network.fund("summit", [alice.address], {"USDC": 20_000 * 10**6})
    small = driver.quote(alice, give="summit:USDC", get="birch:USDC", amount="500")
    large = driver.quote(alice, give="summit:USDC", get="birch:USDC", amount="9000")
    need = summit.depth_for(9_000 * 10**8)
    assert 1 < need <= summit.depth
    assert small.eta_seconds is not None
    assert large.eta_seconds is not None
    assert large.eta_seconds - small.eta_seconds == (need - 1) * summit.block_seconds
    order = driver.drive(driver.submit(large, alice), OrderState.OPENED)
    fill = order.steps.filter(kind=StepKind.FILL)
    driver.work_until(lambda: fill.get().waiting.get("code") == "depth")
    driver.network.mine("summit", need - 2)
    driver.work_until(lambda: fill.get().waiting.get("params") == {"have": need - 1, "need": need})
    assert order.delivered_at is None
    driver.network.mine("summit", 1)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
