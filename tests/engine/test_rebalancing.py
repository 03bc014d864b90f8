"""Stock goes home on real chains: over the warp route and through a pool, booked, and not under an order."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.devnet.funding import fund_wallets
from intents.devnet.profiles import ALL
from intents.engine import ledger, moves, rebalancing
from intents.engine.audit import ledger_check
from intents.engine.moves import sweep_moves
from intents.engine.rebalancing import coming, needed, rebalance
from intents.engine.rebuild import rebuild
from intents.engine.world import load_world
from intents.lifecycle import OrderState
from intents.models import Attempt, LedgerEntry, Reservation, Stock, StockMove
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_rebuild import lose_everything

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

STATES = StockMove.State
USDC = 10**6


@pytest.fixture(autouse=True)
def switched_on(settings: Any, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebalancing, to what each chain held at first."""
    settings.REBALANCE_ENABLED = True
    at_first = {
        (profile.chain_id, driver.network.token(profile.slug, symbol)): amount * profile.token(symbol).unit
        for profile in ALL
        if profile.slug in driver.network.manifests
        for symbol, amount in profile.inventory.items()
    }
    monkeypatch.setattr(rebalancing, "targets", lambda: at_first)
    driver.wait_for(lambda: knows_every_pool(driver))


def knows_every_pool(driver: Driver) -> bool:
    """The ticks of a pool take some blocks to read."""
    chains = load_world().chains
    if all(len(chains[m.chain_id].markets) == len(m.venues) for m in driver.network.manifests.values()):
        return True
    driver.network.mine_all()
    return False


def held(driver: Driver, slug: str, symbol: str) -> int:
    return driver.network.balance(slug, symbol, driver.network.manifest(slug).address("solver_account"))


def set_stock(driver: Driver, slug: str, symbol: str, amount: int) -> None:
    """The owner brings a stock to `amount`, and the books know it."""
    network, manifest = driver.network, driver.network.manifest(slug)
    holder, token, before = (
        manifest.address("solver_account"),
        network.token(slug, symbol),
        held(driver, slug, symbol),
    )
    if amount < before:
        strangers.leave_in_stock(network, slug, symbol, amount)
    else:
        wei = int(network.rpc(slug).request("eth_getBalance", holder, "latest"), 16)
        fund_wallets(manifest, [holder], amounts={symbol: amount - before}, wei=wei)
    market, inventory = LedgerEntry.Account.MARKET, LedgerEntry.Account.INVENTORY
    ledger.book(
        None, chain_id=manifest.chain_id, token=token, amount=abs(amount - before), memo="owner",
        debit=market if amount > before else inventory, credit=inventory if amount > before else market,
    )  # fmt: skip
    rows = Stock.objects.filter(chain_id=manifest.chain_id, token=token, holder=holder, balance=amount)
    driver.wait_for(rows.exists)


def carried(driver: Driver, *, seconds: float = 30) -> StockMove:
    """The one move that is under way, at its end."""
    [move] = StockMove.objects.exclude(state__in=(STATES.DONE, STATES.GIVEN_UP))
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.DONE, seconds=seconds)
    return StockMove.objects.get(pk=move.pk)


def test_stock_goes_from_a_rollup_through_a_pool_and_over_the_bridge_home(driver: Driver) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    assert rebalance() == 1
    swapped = carried(driver)
    assert (swapped.kind, swapped.amount) == (StockMove.Kind.SWAP, 15_000 * USDC)
    assert held(driver, "alder", "USDC") == 50_000 * USDC
    assert held(driver, "alder", "hypUSDC") == swapped.arrived_amount >= int(swapped.details["least"])
    assert ledger_check() == []
    assert rebalance() == 1
    bridged = carried(driver)
    assert (bridged.kind, bridged.amount) == (StockMove.Kind.BRIDGE, swapped.arrived_amount)
    assert held(driver, "summit", "USDC") == 30_000 * USDC + bridged.amount
    assert held(driver, "alder", "hypUSDC") == 0
    assert ledger_check() == []
    assert set(ledger.sums().values()) <= {0}
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    gas = LedgerEntry.objects.filter(order=None, memo__startswith="gas:")
    assert gas.count() == Attempt.objects.filter(step=None).count() == 3
    assert rebalance() == 0


def test_two_sweeps_plan_one_move_and_hold_its_stock(driver: Driver) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    assert (rebalance(), rebalance()) == (1, 0)
    stock = Stock.objects.get(chain_id=901, token=driver.network.token("alder", "USDC"))
    assert stock.reserved == 15_000 * USDC
    assert list(coming().values()) == [int(StockMove.objects.get().details["least"])]


def test_stock_that_an_order_waits_for_is_left_alone(driver: Driver, bob: LocalAccount) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    order = driver.transfer(bob, give="birch:USDC", get="alder:USDC", amount="50")
    assert (901, driver.network.token("alder", "USDC")) in needed()
    assert rebalance() == 0
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert rebalance() == 1


def test_nothing_is_planned_while_it_is_switched_off(driver: Driver, settings: Any) -> None:
    settings.REBALANCE_ENABLED = False
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    assert rebalance() == 0


def test_a_move_that_the_pool_refuses_is_given_up_and_its_stock_is_free(driver: Driver) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    rebalance()
    move = StockMove.objects.get()
    StockMove.objects.filter(pk=move.pk).update(details={**move.details, "least": str(move.amount * 2)})
    sweep_moves()
    move.refresh_from_db()
    assert (move.state, move.wake_at) == (STATES.GIVEN_UP, 0)
    assert Stock.objects.get(chain_id=901, token=move.source_token).reserved == 0
    assert ledger_check() == []


def test_a_reorganised_exchange_is_booked_once(driver: Driver) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    rebalance()
    move = StockMove.objects.get()
    driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.ARRIVED)
    block = Attempt.objects.get(purpose=f"trade:{move.pk}").block_number
    assert block is not None
    strangers.reorg(driver.network, "alder", block)
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.DONE)
    assert Attempt.objects.filter(purpose=f"trade:{move.pk}").count() == 1
    assert held(driver, "alder", "USDC") == 50_000 * USDC
    assert ledger_check() == []


def test_a_broken_move_does_not_stop_the_others(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    rebalance()

    def broken(move: StockMove) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as buggy:
        buggy.setattr(moves, "_work", broken)
        assert sweep_moves() == 1
    move = StockMove.objects.get()
    assert move.state == STATES.PLANNED
    assert move.wake_at > 0
    assert carried(driver).state == STATES.DONE


def test_stock_on_its_way_is_carried_on_after_the_database_was_lost(driver: Driver) -> None:
    set_stock(driver, "summit", "USDC", 30_000 * USDC)
    set_stock(driver, "alder", "USDC", 65_000 * USDC)
    rebalance()
    amount = carried(driver).arrived_amount
    rebalance()
    sent = StockMove.objects.latest("pk")
    driver.work_until(lambda: StockMove.objects.get(pk=sent.pk).state == STATES.IN_TRANSIT)
    driver.close()
    StockMove.objects.all().delete()
    lose_everything()
    rebuild()
    assert [(move.state, move.amount) for move in StockMove.objects.all()] == [(STATES.IN_TRANSIT, amount)]
    restarted = Driver(driver.network)
    try:
        with driver.network.ticking():
            restarted.start()
        carried(restarted)
    finally:
        restarted.close()
    assert held(driver, "summit", "USDC") == 30_000 * USDC + (amount or 0)
    assert ledger_check() == []
    departures = Attempt.objects.filter(purpose__startswith="bridge:")
    assert departures.count() == 1, "it does not leave twice"
