"""Who wants us to pay and gets nothing for it: burners of gas, openers of dust, payers of half an order."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OUTSIDER, address
from intents.devnet.network import Network
from intents.engine import advance, departures, moves, strangers
from intents.engine.actions import recover, refund
from intents.engine.audit import ledger_check
from intents.engine.case import Case
from intents.engine.evidence import Evidence
from intents.errors import WaymeetError
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, Departure, LedgerEntry, Order, Quote, Step, StockMove
from intents.services import bounds
from intents.settlement import calls
from intents.settlement.order import (
    NATIVE_TOKEN,
    OUTPUT_ABI,
    address_to_bytes32,
    order_from_json,
    output_to_abi,
)
from tests.engine import strangers as outsiders
from tests.engine.driver import Driver
from tests.engine.rows import order_row
from tests.engine.test_foreign_scripts import made_up, opened, step_of

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

# Runtime code that counts down from 30,000: about 800,000 units of gas for whoever sends it a coin.
BURNER = "0x6175305b600190038060035700"


def fresh(network: Network, slug: str = "birch") -> str:
    account = str(Account.create().address)
    assert coins(network, account, slug) == 0
    return account


def coins(network: Network, owner: str, slug: str = "birch") -> int:
    return int(network.rpc(slug).request("eth_getBalance", owner, "latest"), 16)


def past(driver: Driver, moment: int) -> None:
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(max(moment - now + 2, 1))


def test_a_recipient_that_burns_gas_is_not_paid_at_any_price(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    recipient = fresh(driver.network)
    order = driver.drive(
        driver.transfer(alice, get="birch:ETH", amount="100", recipient=recipient), OrderState.OPENED
    )
    driver.network.rpc("birch").request("anvil_setCode", recipient, BURNER)
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work_until(lambda: step_of(order).waiting.get("code") == "too_much_gas")
    past(driver, order.fill_deadline)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()


def two_outputs(driver: Driver, alice: LocalAccount, recipient: str) -> Order:
    quote = driver.quote(alice, amount="25", exact="output", recipient=recipient, gas_on_arrival="auto")
    assert len(order_from_json(quote.order).outputs) == 2
    return driver.drive(driver.submit(quote, alice), OrderState.OPENED)


def pay_gas_as_outsider(network: Network, order: Order) -> None:
    """Fill the second output alone, with the outsider's own coins."""
    terms = order_from_json(order.terms)
    output = terms.outputs[1]
    filler = address_to_bytes32(address(OUTSIDER))
    arguments = [bytes.fromhex(order.order_id[2:]), output_to_abi(output), order.fill_deadline, filler]
    data = encode_call(f"fill(bytes32,{OUTPUT_ABI},uint48,bytes)", arguments)
    settler = network.manifest("birch").address("output_settler")
    outsiders.send(network, "birch", Call(settler, data, value_wei=output.amount))


def test_whoever_pays_only_the_gas_on_arrival_gives_a_present(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    """The person is not kept waiting for the deadline: we pay what is missing, and are paid for all of it."""
    settings.FILL_ENABLED = False
    recipient = fresh(driver.network)
    order = two_outputs(driver, alice, recipient)
    account = driver.network.manifest("birch").address("solver_account")
    held = coins(driver.network, account)
    pay_gas_as_outsider(driver.network, order)
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", recipient) == 25 * 10**6
    assert coins(driver.network, recipient) == int(order.terms["outputs"][1]["amount"])
    assert coins(driver.network, account) == held, "not ours"
    assert not LedgerEntry.objects.filter(order=order, memo="fill:arrival").exists()
    assert ledger_check() == []


def test_a_present_that_a_reorganised_chain_takes_back_is_paid_by_us(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    """Who pays the small output has us pay the large one; without the small one we would be paid nothing for it."""
    settings.FILL_ENABLED = False
    recipient = fresh(driver.network)
    order = two_outputs(driver, alice, recipient)
    pay_gas_as_outsider(driver.network, order)
    given = driver.wait_for(
        lambda: ChainLog.objects.filter(order_id=order.order_id, kind="OutputFilled").first()
    )
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    outsiders.reorg(driver.network, "birch", given.block_number)
    driver.work_until(lambda: "reorg" in driver.kinds(order))
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert coins(driver.network, recipient) == int(order.terms["outputs"][1]["amount"])
    assert driver.network.balance("birch", "USDC", recipient) == 25 * 10**6
    assert ledger_check() == []


def test_an_order_whose_first_output_is_anothers_is_let_be_until_its_deadline(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    recipient = fresh(driver.network)
    order = two_outputs(driver, alice, recipient)
    outsiders.fill_as_outsider(driver.network, "birch", order_from_json(order.terms), order.order_id)
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work_until(lambda: step_of(order).waiting.get("code") == "fill_deadline")
    assert Order.objects.get(pk=order.pk).wake_at > time.time() + 20, "it is not polled till then"
    past(driver, order.fill_deadline)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert coins(driver.network, recipient) == 0


def test_what_a_stranger_pays_in_our_name_does_not_have_us_pay_the_rest(
    driver: Driver, settings: Any
) -> None:
    """The input would be ours, and is worth a hundredth of what is left to pay."""
    settings.FILL_ENABLED = False
    usdc = driver.network.token("alder", "USDC")
    terms = made_up(driver, token=usdc, amount=2 * 10**6, wants=10**6)
    coin = replace(terms.outputs[0], token=address_to_bytes32(NATIVE_TOKEN), amount=10**17)
    terms = replace(terms, outputs=(terms.outputs[0], coin))
    order = opened(driver, terms)
    birch = driver.network.manifest("birch")
    held = coins(driver.network, birch.address("solver_account"))
    ours = calls.solver_id(birch)
    outsiders.fill_as_outsider(driver.network, "birch", terms, order.order_id, filler=ours)
    driver.wait_for(lambda: ChainLog.objects.filter(order_id=order.order_id, kind="OutputFilled").exists())
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    sent = Attempt.objects.filter(step__order=order, purpose="fill")
    driver.work_until(lambda: sent.exists() or step_of(order).waiting.get("code") == "not_taken")
    assert not sent.exists()
    assert coins(driver.network, birch.address("solver_account")) == held


def test_an_offer_of_ours_whose_first_output_was_a_present_is_completed(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    recipient = fresh(driver.network)
    order = two_outputs(driver, alice, recipient)
    birch = driver.network.manifest("birch")
    held = driver.network.balance("birch", "USDC", birch.address("solver_account"))
    terms, ours = order_from_json(order.terms), calls.solver_id(birch)
    outsiders.fill_as_outsider(driver.network, "birch", terms, order.order_id, filler=ours)
    driver.wait_for(lambda: ChainLog.objects.filter(order_id=order.order_id, kind="OutputFilled").exists())
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert coins(driver.network, recipient) == terms.outputs[1].amount
    assert driver.network.balance("birch", "USDC", birch.address("solver_account")) == held
    assert ledger_check() == []


def test_a_strangers_dust_is_not_returned_at_our_cost(driver: Driver) -> None:
    usdc = driver.network.token("alder", "USDC")
    terms = made_up(driver, token=usdc, amount=100, wants=10**6)
    order = opened(driver, terms)
    past(driver, terms.fill_deadline)
    refund = order.steps.filter(kind=StepKind.REFUND)
    with driver.network.ticking():
        driver.work_until(lambda: refund.filter(waiting__code="waiting_for_expiry").exists())
        past(driver, terms.expires)
        Order.objects.filter(pk=order.pk).update(wake_at=1)
        driver.work_until(lambda: refund.filter(waiting__code="too_little_to_return").exists())
    assert not Attempt.objects.filter(step__order=order).exists()

    departures.begin(901, kind=Departure.Kind.LEAVE, stock=Departure.Stock.LEFT, reason="over", user=None)
    assert departures.sweep_departures() == 1, "no chain is kept by that"
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    driver.work()
    order.refresh_from_db()
    assert (order.state, order.wake_at) == (OrderState.REFUND_DUE, 0)


def test_strangers_have_only_so_many_returned_by_proof_in_an_hour(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They get it all back, whatever it is worth, and the proof is ours to pay: beyond that it waits for `expires`."""
    monkeypatch.setattr(refund, "MOST_FOR_STRANGERS", 1)
    usdc = driver.network.token("alder", "USDC")
    made = [made_up(driver, token=usdc, amount=100 * 10**6, wants=120 * 10**6) for _ in range(2)]
    orders = [opened(driver, terms) for terms in made]
    past(driver, max(terms.fill_deadline for terms in made))

    def ways() -> list[str]:
        found = [order.steps.filter(kind=StepKind.REFUND).first() for order in orders]
        return sorted(step.waiting.get("code", "") if step else "" for step in found)

    with driver.network.ticking():
        driver.work_until(
            lambda: "waiting_for_expiry" in ways() and Attempt.objects.filter(purpose="process")
        )
        past(driver, max(terms.expires for terms in made))
        Order.objects.filter(pk__in=[order.pk for order in orders]).update(wake_at=1)
        for order in orders:
            driver.drive(order, OrderState.REFUNDED)
    assert Attempt.objects.filter(purpose="attest").count() == 1


def test_strangers_that_do_not_pay_are_judged_ever_more_rarely() -> None:
    def waits(age: float, *, is_ours: bool = False) -> float:
        order = SimpleNamespace(received_at=time.time() - age)
        return strangers.patience(cast(Case, SimpleNamespace(is_ours=is_ours, order=order)), 5.0)

    assert waits(10) == 5.0
    assert waits(3_600) == pytest.approx(180, abs=1)
    assert waits(10**7) == strangers.LONGEST_SECONDS
    assert waits(10**7, is_ours=True) == 5.0


def test_dust_that_is_sent_again_and_again_is_not_always_given_back(driver: Driver) -> None:
    order = SimpleNamespace(origin_id=901)
    case = cast(Case, SimpleNamespace(order=order, origin=driver.network.manifest("alder")))
    usdc = driver.network.token("alder", "USDC")
    enough = next(amount for amount in range(1, 10**6) if recover._is_worth_it(case, usdc, amount, again=0))
    assert not recover._is_worth_it(case, usdc, enough, again=1)
    assert recover._is_worth_it(case, usdc, 8 * enough, again=3)
    assert not recover._is_worth_it(case, usdc, 8 * enough, again=12)


@pytest.mark.parametrize("state", [OrderState.REFUND_DUE, OrderState.FILLING])
def test_stock_does_not_leave_for_a_fill_that_no_longer_counts_on_it(
    driver: Driver, state: OrderState
) -> None:
    """Fees kept it at home; what it was for has ended, or found another way, and its reservation with it."""
    order = order_row(state=state)
    fill = {"bridge": None}
    Step.objects.create(order=order, index=1, kind=StepKind.FILL, chain_id=903, details=fill)
    step = Step.objects.create(
        order=order, index=0, kind=StepKind.BRIDGE, chain_id=900, state=StepState.READY
    )
    summit, cedar = driver.network.manifest("summit"), driver.network.manifest("cedar")
    here = summit.bridges[0]
    there = next(end for end in cedar.bridges if end.route == here.route)
    move = StockMove.objects.create(
        order=order, step=step, kind=StockMove.Kind.BRIDGE, route=here.route, source_id=900,
        source_token=here.token, destination_id=903, destination_token=there.token, amount=10**6,
    )  # fmt: skip
    assert moves.advance_move(move.pk) is None
    move.refresh_from_db()
    assert move.state == StockMove.State.GIVEN_UP
    assert not Attempt.objects.exists()


def test_a_deposit_that_is_lost_is_parked_once() -> None:
    order = SimpleNamespace(reason={"code": "deposit_lost"}, resume_state="filled")
    case = cast(Case, SimpleNamespace(state=OrderState.NEEDS_ATTENTION, order=order))
    assert not advance._goes_home(case, Evidence())


def test_who_has_us_open_and_return_again_and_again_is_asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "factor", lambda: 1)
    monkeypatch.setattr(bounds, "MOST_RETURNED", 0)
    with pytest.raises(WaymeetError) as refused:
        bounds._check_returned(order_row())
    assert refused.value.code == "too_many_open"
    monkeypatch.setattr(bounds, "MOST_RETURNED", 1)
    bounds._check_returned(order_row())


def test_who_opens_by_an_own_transaction_what_nobody_can_deliver_is_asked_to_wait_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their transaction is cheap, our proof is not. What never left the deposit address took no proof."""
    monkeypatch.setattr(bounds, "factor", lambda: 1)
    monkeypatch.setattr(bounds, "MOST_RETURNED", 1)
    asking = order_row(state=OrderState.AWAITING_DEPOSIT, confirm_way="native")
    for state in (StepState.SKIPPED, StepState.FINAL):
        quote = Quote.objects.create(
            intent={}, origin_id=901, destination_id=902, input_token="", output_token=""
        )
        back = order_row(state=OrderState.REFUNDED, confirm_way="native", quote=quote)
        Step.objects.create(order=back, index=0, kind=StepKind.OPEN, chain_id=901, state=state)
        if state is StepState.SKIPPED:
            bounds.check_awaiting(asking, "")
    with pytest.raises(WaymeetError) as refused:
        bounds.check_awaiting(asking, "")
    assert refused.value.code == "too_many_open"


def test_who_names_anothers_wallet_without_its_signature_takes_none_of_its_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_AWAITING", 1)
    order_row(state=OrderState.AWAITING_DEPOSIT, client_key="theirs")
    bounds.check_awaiting(order_row(state=OrderState.AWAITING_DEPOSIT, client_key="mine"), "")
    with pytest.raises(WaymeetError) as refused:
        bounds.check_awaiting(order_row(state=OrderState.AWAITING_DEPOSIT, client_key="theirs"), "")
    assert refused.value.code == "too_many_open"


def test_whoever_makes_up_wallets_and_forgets_cookies_fills_only_a_clients_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "factor", lambda: 1)
    monkeypatch.setattr(bounds, "MOST_AWAITING_OF_A_CLIENT", 1)
    wallets = [str(Account.create().address) for _ in range(2)]
    order_row(state=OrderState.AWAITING_DEPOSIT, client_key="theirs", user=wallets[0])
    asking = order_row(state=OrderState.AWAITING_DEPOSIT, client_key="theirs", user=wallets[1])
    with pytest.raises(WaymeetError) as refused:
        bounds.check_awaiting(asking, "a browser nobody knows")
    assert refused.value.code == "too_many_open"
    asking.client_key = "mine"
    bounds.check_awaiting(asking, "a browser nobody knows")
