"""What two people decide about money is sent once, booked, and goes only where it may."""

import secrets
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents import wake
from intents.chains import accounts, registry
from intents.chains import client as chain_client
from intents.chains.calls import Call
from intents.chains.endpoints import SendUnknown
from intents.engine import treasury
from intents.engine.audit import ledger_check
from intents.lifecycle import OrderState
from intents.models import Attempt, AuditEntry, LedgerEntry, StaffRequest
from intents.services.staff import requests
from intents.services.staff.errors import ActRefused, AlreadyNamed
from tests.console.actors import actor, form
from tests.console.asking import asked, decide, in_threads, withdrawal
from tests.engine.driver import Driver
from tests.engine.rows import order_row
from tests.engine.senders import send_own

chain = pytest.mark.chain
pytestmark = pytest.mark.django_db(transaction=True)
State = StaffRequest.State


def owner_sends(driver: Driver, call: Call) -> str:
    [tx_hash] = send_own(driver.network, "birch", accounts.account(accounts.OWNER), [call])
    return tx_hash


def carried_out(driver: Driver, request: StaffRequest, *states: str) -> StaffRequest:
    def ended() -> bool:
        requests.request_execute(request.pk)
        request.refresh_from_db()
        return request.state in (states or (State.DONE,))

    with driver.network.ticking():
        driver.wait_for(ended, seconds=15)
    return request


@chain
def test_stock_is_withdrawn_once_to_the_treasury_and_booked(driver: Driver) -> None:
    holder = registry.chain(902).address("solver_account")
    [treasury_address] = treasury.treasury_addresses()
    ours = driver.network.balance("birch", "USDC", holder)
    theirs = driver.network.balance("birch", "USDC", treasury_address)
    request = asked(withdrawal(), actor("support"))
    requests.request_execute(request.pk)
    assert not Attempt.objects.filter(purpose=treasury.purpose_of(request)).exists()
    assert decide(request, actor("operator"))
    carried_out(driver, request)
    requests.request_execute(request.pk)
    assert driver.network.balance("birch", "USDC", holder) == ours - 250 * 10**6
    assert driver.network.balance("birch", "USDC", treasury_address) == theirs + 250 * 10**6
    [attempt] = Attempt.objects.filter(purpose=treasury.purpose_of(request))
    assert request.result["tx_hash"] == attempt.tx_hash
    [entry] = LedgerEntry.objects.filter(credit="withdrawal")
    assert (entry.debit, entry.amount, entry.order) == ("inventory", 250 * 10**6, None)
    assert ledger_check() == []
    actions = AuditEntry.objects.filter(subject_id=str(request.pk)).values_list("action", flat=True)
    assert set(actions) == {"approve", "withdraw_done"}


@chain
def test_goodwill_goes_to_the_orders_own_person_and_has_a_bound(driver: Driver, alice: LocalAccount) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    support, operator = actor("support"), actor("operator")
    with pytest.raises(ActRefused) as refused:
        requests.goodwill(order=order, side="recipient", amount="60")
    assert refused.value.code == "over_goodwill"
    request = asked(requests.goodwill(order=order, side="recipient", amount="5"), support)
    with pytest.raises(ActRefused):
        requests.goodwill(order=order, side="user", amount="46")
    before = driver.network.balance("birch", "USDC", order.recipient)
    decide(request, operator)
    carried_out(driver, request)
    assert driver.network.balance("birch", "USDC", order.recipient) == before + 5 * 10**6
    assert LedgerEntry.objects.get(credit="goodwill").order == order


@chain
def test_a_receiver_that_is_not_the_orders_own_is_refused_again_before_it_is_sent(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.drive(driver.transfer(alice), OrderState.PROVING)
    wanted = requests.goodwill(order=order, side="recipient", amount="5")
    wanted.params["to"] = accounts.address(accounts.RELAYER)
    request = asked(wanted, actor("support"))
    decide(request, actor("operator"))
    requests.request_execute(request.pk)
    request.refresh_from_db()
    assert (request.state, request.result["code"]) == (State.FAILED, "not_the_orders")
    assert not Attempt.objects.filter(purpose=treasury.purpose_of(request)).exists()


@chain
def test_a_lost_answer_is_followed_up_and_not_paid_twice(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = registry.chain(902).address("solver_account")
    before = driver.network.balance("birch", "USDC", holder)
    request = asked(withdrawal(), actor("support"))
    decide(request, actor("operator"))
    real = chain_client.ChainClient.send_raw

    def lost(self: Any, raw: bytes) -> Any:
        real(self, raw)
        raise SendUnknown("the answer was lost")

    with monkeypatch.context() as patched:
        patched.setattr(chain_client.ChainClient, "send_raw", lost)
        requests.request_execute(request.pk)
    carried_out(driver, request)
    assert driver.network.balance("birch", "USDC", holder) == before - 250 * 10**6
    assert Attempt.objects.filter(purpose=treasury.purpose_of(request)).count() == 1


@chain
def test_workers_that_carry_it_out_at_once_send_one_transaction(driver: Driver) -> None:
    request = asked(withdrawal(), actor("support"))
    decide(request, actor("operator"))
    in_threads(lambda: requests.request_execute(request.pk), 4)
    carried_out(driver, request)
    assert Attempt.objects.filter(purpose=treasury.purpose_of(request)).count() == 1


@chain
def test_a_nonce_that_the_owner_used_elsewhere_does_not_stop_the_payment(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(withdrawal(), actor("support"))
    decide(request, actor("operator"))
    # Our counter lags by a transaction that the owner sends in the same moment.
    treasury.catch_up(902, accounts.OWNER)
    owner_sends(driver, Call(accounts.address(accounts.OWNER)))
    with monkeypatch.context() as patched:
        patched.setattr(treasury, "catch_up", lambda *_: None)
        requests.request_execute(request.pk)
    driver.network.mine("birch", 12)
    carried_out(driver, request)
    attempts = Attempt.objects.filter(purpose=treasury.purpose_of(request))
    assert sorted(attempts.values_list("state", flat=True)) == ["confirmed", "replaced"]


@chain
def test_a_raised_limit_is_on_the_chain_and_a_lower_one_is_not_a_raise(driver: Driver) -> None:
    token = registry.chain(902).token("USDC")
    now = treasury.cap_of(902, token.address)
    more = str(now // 10**token.decimals + 1)
    with pytest.raises(ActRefused):
        requests.raise_of_limit(chain="birch", token="USDC", amount="1")
    request = asked(requests.raise_of_limit(chain="birch", token="USDC", amount=more), actor("support"))
    decide(request, actor("operator"))
    carried_out(driver, request)
    assert treasury.cap_of(902, token.address) == int(more) * 10**token.decimals


@chain
def test_more_than_is_unreserved_fails_and_moves_nothing(driver: Driver) -> None:
    request = asked(withdrawal("1000000000"), actor("support"))
    decide(request, actor("operator"))
    requests.request_execute(request.pk)
    request.refresh_from_db()
    assert (request.state, request.result["code"]) == (State.FAILED, "stock_promised")


@chain
def test_without_the_key_the_owner_signs_elsewhere_and_only_that_call_counts(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, request = actor("operator"), asked(withdrawal(), actor("support"))
    decide(request, operator)
    with monkeypatch.context() as patched:
        patched.setattr(treasury, "has_key", lambda role: False)
        requests.request_execute(request.pk)
    # The key coming here later sends nothing: the owner may have signed already.
    requests.request_execute(request.pk)
    request.refresh_from_db()
    assert request.result == {"by_owner": True}
    assert not Attempt.objects.filter(purpose=treasury.purpose_of(request)).exists()
    other = owner_sends(driver, Call(accounts.address(accounts.OWNER)))
    with pytest.raises(ActRefused):
        requests.name_transaction(request.pk, operator, form(requests.to_type(request)), tx_hash=other)
    sent = owner_sends(driver, treasury.call_of(request)[1])
    requests.name_transaction(request.pk, operator, form(requests.to_type(request)), tx_hash=sent)
    carried_out(driver, request)
    assert request.result["tx_hash"] == sent
    # The same once more is another payment: one transaction is not both.
    again = asked(withdrawal(), actor("support"))
    decide(again, operator)
    StaffRequest.objects.filter(pk=again.pk).update(result={"by_owner": True})
    with pytest.raises(ActRefused):
        requests.name_transaction(again.pk, operator, form(requests.to_type(again)), tx_hash=sent)
    assert ledger_check() == []


def test_of_two_transactions_that_are_named_at_once_one_is_followed(
    registered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both make the call; nobody's word is overwritten, and one transaction carries out one request."""
    [first, second] = [waiting_for_owner() for _ in range(2)]
    hashes, outcomes = ["0x" + "aa" * 32, "0x" + "bb" * 32], []
    monkeypatch.setattr(treasury, "is_the_call", lambda request, tx_hash: True)
    monkeypatch.setattr(wake, "request", lambda request_id: None)
    barrier = threading.Barrier(3)

    def name(request: StaffRequest, tx_hash: str) -> None:
        who = actor("operator")
        barrier.wait(20)
        try:
            requests.name_transaction(request.pk, who, form(requests.to_type(request)), tx_hash=tx_hash)
            outcomes.append(tx_hash)
        except (AlreadyNamed, ActRefused) as error:
            outcomes.append(error.code)

    in_threads(
        lambda: name(first, hashes[0]), lambda: name(first, hashes[1]), lambda: name(second, hashes[0])
    )
    named = [StaffRequest.objects.get(pk=each.pk).result.get(treasury.ELSEWHERE) for each in (first, second)]
    assert sorted(filter(None, named)) == sorted(each for each in outcomes if each.startswith("0x"))
    assert len(set(filter(None, named))) == len(list(filter(None, named)))

    # A worker that still follows the one it read forgets none that was named since.
    stale = StaffRequest.objects.get(pk=first.pk)
    stale.result = {"by_owner": True, treasury.ELSEWHERE: "0x" + "cc" * 32}
    failed = SimpleNamespace(block_number=1, is_success=False)
    monkeypatch.setattr(treasury, "client", lambda _: SimpleNamespace(receipt=lambda _: failed))
    monkeypatch.setattr(treasury, "until_depth", lambda *_: None)
    treasury._follow_elsewhere(stale)
    assert StaffRequest.objects.get(pk=first.pk).result.get(treasury.ELSEWHERE) == named[0]


def waiting_for_owner() -> StaffRequest:
    """Approved stock that the owner takes out with their own wallet."""
    wanted = withdrawal()
    return StaffRequest.objects.create(
        kind=wanted.kind,
        state=State.APPROVED,
        params=wanted.params,
        reason="r",
        asked_by=actor("support").user,
        idempotency_key=secrets.token_hex(16),
        result={"by_owner": True},
    )


def test_nobody_who_is_block_listed_is_paid_goodwill(settings: Any) -> None:
    order = order_row()
    terms = {"chain_id": "901", "token": order.input_token, "to": order.user, "side": "user", "amount": "1"}
    approved = StaffRequest(kind=StaffRequest.Kind.GOODWILL, order=order, params=terms)
    settings.BLOCKED_ADDRESSES = [order.user.lower()]
    refusal = treasury.refuse_now(approved)
    assert refusal is not None and refusal.code == "blocked_address"
    with pytest.raises(ActRefused) as refused:
        requests.goodwill(order=order, side="user", amount="1")
    assert refused.value.code == "blocked_address"


@chain
def test_an_address_off_the_list_is_no_treasury(registered: Any, settings: Any) -> None:
    settings.TREASURY_ADDRESSES = ["0x" + "ab" * 20]
    with pytest.raises(ActRefused) as refused:
        requests.withdrawal(chain="birch", token="USDC", amount="1", to="0x" + "cd" * 20)
    assert refused.value.code == "not_treasury"
