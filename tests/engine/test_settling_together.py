"""Orders that are ready at the same time share the transactions that settle them, and stay on their own otherwise."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import sender
from intents.engine import batches, flight, lease, ledger
from intents.engine.actions import finalise, prove
from intents.engine.case import Case, load
from intents.engine.evidence import gather
from intents.engine.flight import Companion
from intents.engine.sharing import forget, sharing
from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, ChainLog, LedgerEntry, Order
from intents.settlement import calls
from intents.solver.company import CompanyRules
from intents.solver.gas import GasRules
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

SUMMIT, ALDER = 900, 901
# Much longer than the window, even on a busy machine, and much less than what the order has left.
LONGEST_SECONDS = 30


@pytest.fixture(autouse=True)
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Base fees of test chains fall with every empty block: any gas at all is dear here."""
    monkeypatch.setattr(batches, "CompanyRules", partial(CompanyRules, worth_usd_e8=0))


class Killed(BaseException):
    """The process is gone: no handler of ours runs."""


@pytest.mark.parametrize(("count", "messages", "collections"), [(2, 1, 1), (17, 2, 3)])
def test_orders_of_one_way_settle_with_fewer_transactions(
    driver: Driver,
    alice: LocalAccount,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    messages: int,
    collections: int,
) -> None:
    # A slow machine may take company for as long as it needs.
    monkeypatch.setattr(batches, "KEPT_SECONDS", -60.0)
    orders = _delivered(driver, alice, settings, count)
    _settle(driver, orders, settings)
    assert _sent("dispatch").count() == messages
    assert _sent("process").count() == messages
    collected = [
        (each.state, each.step.order_id, _served(each), each.created_at) for each in _sent("finalise")
    ]
    assert len(collected) <= collections, collected
    assert set(ledger.sums().values()) <= {0}
    for attempt in Attempt.objects.filter(state=AttemptState.CONFIRMED):
        _assert_split(attempt)
        _assert_priced(attempt)
    for order in orders:
        kinds = driver.kinds(order)
        assert len(kinds) == len(set(kinds)), kinds
    forget()
    batches_seen = sharing().messages[ALDER, SUMMIT]
    assert (batches_seen.orders, batches_seen.transactions) == (count, messages)


def test_where_gas_is_dear_one_waits_for_others_no_longer_than_its_window(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    settings.SETTLE_TOGETHER_SECONDS = 2
    first = driver.drive(_transfer(driver, alice), OrderState.FILLED)
    driver.work_until(lambda: _waiting(first) == "company")
    second = driver.drive(_transfer(driver, alice), OrderState.FILLED)
    with driver.network.ticking():
        driver.drive(first, OrderState.SETTLED)
        driver.drive(second, OrderState.SETTLED)
    (dispatch,) = _sent("dispatch")
    assert {dispatch.step.order_id, *_served(dispatch)} == {first.order_id, second.order_id}
    assert first.delivered_at is not None
    assert dispatch.created_at.timestamp() - first.delivered_at.timestamp() < LONGEST_SECONDS


def test_cheap_ones_and_those_that_expire_soon_never_wait(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SETTLE_TOGETHER_SECONDS = 60
    monkeypatch.setattr(batches, "CompanyRules", partial(CompanyRules, worth_usd_e8=10**12))
    driver.drive(_transfer(driver, alice), OrderState.PROVING)
    monkeypatch.setattr(batches, "CompanyRules", partial(CompanyRules, worth_usd_e8=0))
    monkeypatch.setattr(batches, "is_expiring", lambda case: True)
    driver.drive(_transfer(driver, alice), OrderState.PROVING)


def test_one_that_a_stranger_collected_first_keeps_nobody_back(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = _proven(driver, alice, settings, monkeypatch, 3)
    with _held(orders[1]) as case:
        facts = gather(case).facts
        call = calls.finalise_many([case.terms], [facts], origin=case.origin)
    # It happens after we asked whose input is still there.
    monkeypatch.setattr(finalise, "_deposited", lambda case, others: list(others))
    strangers.send(driver.network, "alder", call)
    _settle(driver, orders, settings)
    assert not set(ledger.sums().values()) - {0}
    assert max(len(_served(attempt)) for attempt in _sent("finalise")) >= 1


def test_one_that_is_not_proven_is_left_out(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _proven(driver, alice, settings, monkeypatch, 2)
    settings.SETTLE_TOGETHER_SECONDS = 60
    third = driver.drive(_transfer(driver, alice), OrderState.FILLED)
    with _held(first) as case, _held(second) as proven, _held(third) as unproven:
        others = [Companion(each, _step(each, StepKind.FINALISE)) for each in (unproven, proven)]
        finalise._collect(case, _step(case, StepKind.FINALISE), gather(case), others)
    (attempt,) = _sent("finalise")
    assert {attempt.step.order_id, *_served(attempt)} == {first.order_id, second.order_id}
    _settle(driver, [first, second, third], settings)


def test_a_proof_that_is_not_attested_is_left_out(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = _delivered(driver, alice, settings, 3)
    real = prove._payloads

    def payloads(case: Case, seen: Any) -> list[bytes]:
        found = real(case, seen)
        return [b"\x01" * len(each) for each in found] if case.order.pk == orders[1].pk else found

    monkeypatch.setattr(prove, "_payloads", payloads)
    settings.SETTLE_TOGETHER_SECONDS = 0
    _look(driver, orders[0])
    monkeypatch.setattr(prove, "_payloads", real)
    (attempt,) = _sent("dispatch")
    assert _served(attempt) == {orders[2].order_id}
    _settle(driver, orders, settings)
    assert _sent("dispatch").count() == 2


@pytest.mark.parametrize("at", ["stored", "before"])
def test_a_worker_killed_around_the_store_leaves_all_of_them_alike(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    orders = _delivered(driver, alice, settings, 3)
    settings.SETTLE_TOGETHER_SECONDS = 0

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(*(sender, "_broadcast") if at == "stored" else (sender, "_store"), die)
        # Who is dead gives no lease back.
        dying.setattr(batches, "_give_back", lambda case, wake_at: None)
        Order.objects.update(wake_at=1)
        with pytest.raises(Killed):
            driver.work()
    assert Order.objects.filter(leased_until__gt=0).count() == 3
    Order.objects.update(leased_until=0)
    for order in orders:
        with _held(order) as case:
            found = case.tries(_step(case, StepKind.PROVE), "dispatch")
            assert len(found) == (1 if at == "stored" else 0)
    _settle(driver, orders, settings)
    assert _sent("dispatch").count() == 1
    assert set(ledger.sums().values()) <= {0}


def test_one_whose_lease_is_taken_meanwhile_stops_the_batch_before_anything_is_stored(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = _delivered(driver, alice, settings, 3)
    settings.SETTLE_TOGETHER_SECONDS = 0
    real = sender._estimated_gas
    stolen: list[Any] = []

    def slow(*args: Any) -> int:
        if not stolen:
            Order.objects.filter(pk=orders[1].pk).update(leased_until=0)
            stolen.append(lease.take(orders[1].order_id))
        return real(*args)

    monkeypatch.setattr(sender, "_estimated_gas", slow)
    _look(driver, orders[0])
    assert not _sent("dispatch").exists()
    Order.objects.filter(pk=orders[1].pk).update(leased_until=0)
    _settle(driver, orders, settings)
    for order in orders:
        assert driver.kinds(order).count("prove_sent") == 1


def test_a_replacement_serves_the_same_orders(driver: Driver, alice: LocalAccount, settings: Any) -> None:
    orders = _delivered(driver, alice, settings, 3)
    settings.SETTLE_TOGETHER_SECONDS = 0
    summit = driver.network.rpc("summit")
    summit.request("evm_setAutomine", False)
    try:
        _look(driver, orders[0])
        (stuck,) = _sent("dispatch")
        newest = sender.replace(stuck)
        assert newest.pk != stuck.pk
        assert _served(newest) == _served(stuck) != set()
        for order in orders:
            with _held(order) as case:
                assert len(case.tries(_step(case, StepKind.PROVE), "dispatch")) == 2
    finally:
        summit.request("evm_setAutomine", True)
        driver.network.mine("summit", 1)
    _settle(driver, orders, settings)
    assert _sent("dispatch").count() == 2
    _assert_split(newest)


@pytest.mark.parametrize(("kind", "slug"), [("Dispatch", "summit"), ("Finalised", "alder")])
def test_a_reorganised_batch_goes_in_again_by_the_same_bytes(
    driver: Driver, alice: LocalAccount, settings: Any, kind: str, slug: str
) -> None:
    orders = _delivered(driver, alice, settings, 3)
    settings.SETTLE_TOGETHER_SECONDS = 0
    logs = ChainLog.objects.filter(kind=kind, chain__slug=slug)
    Order.objects.update(wake_at=1)
    if kind == "Dispatch":
        block = driver.work_until(logs.first).block_number
        driver.work()
    else:
        _settle(driver, orders, settings)
        block = logs.latest("block_number").block_number
    strangers.reorg(driver.network, slug, block)
    driver.wait_for(lambda: not logs.filter(block_number=block).exists() or kind == "Dispatch")
    _settle(driver, orders, settings)
    assert _sent("dispatch").count() == 1
    assert _sent("finalise").count() == 1
    assert set(ledger.sums().values()) <= {0}


def _delivered(driver: Driver, wallet: LocalAccount, settings: Any, count: int) -> list[Order]:
    """Delivered orders that wait for company."""
    settings.SETTLE_TOGETHER_SECONDS = 60
    is_sent = (OrderState.FILLED, OrderState.PROVING)
    orders = [driver.drive(_transfer(driver, wallet), *is_sent) for _ in range(count)]
    driver.work_until(
        lambda: {_waiting(order) for order in orders} == {"company"} or _sent("dispatch").exists()
    )
    return orders


def _proven(
    driver: Driver, wallet: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> list[Order]:
    """Orders that were proven together and are about to be collected."""
    orders = _delivered(driver, wallet, settings, count)
    settings.SETTLE_TOGETHER_SECONDS = 0
    with monkeypatch.context() as held:
        held.setattr(finalise, "run", lambda case, step, seen: False)
        Order.objects.update(wake_at=1)
        with driver.network.ticking():
            driver.work_until(lambda: {_state(each) for each in orders} == {StepState.READY})
    return orders


def _transfer(driver: Driver, wallet: LocalAccount) -> Order:
    return driver.transfer(wallet, give="alder:USDC", get="summit:USDC", amount="50")


def _settle(driver: Driver, orders: Sequence[Order], settings: Any) -> None:
    settings.SETTLE_TOGETHER_SECONDS = 0
    Order.objects.filter(ended_at=None).update(wake_at=1)
    with driver.network.ticking():
        for order in orders:
            driver.drive(order, OrderState.SETTLED)


def _look(driver: Driver, order: Order) -> None:
    """Have one worker look at this order alone."""
    Order.objects.exclude(pk=order.pk).update(wake_at=4_000_000_000)
    Order.objects.filter(pk=order.pk).update(wake_at=1, leased_until=0)
    driver.work()


class _held:
    """An order under a lease, given back at the end."""

    def __init__(self, order: Order) -> None:
        self.order_id = order.order_id

    def __enter__(self) -> Case:
        held = lease.take(self.order_id)
        assert held is not None
        self.lease = held
        return load(held)

    def __exit__(self, *_: object) -> None:
        lease.surrender(self.lease, wake_at=1)


def _step(case: Case, kind: StepKind) -> Any:
    step = case.step(kind)
    assert step is not None
    return step


def _state(order: Order) -> str:
    return str(order.steps.get(kind="finalise").state)


def _waiting(order: Order) -> str:
    return str(order.steps.get(kind="prove").waiting.get("code", ""))


def _sent(purpose: str) -> Any:
    return Attempt.objects.filter(purpose=purpose).order_by("pk")


def _served(attempt: Attempt) -> set[str]:
    return set(attempt.also.values_list("order_id", flat=True))


def _assert_split(attempt: Attempt) -> None:
    """Each order that it served bears its part, once, and together they are what it cost."""
    if attempt.step is None:
        return
    attempt.refresh_from_db()
    assert attempt.gas_used is not None and attempt.gas_price_wei is not None
    parts = LedgerEntry.objects.filter(memo=f"gas:{attempt.tx_hash[2:34]}")
    assert {part.order_id for part in parts} == {attempt.step.order_id, *_served(attempt)}
    assert sum(part.amount for part in parts) == attempt.gas_used * attempt.gas_price_wei
    amounts = [part.amount for part in parts]
    assert max(amounts) - min(amounts) <= 1


def _assert_priced(attempt: Attempt) -> None:
    """Prices count on what it took for so many, and little more; a young Mailbox opens branches of its tree."""
    if attempt.purpose not in ("dispatch", "process", "finalise"):
        return
    gas, count = GasRules(), 1 + len(_served(attempt))
    priced = getattr(gas, f"{attempt.purpose}_fixed") + count * getattr(gas, f"{attempt.purpose}_each")
    young = 80_000 if attempt.purpose == "dispatch" else 0
    assert attempt.gas_used is not None
    assert priced * 9 // 10 <= attempt.gas_used <= priced + young, (attempt.purpose, count, attempt.gas_used)


def test_the_guard_knows_attempts_of_others_that_serve_a_step(
    driver: Driver, alice: LocalAccount, settings: Any
) -> None:
    orders = _delivered(driver, alice, settings, 2)
    settings.SETTLE_TOGETHER_SECONDS = 0
    with _held(orders[1]) as before:
        pass
    _look(driver, orders[0])
    with pytest.raises(flight.AttemptsChanged):
        flight._require_known(before, _step(before, StepKind.PROVE), "dispatch")
