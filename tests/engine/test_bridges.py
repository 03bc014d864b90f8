"""Stock brought over a real warp route for a fill: delivered, late, gone, and ours in the end."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import OWNER, address
from intents.devnet.deployment import Deployment
from intents.devnet.funding import fund_wallets
from intents.engine import bridging, ledger, moves
from intents.engine.actions import bridge
from intents.engine.audit import ledger_check
from intents.engine.signatures import Collected
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, Event, LedgerEntry, Order, Reservation, Stock, StockMove
from intents.solver.gas import GasRules
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

STATES = StockMove.State


def account(driver: Driver, slug: str) -> str:
    return driver.network.manifest(slug).address("solver_account")


def bridged(driver: Driver, alice: LocalAccount, **wanted: str) -> Order:
    """A transfer that no stock and no pool of Cedar alone can serve."""
    return driver.transfer(alice, **{"get": "cedar:WBTC", "amount": "200", **wanted})


@pytest.mark.parametrize("exact", ["input", "output"])
def test_stock_is_bridged_swapped_and_paid_out_in_one_transfer(
    driver: Driver, alice: LocalAccount, exact: str
) -> None:
    before = driver.network.balance("cedar", "WBTC", alice.address)
    summit = driver.network.balance("summit", "USDC", account(driver, "summit"))
    order = bridged(driver, alice, amount="200" if exact == "input" else "0.002", exact=exact)
    kinds = list(order.steps.values_list("kind", flat=True))
    assert kinds == ["open", "bridge", "fill", "prove", "finalise"]
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
        move = StockMove.objects.get(order=order)
        driver.work_until(lambda: StockMove.objects.get(order=order).state == STATES.DONE)
    received = driver.network.balance("cedar", "WBTC", alice.address) - before
    assert order.output_amount <= received == order.delivered_amount <= order.output_expected
    left = summit - driver.network.balance("summit", "USDC", account(driver, "summit"))
    assert left == move.amount > 0
    step = order.steps.get(kind=StepKind.BRIDGE)
    assert step.state == StepState.FINAL
    purposes = sorted(a.purpose.partition(":")[0] for a in Attempt.objects.filter(step=step))
    assert purposes == ["arrive", "bridge"]
    arrived = Attempt.objects.get(step=step, purpose__startswith="arrive").gas_used
    assert arrived is not None
    assert GasRules().arrive * 97 // 100 <= arrived <= GasRules().arrive
    assert {"stock_sent_for", "stock_arrived", "delivered"} <= set(driver.kinds(order))
    told = {event.kind: event.data["chain_id"] for event in Event.objects.filter(order=order)}
    assert (told["stock_sent_for"], told["stock_arrived"]) == (900, 903)
    assert set(ledger.sums().values()) <= {0}
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    assert ledger_check() == []


def test_nothing_leaves_before_the_deposit_has_its_depth(driver: Driver, alice: LocalAccount) -> None:
    order = bridged(driver, alice, amount="5000")
    need = Order.objects.get(pk=order.pk).required_depth
    assert need > 1
    driver.drive(order, OrderState.OPENED)
    driver.work_until(lambda: order.steps.get(kind=StepKind.FILL).waiting.get("code") == "depth")
    assert not StockMove.objects.exists()
    driver.network.mine("alder", need)
    driver.work_until(lambda: StockMove.objects.filter(state=STATES.IN_TRANSIT).exists())


def past_deadline(driver: Driver, order: Order) -> None:
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(max(order.fill_deadline - now + 2, 1))


def in_transit(driver: Driver, order: Order) -> StockMove:
    driver.work_until(lambda: StockMove.objects.filter(order=order, state=STATES.IN_TRANSIT).exists())
    return StockMove.objects.get(order=order)


def give_stock(driver: Driver, slug: str, symbol: str, amount: int) -> None:
    """The owner tops up a stock, and the books know it."""
    holder = account(driver, slug)
    wei = int(driver.network.rpc(slug).request("eth_getBalance", holder, "latest"), 16)
    fund_wallets(driver.network.manifest(slug), [holder], amounts={symbol: amount}, wei=wei)
    token = driver.network.token(slug, symbol)
    chain_id = driver.network.manifest(slug).chain_id
    held = LedgerEntry.Account
    ledger.book(
        None, chain_id=chain_id, token=token, debit=held.MARKET, credit=held.INVENTORY, amount=amount,
        memo="owner:deposit",
    )  # fmt: skip
    rows = Stock.objects.filter(chain_id=chain_id, token=token, balance__gte=amount)
    driver.wait_for(rows.exists)


def test_stock_that_is_gone_before_it_left_means_the_money_returns(
    driver: Driver, alice: LocalAccount
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order = bridged(driver, alice)
    strangers.leave_in_stock(driver.network, "summit", "USDC", 1)
    driver.drive(order, OrderState.FILLING)
    fill = order.steps.filter(kind=StepKind.FILL, waiting__code__in=["bridge_not_now", "no_stock"])
    driver.work_until(fill.exists)
    past_deadline(driver, order)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert order.steps.get(kind=StepKind.BRIDGE).state == StepState.SKIPPED
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    assert set(ledger.sums().values()) <= {0}


def test_stock_that_is_gone_is_replaced_by_what_has_come_to_the_destination(
    driver: Driver, alice: LocalAccount
) -> None:
    order = bridged(driver, alice)
    strangers.leave_in_stock(driver.network, "summit", "USDC", 1)
    give_stock(driver, "cedar", "WBTC", 10**8)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert order.delivered_amount == order.output_amount
    assert order.steps.get(kind=StepKind.BRIDGE).state == StepState.SKIPPED
    assert not StockMove.objects.filter(order=order).exclude(state=STATES.GIVEN_UP).exists()


def test_a_late_bridge_is_overtaken_by_other_stock_and_arrives_as_ours(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bridged(driver, alice)
    with monkeypatch.context() as late:
        late.setattr(bridging, "collect", lambda *_, **__: Collected(None))
        move = in_transit(driver, order)
        give_stock(driver, "cedar", "WBTC", 10**8)
        late.setattr(bridge, "LATE_FACTOR", 0)
        with driver.network.ticking():
            order = driver.drive(order, OrderState.SETTLED)
        assert order.delivered_amount == order.output_amount
        assert ledger.balances()[900, move.source_token, "transit"] == move.amount
        assert ledger_check() == []
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.DONE)
    stock = Stock.objects.get(chain_id=903, token=move.destination_token)
    assert (stock.balance, stock.reserved) == (move.amount, 0)
    assert order.steps.get(kind=StepKind.BRIDGE).state == StepState.FINAL
    assert (900, move.source_token, "transit") not in ledger.balances()
    assert ledger_check() == []


def test_a_bridge_that_is_too_late_for_its_order_returns_the_money_and_keeps_the_stock(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order = bridged(driver, alice)
    with monkeypatch.context() as late:
        late.setattr(bridging, "collect", lambda *_, **__: Collected(None))
        move = in_transit(driver, order)
        past_deadline(driver, order)
        with driver.network.ticking():
            order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.DONE)
    assert driver.network.balance("cedar", "hypUSDC", account(driver, "cedar")) == move.amount
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    assert ledger_check() == []
    # What has arrived serves the next one at once.
    assert [step["kind"] for step in driver.quote(alice, get="cedar:WBTC", amount="40").plan][1] == "fill"


@pytest.mark.parametrize("is_far", [False, True])
def test_a_pool_that_moved_meanwhile_is_used_within_the_signed_limits_or_not_at_all(
    driver: Driver, alice: LocalAccount, is_far: bool
) -> None:
    before = driver.network.balance("alder", "USDC", alice.address)
    order = bridged(driver, alice)
    in_transit(driver, order)
    move_pool(driver, by_bps=500 if is_far else 10)
    with driver.network.ticking():
        if not is_far:
            order = driver.drive(order, OrderState.SETTLED)
            assert order.output_amount <= order.delivered_amount < order.output_expected
            return
        driver.work_until(
            lambda: order.steps.get(kind=StepKind.FILL).waiting.get("code") == "price_moved", seconds=20
        )
    past_deadline(driver, order)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert ledger_check() == []


def move_pool(driver: Driver, *, by_bps: int) -> None:
    """Somebody buys WBTC from Cedar's pool until it is about so much dearer."""
    manifest, rpc = driver.network.manifest("cedar"), driver.network.rpc("cedar")
    token, wbtc = driver.network.token("cedar", "hypUSDC"), driver.network.token("cedar", "WBTC")
    router = manifest.address("uniswap_v2_router")
    pool = next(v for v in manifest.venues if {v.token0, v.token1} == {token, wbtc})
    amount = driver.network.balance("cedar", "hypUSDC", pool.address) * by_bps // 20_000
    deployment = Deployment(rpc)
    deployment.send(token, "approve(address,uint256)", router, amount)
    deployment.send(
        router, "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", amount, 0,
        [token, wbtc], address(OWNER), 2**40,
    )  # fmt: skip
    deployment.flush()


def test_a_reorganised_departure_leaves_again_by_the_same_bytes(driver: Driver, alice: LocalAccount) -> None:
    order = bridged(driver, alice)
    move = in_transit(driver, order)
    block = Attempt.objects.get(purpose=f"bridge:{move.pk}").block_number
    assert block is not None
    strangers.reorg(driver.network, "summit", block)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert Attempt.objects.filter(purpose=f"bridge:{move.pk}").count() == 1
    assert ledger_check() == []


def test_a_worker_that_dies_after_sending_sends_nothing_twice(
    driver: Driver, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bridged(driver, alice)
    with monkeypatch.context() as dying:
        real = moves._send

        def die(move: StockMove, purpose: str, *rest: object) -> None:
            real(move, purpose, *rest)
            raise RuntimeError("killed")

        dying.setattr(moves, "_send", die)
        driver.work_until(lambda: Attempt.objects.filter(purpose__startswith="bridge:").exists())
        driver.work_until(lambda: Order.objects.get(pk=order.pk).failures > 0)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert Attempt.objects.filter(step__kind=StepKind.BRIDGE).count() == 2
    assert ledger_check() == []
