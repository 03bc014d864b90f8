"""Payments to an order's own address: enough, too little, too much, late, twice, the wrong thing, never."""

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.devnet.accounts import OUTSIDER, address, wallet
from intents.engine import advance as advance_module
from intents.engine import deposits
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, Deposit, Event, LedgerEntry, Order, Reservation
from intents.services.errors import PermitPending, WrongSigner
from intents.services.orders import order_submit
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

ASKED = 100 * 10**6
# Ahead of the deadline by more than a block of any chain, behind it by less than the finality of any.
MARGIN_SECONDS = 3


def awaited(driver: Driver, user: LocalAccount, *, give: str = "alder:USDC", amount: str = "100") -> Order:
    quote = driver.quote(user, give=give, amount=amount, confirm="deposit")
    assert quote.confirm_way == "deposit"
    order = order_submit(quote_id=quote.pk, terms=quote.order, signature="", browser_key="browser-1")
    assert order.state == OrderState.AWAITING_DEPOSIT
    return order


def pay(driver: Driver, order: Order, amount: int, *, symbol: str = "USDC", slug: str = "alder") -> None:
    """By somebody whom nobody knows."""
    payer = address(OUTSIDER)
    driver.network.fund(slug, [payer], {symbol: amount})
    data = encode_call("transfer(address,uint256)", [place(order), amount])
    strangers.send(driver.network, slug, Call(driver.network.token(slug, symbol), data))


def place(order: Order) -> str:
    return Deposit.objects.get(order=order).address


def at_place(driver: Driver, order: Order, symbol: str = "USDC", slug: str = "alder") -> int:
    return driver.network.balance(slug, symbol, place(order))


def pass_deadline(driver: Driver, order: Order) -> None:
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + MARGIN_SECONDS)


def recovered(order: Order) -> list[tuple[str, str]]:
    events = Event.objects.filter(order=order, kind="recovered").order_by("seq")
    return [(event.data["token"], event.data["amount"]) for event in events]


def usdc(slug: str = "alder") -> str:
    return registry.chain_by_slug(slug).token("USDC").address


def test_what_was_asked_opens_by_itself_and_is_delivered(driver: Driver) -> None:
    """The payer is a stranger, such as an exchange; the user's wallet never held anything."""
    user = wallet(801)
    order = awaited(driver, user)
    assert place(order) == deposits.address_of(
        bytes.fromhex(order.order_id[2:]), origin=registry.chain(order.origin_id)
    )
    assert not Reservation.objects.filter(order=order).exists()
    with driver.network.ticking():
        driver.work_until(
            lambda: order.steps.get(kind=StepKind.OPEN).waiting.get("code") == "deposit_awaited"
        )
        pay(driver, order, ASKED)
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", user.address) == order.delivered_amount
    assert driver.network.balance("alder", "USDC", user.address) == 0
    kinds = driver.kinds(order)
    assert kinds.index("deposit_seen") < kinds.index("open_sent") < kinds.index("opened")


def test_too_little_waits_and_says_exactly_what_is_missing(driver: Driver) -> None:
    order = awaited(driver, wallet(802))
    with driver.network.ticking():
        pay(driver, order, ASKED - 5)
        waiting = driver.work_until(lambda: short_of(order))
        assert waiting["missing"] == "5"
        order.refresh_from_db()
        assert order.state == OrderState.AWAITING_DEPOSIT
        pay(driver, order, 5)
        driver.drive(order, OrderState.SETTLED)


def test_too_little_until_the_end_comes_back(driver: Driver) -> None:
    user = wallet(803)
    order = awaited(driver, user)
    with driver.network.ticking():
        pay(driver, order, ASKED // 2)
        driver.work_until(lambda: short_of(order))
        pass_deadline(driver, order)
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED // 2
    assert recovered(order) == [(usdc(), str(ASKED // 2))]
    assert order.payout == "sent"
    assert LedgerEntry.objects.filter(order=order, memo__startswith="recover:", amount=ASKED // 2).exists()
    assert "expired" not in driver.kinds(order)


def test_a_surplus_comes_back_with_the_opening(driver: Driver) -> None:
    user = wallet(804)
    order = awaited(driver, user)
    with driver.network.ticking():
        pay(driver, order, ASKED + 7 * 10**6)
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("alder", "USDC", user.address) == 7 * 10**6
    assert recovered(order) == [(usdc(), str(7 * 10**6))]
    assert not Attempt.objects.filter(step__order=order, purpose="recover").exists()


def test_paid_twice_the_second_comes_back(driver: Driver) -> None:
    user = wallet(805)
    order = awaited(driver, user)
    with driver.network.ticking():
        pay(driver, order, ASKED)
        order = driver.drive(
            order, OrderState.OPENED, OrderState.FILLING, OrderState.FILLED, OrderState.PROVING
        )
        pay(driver, order, ASKED)
        driver.work_until(lambda: recovered(order) == [(usdc(), str(ASKED))])
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED


def test_late_money_of_an_expired_order_comes_back(driver: Driver) -> None:
    user = wallet(806)
    order = awaited(driver, user)
    with driver.network.ticking():
        pass_deadline(driver, order)
        order = driver.drive(order, OrderState.EXPIRED)
        assert order.reason["code"] == "never_paid"
        pay(driver, order, ASKED)
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED
    assert at_place(driver, order) == 0


def test_late_money_is_never_called_expired(driver: Driver) -> None:
    """Paid after the deadline, but before a block past it is final."""
    user = wallet(807)
    order = awaited(driver, user)
    pass_deadline(driver, order)
    with driver.network.ticking():
        pay(driver, order, ASKED)
        order = driver.drive(order, OrderState.REFUNDED)
    assert "expired" not in driver.kinds(order)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED


def test_never_paid_expires_only_when_a_final_block_is_past_the_deadline(driver: Driver) -> None:
    order = awaited(driver, wallet(808))
    assert Deposit.objects.get(order=order).watched_until > order.expires + 30 * 24 * 3600
    rpc = driver.network.rpc("alder")
    now = int(rpc.block()["timestamp"], 16)
    # One block past the deadline and none on top of it.
    rpc.batch([("evm_increaseTime", [order.fill_deadline - now + MARGIN_SECONDS]), ("evm_mine", [])])
    driver.work_until(lambda: order.steps.get(kind=StepKind.OPEN).waiting.get("code") == "fill_deadline")
    order.refresh_from_db()
    assert order.state == OrderState.AWAITING_DEPOSIT
    with driver.network.ticking():
        order = driver.drive(order, OrderState.EXPIRED)
    assert not Attempt.objects.filter(step__order=order).exists()


def test_the_wrong_token_and_the_native_coin_come_back_and_the_order_still_opens(driver: Driver) -> None:
    user = wallet(809)
    order = awaited(driver, user)
    wrong = registry.chain_by_slug("alder").token("USDT").address
    with driver.network.ticking():
        pay(driver, order, 3 * 10**6, symbol="USDT")
        send_native(driver, order, 10**17)
        driver.work_until(lambda: len(recovered(order)) == 2)
        order.refresh_from_db()
        assert order.state == OrderState.AWAITING_DEPOSIT
        assert set(recovered(order)) == {(wrong, str(3 * 10**6)), (ZERO_ADDRESS, str(10**17))}
        pay(driver, order, ASKED)
        driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("alder", "USDT", user.address) == 3 * 10**6
    assert int(driver.network.rpc("alder").request("eth_getBalance", user.address, "latest"), 16) == 10**17


def test_a_stranger_opens_first_and_the_result_is_the_same(driver: Driver) -> None:
    user = wallet(810)
    order = awaited(driver, user)
    pay(driver, order, ASKED)
    call = calls.open_deposit(order_from_json(order.terms), origin=registry.chain(order.origin_id))
    strangers.send(driver.network, "alder", call)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert not Attempt.objects.filter(step__order=order, purpose="open").exists()


def test_a_strangers_recover_in_front_of_the_opening_takes_nothing_away(driver: Driver) -> None:
    order = awaited(driver, wallet(811))
    pay(driver, order, ASKED)
    terms, origin = order_from_json(order.terms), registry.chain(order.origin_id)
    strangers.send(driver.network, "alder", calls.recover(terms, token=usdc(), chain=origin))
    assert at_place(driver, order) == ASKED
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)


def test_without_a_price_nothing_is_opened_and_all_of_it_comes_back(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intents.engine.actions import open as opening
    from intents.settlement.acceptance import Refusal

    monkeypatch.setattr(opening, "refuse_price", lambda *_, **__: Refusal("no_price", {"asset": "usdc"}))
    user = wallet(812)
    order = awaited(driver, user)
    with driver.network.ticking():
        pay(driver, order, ASKED)
        driver.work_until(lambda: order.steps.get(kind=StepKind.OPEN).waiting.get("code") == "no_price")
        pass_deadline(driver, order)
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED
    assert not Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()


def test_a_permit_opens_with_one_signature_and_no_gas(driver: Driver) -> None:
    """Cedar's dollar has 18 decimals and knows EIP-2612 only."""
    user = wallet(816)
    driver.network.fund("cedar", [user.address], {"USDC": 50 * 10**18})
    driver.network.rpc("cedar").request("anvil_setBalance", user.address, "0x0")
    order = driver.transfer(user, give="cedar:USDC", get="birch:USDC", amount="50", confirm="permit")
    assert (order.confirm_way, order.state) == ("permit", OrderState.SIGNED)
    assert Reservation.objects.filter(order=order, state=Reservation.State.HELD).exists()
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("cedar", "USDC", user.address) == 0
    assert driver.network.balance("birch", "USDC", user.address) == order.delivered_amount


def test_two_permits_of_one_wallet_are_never_under_way_at_once(driver: Driver) -> None:
    user = wallet(817)
    driver.network.fund("cedar", [user.address], {"USDC": 50 * 10**18})
    first, second = (
        driver.quote(user, give="cedar:USDC", get="birch:USDC", amount="20", confirm="permit")
        for _ in range(2)
    )
    driver.submit(first, user)
    with pytest.raises(PermitPending):
        driver.submit(second, user)


def test_somebody_elses_permit_is_refused(driver: Driver, mallory: LocalAccount) -> None:
    user = wallet(818)
    driver.network.fund("cedar", [user.address], {"USDC": 50 * 10**18})
    quote = driver.quote(user, give="cedar:USDC", get="birch:USDC", amount="20", confirm="permit")
    with pytest.raises(WrongSigner):
        driver.submit(quote, mallory)


def test_money_at_the_address_of_a_permit_comes_back(driver: Driver) -> None:
    """Nobody is told to pay there, but a wallet shows the address as the permit's spender."""
    user = wallet(819)
    driver.network.fund("cedar", [user.address], {"USDC": 20 * 10**18})
    order = driver.transfer(user, give="cedar:USDC", get="birch:USDC", amount="20", confirm="permit")
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
        pay(driver, order, 5 * 10**18, slug="cedar")
        driver.work_until(lambda: recovered(order))
    assert driver.network.balance("cedar", "USDC", user.address) == 5 * 10**18


def test_a_parked_order_gives_its_money_back_by_itself(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advance_module, "PARKED_SECONDS", 0.5)
    user = wallet(820)
    order = awaited(driver, user)
    with driver.network.ticking():
        pay(driver, order, ASKED - 1)
        driver.work_until(lambda: short_of(order))
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.NEEDS_ATTENTION, resume_state=OrderState.AWAITING_DEPOSIT, wake_at=1.0
        )
        pass_deadline(driver, order)
        order = driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", user.address) == ASKED - 1


def test_a_payment_that_a_reorg_takes_back_is_waited_for_again(driver: Driver) -> None:
    order = awaited(driver, wallet(813))
    pay(driver, order, ASKED - 1)
    block = int(driver.network.rpc("alder").request("eth_blockNumber"), 16)
    driver.work_until(lambda: short_of(order))
    strangers.reorg(driver.network, "alder", block)
    with driver.network.ticking():
        driver.work_until(
            lambda: order.steps.get(kind=StepKind.OPEN).waiting.get("code") == "deposit_awaited", seconds=20
        )
        pay(driver, order, ASKED)
        driver.drive(order, OrderState.SETTLED)


def test_dust_is_left_where_it_is(driver: Driver) -> None:
    """Whoever sends a hundredth of a cent must not have us pay more than that in gas."""
    order = awaited(driver, wallet(814))
    with driver.network.ticking():
        send_native(driver, order, 1)
        driver.work_until(lambda: Deposit.objects.get(order=order).held)
        driver.work_until(
            lambda: order.steps.get(kind=StepKind.OPEN).waiting.get("code") == "too_little_to_return"
        )
    assert not Attempt.objects.filter(step__order=order).exists()


def test_what_is_read_with_a_block_does_not_grow_with_the_addresses(driver: Driver) -> None:
    order = awaited(driver, wallet(815))
    rows = [
        Order(
            **{
                field.attname: getattr(order, field.attname)
                for field in Order._meta.concrete_fields
                if field.attname not in ("order_id", "quote_id", "share_key")
            },
            order_id=f"0x{number:064x}",
            share_key=f"key-{number}",
            quote_id=None,
        )
        for number in range(1, 401)
    ]
    for row in rows:
        row.wake_at = 0
    Order.objects.bulk_create(rows)
    for row in rows:
        deposits.watch(row, origin=registry.chain(order.origin_id))
    reader = deposits.DepositReader(registry.chain(order.origin_id))
    reader.choose()
    tokens = len(registry.chain(order.origin_id).tokens) + 1
    assert len(reader.calls()) <= deposits.AWAITED_AT_ONCE + 2 * deposits.SWEPT_AT_ONCE * tokens
    seen = set()
    for _ in range(5):
        seen |= set(reader.calls())
        reader.choose()
    assert len(seen) >= 400


def short_of(order: Order) -> dict[str, str]:
    waiting = order.steps.get(kind=StepKind.OPEN).waiting
    return dict(waiting["params"]) if waiting.get("code") == "deposit_short" else {}


def send_native(driver: Driver, order: Order, amount: int) -> None:
    transaction = {
        "from": address(OUTSIDER),
        "to": place(order),
        "value": hex(amount),
        "gas": hex(60_000),
        "gasPrice": hex(10**10),
    }
    driver.network.rpc("alder").request("eth_sendTransaction", transaction)
