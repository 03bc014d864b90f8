"""Before gas is paid the price is asked again: what no longer pays waits, takes another way, or goes home."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.devnet.market import post_prices, read_prices
from intents.engine import case as case_module
from intents.engine import lease
from intents.engine.actions import fill as fill_action
from intents.engine.supply import change_supply, settle_supply
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, ChainHead, Order, Reservation
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_an_order_of_ours_that_lost_its_price_waits_and_is_filled_when_it_is_back(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    order = _opened(driver, alice, settings, give="alder:WETH", get="birch:USDC", amount="1")
    _move(driver, "weth", 9_900)
    _look(driver, order)
    driver.work_until(lambda: _waiting(order).get("code") == "not_profitable")
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    _move(driver, "weth", 10_101)
    _look(driver, order)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)


def test_an_order_of_ours_may_lose_a_little(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    order = _opened(driver, alice, settings, give="alder:WETH", get="birch:USDC", amount="1")
    _move(driver, "weth", 9_970)
    _look(driver, order)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)


def test_a_strangers_order_may_lose_nothing_between_its_first_look_and_its_fill(
    driver: Driver, alice: LocalAccount
) -> None:
    quote = driver.quote(alice, give="alder:WETH", get="birch:USDC", amount="1", browser="")
    origin = registry.chain(901)
    call = calls.open_for(
        order_from_json(quote.order),
        origin=origin,
        way=quote.confirm_way,
        signature=bytes.fromhex(driver.sign(quote, alice)[2:]),
        token=origin.token(quote.input_token),
    )
    strangers.send(driver.network, "alder", call)
    order = driver.wait_for(lambda: Order.objects.filter(order_id=quote.order_id).first())
    driver.work_until(lambda: _waiting(order).get("code") == "depth")
    assert Reservation.objects.filter(order=order, state=Reservation.State.HELD, is_opened=True).exists()
    _move(driver, "weth", 9_970)
    driver.network.mine("alder", 12)
    driver.work_until(lambda: _waiting(order).get("code") == "not_profitable")
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()


def test_who_is_listed_after_the_deposit_is_not_paid(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    order = _opened(driver, alice, settings)
    settings.BLOCKED_ADDRESSES = [alice.address.lower()]
    _look(driver, order)
    driver.work_until(lambda: _waiting(order).get("code") == "blocked_address")
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()


def test_what_never_pays_again_goes_home(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    before = driver.network.balance("alder", "WETH", alice.address)
    order = _opened(driver, alice, settings, give="alder:WETH", get="birch:USDC", amount="1")
    _move(driver, "weth", 9_900)
    _look(driver, order)
    driver.work_until(lambda: _waiting(order).get("code") == "not_profitable")
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "WETH", alice.address) == before


def test_another_supply_that_pays_takes_the_place_of_the_planned_one(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    account = driver.network.manifest("birch").address("solver_account")
    stocked = driver.network.balance("birch", "USDC", account)
    for token in driver.network.manifest("birch").tokens:
        if driver.network.balance("birch", token.symbol, account):
            strangers.leave_in_stock(driver.network, "birch", token.symbol, 0)
    driver.network.fund("birch", [account], {"WETH": 10 * 10**18})
    _seen(driver, "birch")
    order = _opened(driver, alice, settings, give="alder:USDC", get="birch:USDC", amount="1000")
    fill = order.steps.get(kind="fill")
    assert fill.details["stock_token"] == driver.network.token("birch", "WETH"), "planned from WETH"
    _move(driver, "weth", 10_150)
    driver.network.fund("birch", [account], {"USDC": stocked})
    _seen(driver, "birch")
    _look(driver, order)
    order = driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    fill.refresh_from_db()
    assert fill.details["swap"] is None
    assert fill.details["stock_token"] == driver.network.token("birch", "USDC")
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    assert driver.network.balance("birch", "USDC", account) == stocked - order.output_amount


def test_plan_and_stock_change_together(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    """A stranger's order, or one adopted by its quote, may hold one token while its plan takes another."""
    account = driver.network.manifest("birch").address("solver_account")
    driver.network.fund("birch", [account], {"WETH": 10 * 10**18})
    _seen(driver, "birch")
    order = _opened(driver, alice, settings, give="alder:USDC", get="birch:USDC")
    held = lease.take(order.order_id)
    assert held is not None
    case = case_module.load(held)
    step = case.step(StepKind.FILL)
    assert step is not None
    weth = driver.network.token("birch", "WETH")
    change_supply(case, step, {"stock_token": weth, "stock_amount": "5"})
    claims = _held(order)
    assert claims[weth] == 5
    assert driver.network.token("birch", "USDC") not in claims
    too_much = {"stock_token": driver.network.token("birch", "USDC"), "stock_amount": str(10**30)}
    with pytest.raises(fill_action.StockShort):
        change_supply(case, step, too_much)
    assert _held(order) == claims
    assert step.details["stock_token"] == order.steps.get(kind="fill").details["stock_token"] == weth


def test_an_order_that_a_stranger_opened_first_holds_what_its_fill_will_take(
    driver: Driver, alice: LocalAccount
) -> None:
    quote = driver.quote(alice)
    signature = driver.sign(quote, alice)
    origin = registry.chain(901)
    terms = order_from_json(quote.order)
    token = origin.token(quote.input_token)
    call = calls.open_for(
        terms, origin=origin, way=quote.confirm_way, signature=bytes.fromhex(signature[2:]), token=token
    )
    strangers.send(driver.network, "alder", call)
    driver.wait_for(lambda: Order.objects.filter(order_id=quote.order_id).exists())
    order = driver.submit(quote, alice)
    assert order.state == OrderState.SIGNED
    assert _held(order) == {}, "it has left the wallet, and how it is filled is not known yet"
    order = driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    fill = order.steps.get(kind="fill")
    [spent] = Reservation.objects.filter(order=order, state=Reservation.State.SPENT)
    assert spent.is_opened
    assert (spent.stock.token, str(spent.amount)) == (
        fill.details["stock_token"],
        fill.details["stock_amount"],
    )


def test_the_last_look_asks_no_chain_and_little_of_the_database(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = _opened(driver, alice, settings, give="alder:USDC", get="birch:USDC")
    held = lease.take(order.order_id)
    assert held is not None
    case = case_module.load(held)
    step = case.step(StepKind.FILL)
    assert step is not None
    assert settle_supply(case, step) is None
    monkeypatch.setattr("intents.chains.client.ChainClient.batch", _unasked)
    monkeypatch.setattr("intents.chains.client.ChainClient.call", _unasked)
    with CaptureQueriesContext(connection) as queries:
        assert settle_supply(case, step) is None
    assert len(queries) <= 4


def _unasked(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("a chain was asked")


def _opened(driver: Driver, wallet: LocalAccount, settings: Any, **wanted: Any) -> Order:
    settings.FILL_ENABLED = False
    order = driver.drive(driver.transfer(wallet, **wanted), OrderState.OPENED)
    driver.work_until(lambda: _waiting(order).get("code") == "fill_switched_off")
    settings.FILL_ENABLED = True
    return order


def _look(driver: Driver, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(wake_at=1)


def _waiting(order: Order) -> dict[str, Any]:
    return dict(order.steps.get(kind="fill").waiting)


def _held(order: Order) -> dict[str, int]:
    rows = Reservation.objects.filter(order=order, state=Reservation.State.HELD)
    return {row.stock.token: row.amount for row in rows.select_related("stock")}


def _move(driver: Driver, name: str, bps: int) -> None:
    """Post a price `bps` ten-thousandths of the present one on every chain, and have it seen."""
    for manifest in driver.network.manifests.values():
        rpc = driver.network.rpc(manifest.slug)
        prices = read_prices(manifest, rpc)
        post_prices(
            manifest, rpc, {key: price * bps // 10_000 for key, price in prices.items() if key == name}
        )
    for manifest in driver.network.manifests.values():
        _seen(driver, manifest.slug)


def _seen(driver: Driver, slug: str) -> None:
    """The follower has written the newest block and what is read with it."""
    chain_id = driver.network.manifest(slug).chain_id
    # Stocks are written after their block and before the next one.
    for _ in range(2):
        driver.network.mine(slug)
        number = int(driver.network.rpc(slug).request("eth_blockNumber"), 16)
        driver.wait_for(lambda least=number: ChainHead.objects.get(chain_id=chain_id).number >= least)
