"""A transaction we mean to send is sent once, whatever is lost, killed, dropped or reorganised."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction
from eth_abi import encode
from eth_utils import keccak

from intents.chains import sender
from intents.chains.calls import Call
from intents.chains.client import ChainClient, client
from intents.chains.endpoints import SendRejected
from intents.chains.fees import FeeAboveCap, Fees, bumped
from intents.chains.outcomes import Outcome, attempt_outcome
from intents.chains.recovery import mend_chain, reconcile_nonces, stuck_attempts
from intents.chains.reverts import Reverted
from intents.lifecycle import AttemptState
from intents.models import Attempt, ChainHead, SendingAccount

from .conftest import CHAIN_ID
from .node import ALICE, BOB, OPERATOR, reverting_with, wait_for

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

PAY = Call(BOB, value_wei=5, gas_limit=21_000)


def send(call: Call = PAY) -> Attempt:
    return sender.submit(step=None, purpose="open", chain_id=CHAIN_ID, role="operator", call=call)


def settled(attempt: Attempt) -> Outcome:
    wait_for(lambda: client(CHAIN_ID).receipt(attempt.tx_hash), "not mined")
    return attempt_outcome(attempt)


def mined(node: Any) -> int:
    return int(node.rpc("eth_getTransactionCount", OPERATOR, "latest"), 16)


def test_a_call_is_stored_sent_and_confirmed(node, connect):
    connect(node.url)
    before = int(node.rpc("eth_getBalance", BOB, "latest"), 16)
    attempt = send()
    assert attempt.state == AttemptState.BROADCAST
    assert settled(attempt) is Outcome.CONFIRMED
    stored = Attempt.objects.get(pk=attempt.pk)
    assert (stored.state, stored.gas_used, stored.nonce) == (AttemptState.CONFIRMED, 21_000, 0)
    assert stored.block_hash == node.rpc("eth_getBlockByNumber", hex(stored.block_number), False)["hash"]
    assert int(node.rpc("eth_getBalance", BOB, "latest"), 16) == before + 5


def test_a_lost_answer_is_taken_as_sent_and_the_nonce_is_not_used_again(proxy, node, connect):
    connect(proxy.url)
    client(CHAIN_ID).head()
    proxy.lose("eth_sendRawTransaction")
    first = send()
    second = send()
    assert proxy.seen.count("eth_sendRawTransaction") == 2
    assert (first.nonce, second.nonce) == (0, 1)
    assert settled(first) is Outcome.CONFIRMED
    assert settled(second) is Outcome.CONFIRMED


def test_a_lost_answer_that_nobody_can_check_is_unknown_until_the_receipt_is_found(proxy, node, connect):
    connect(proxy.url)
    client(CHAIN_ID).head()
    for method in ("eth_sendRawTransaction", *["eth_getTransactionReceipt"] * 2):
        proxy.lose(method)
    attempt = send()
    assert attempt.state == AttemptState.UNKNOWN
    assert settled(attempt) is Outcome.CONFIRMED
    assert mined(node) == 1


def test_twenty_threads_use_twenty_nonces_without_a_gap(node, connect):
    connect(node.url)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            send()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert sorted(Attempt.objects.values_list("nonce", flat=True)) == list(range(20))
    wait_for(lambda: mined(node) == 20, "not all mined")


def test_the_counter_starts_after_what_the_chain_already_knows(node, connect):
    connect(node.url)
    node.rpc("anvil_setNonce", OPERATOR, hex(7))
    assert send().nonce == 7


def test_sending_inside_an_open_transaction_is_refused(node, connect):
    connect(node.url)
    with pytest.raises(RuntimeError), transaction.atomic():
        send()
    assert not Attempt.objects.exists()


def test_a_stuck_transaction_is_replaced_with_both_fees_an_eighth_higher(node, connect):
    connect(node.url)
    node.rpc("evm_setAutomine", False)
    first = send()
    crowd_out(node)
    assert attempt_outcome(first) is Outcome.PENDING
    assert stuck_attempts(CHAIN_ID, time.time()) == []
    assert stuck_attempts(CHAIN_ID, time.time() + 7) == [first]

    second = sender.replace(first)
    assert second.nonce == first.nonce
    assert second.max_fee_wei >= -(-first.max_fee_wei * 9 // 8)
    assert second.priority_fee_wei >= -(-first.priority_fee_wei * 9 // 8)
    assert second.replaces_id == first.pk
    assert Attempt.objects.get(pk=first.pk).state == AttemptState.REPLACED

    make_room(node)
    assert settled(second) is Outcome.CONFIRMED
    assert attempt_outcome(first) is Outcome.REPLACED
    assert mined(node) == 1


def test_the_sweep_outbids_the_first_stuck_transaction_only(node, connect):
    connect(node.url)
    node.rpc("evm_setAutomine", False)
    first, second = send(), send()
    crowd_out(node)
    assert mend_chain(CHAIN_ID, time.time() + 10) == 0
    Attempt.objects.update(created_at=first.created_at.replace(year=2000))
    assert mend_chain(CHAIN_ID, time.time() + 10) == 1
    newest = sender.newest_of(first)
    assert newest.pk != first.pk
    assert sender.newest_of(second).pk == second.pk
    make_room(node)
    assert [settled(newest), settled(second)] == [Outcome.CONFIRMED] * 2


def test_a_transaction_that_a_base_fee_jump_threw_out_is_sent_with_higher_fees(node, connect):
    connect(node.url)
    node.rpc("evm_setAutomine", False)
    first = send()
    # anvil drops what cannot pay the base fee when it makes the block
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(first.max_fee_wei * 2))
    node.rpc("evm_mine")
    assert attempt_outcome(first) is Outcome.UNKNOWN
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    second = sender.newest_of(first)
    assert second.pk != first.pk
    assert second.max_fee_wei > first.max_fee_wei * 2
    node.rpc("evm_mine")
    assert settled(second) is Outcome.CONFIRMED


def test_a_transaction_mined_meanwhile_is_not_replaced(node, connect):
    connect(node.url)
    attempt = send()
    wait_for(lambda: mined(node) == 1, "not mined")
    assert sender.replace(attempt).pk == attempt.pk
    assert Attempt.objects.count() == 1


def test_a_dropped_transaction_is_sent_again_and_later_ones_go_on(node, connect):
    connect(node.url)
    node.rpc("evm_setAutomine", False)
    attempts = [send() for _ in range(3)]
    node.rpc("anvil_dropTransaction", attempts[1].tx_hash)
    assert attempt_outcome(attempts[1]) is Outcome.UNKNOWN
    # anvil drops those that follow as well
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 2
    node.rpc("evm_mine")
    assert [settled(attempt) for attempt in attempts] == [Outcome.CONFIRMED] * 3
    assert mined(node) == 3


def test_a_crash_between_store_and_broadcast_ends_in_exactly_one_transaction(node, connect, monkeypatch):
    connect(node.url)

    class Killed(BaseException):
        pass

    def die(*_: Any) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ChainClient, "send_raw", die)
        with pytest.raises(Killed):
            send()
    attempt = Attempt.objects.get()
    assert attempt.state == AttemptState.PLANNED
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 0
    assert settled(attempt) is Outcome.CONFIRMED
    assert Attempt.objects.count() == mined(node) == 1


def test_a_crash_after_the_broadcast_ends_in_exactly_one_transaction(node, connect, monkeypatch):
    connect(node.url)
    really = ChainClient.send_raw

    class Killed(BaseException):
        pass

    def send_and_die(self: ChainClient, raw: bytes) -> str:
        really(self, raw)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ChainClient, "send_raw", send_and_die)
        with pytest.raises(Killed):
            send()
    attempt = Attempt.objects.get()
    assert attempt.state == AttemptState.PLANNED
    assert sender.rebroadcast(attempt).state == AttemptState.BROADCAST
    assert settled(attempt) is Outcome.CONFIRMED
    assert mined(node) == 1


def test_a_leased_nonce_without_a_transaction_is_used_up(node, connect):
    connect(node.url)
    send()
    SendingAccount.objects.update(next_nonce=2)
    later = send()
    assert later.nonce == 2
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    assert settled(later) is Outcome.CONFIRMED
    assert Attempt.objects.get(nonce=1).purpose == sender.NOOP


def test_an_abandoned_nonce_goes_to_a_transfer_of_nothing(node, connect):
    connect(node.url)
    node.rpc("evm_setAutomine", False)
    attempt = send()
    noop = sender.abandon(attempt)
    node.rpc("evm_mine")
    assert settled(noop) is Outcome.CONFIRMED
    assert attempt_outcome(attempt) is Outcome.REPLACED
    assert (noop.nonce, noop.target, noop.value_wei) == (attempt.nonce, OPERATOR, 0)


def test_a_refused_transaction_keeps_its_nonce_and_is_given_up_by_a_recorded_no_op(node, connect):
    connect(node.url)
    with pytest.raises(SendRejected) as refusal:
        send(Call(BOB, value_wei=1, gas_limit=20_000))
    assert refusal.value.params["reason"] == "gas_limit"
    refused = Attempt.objects.get()
    assert refused.state == AttemptState.PLANNED
    following = send()
    assert following.nonce == 1
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    refused.refresh_from_db()
    assert refused.state == AttemptState.REPLACED
    assert settled(following) is Outcome.CONFIRMED


def test_without_funds_nothing_is_sent_and_it_goes_on_when_there_are_some(node, connect):
    connect(node.url)
    node.rpc("anvil_setBalance", OPERATOR, hex(1000))
    with pytest.raises(SendRejected) as refusal:
        send()
    assert refusal.value.params["reason"] == "insufficient_funds"
    node.rpc("anvil_setBalance", OPERATOR, hex(10**18))
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    assert settled(Attempt.objects.get()) is Outcome.CONFIRMED


def test_a_reverted_transaction_says_why(node, connect):
    connect(node.url)
    contract = reverting_contract(node)
    with pytest.raises(Reverted) as estimate:
        send(Call(contract))
    assert (estimate.value.name, estimate.value.arguments) == ("Error", ["nope"])
    attempt = send(Call(contract, gas_limit=60_000))
    assert settled(attempt) is Outcome.REVERTED
    assert attempt.revert == {"name": "Error", "args": ["nope"]}
    assert Attempt.objects.get().state == AttemptState.REVERTED


def test_a_reorganised_transaction_is_pending_again_and_the_same_bytes_are_mined_again(node, connect):
    connect(node.url)
    attempt = send()
    assert settled(attempt) is Outcome.CONFIRMED
    node.rpc("anvil_reorg", 1, [])
    assert attempt_outcome(attempt) is Outcome.UNKNOWN
    assert (attempt.state, attempt.block_number) == (AttemptState.BROADCAST, None)
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 1
    assert settled(attempt) is Outcome.CONFIRMED
    assert Attempt.objects.count() == 1


def test_an_account_used_elsewhere_moves_the_counter_on(node, connect):
    connect(node.url)
    settled(send())
    node.rpc("anvil_setNonce", OPERATOR, hex(9))
    assert reconcile_nonces(CHAIN_ID, OPERATOR) == 0
    assert send().nonce == 9


def test_a_nonce_taken_by_a_stranger_ends_the_attempt_only_after_the_final_depth(node, connect):
    manifest = connect(node.url)
    node.rpc("evm_setAutomine", False)
    follow()
    attempt = send()
    node.rpc("anvil_dropTransaction", attempt.tx_hash)
    node.rpc("anvil_setNonce", OPERATOR, hex(1))
    node.rpc("anvil_mine", hex(manifest.depth))
    assert attempt_outcome(attempt) is Outcome.UNKNOWN
    node.rpc("evm_mine")
    assert attempt_outcome(attempt) is Outcome.REPLACED
    assert attempt.state == AttemptState.REPLACED


def test_a_fresh_head_in_the_database_spares_the_question_to_the_node(proxy, node, connect):
    connect(proxy.url)
    follow()
    send()
    proxy.seen.clear()
    send()
    assert proxy.seen == ["eth_sendRawTransaction"]


def test_a_gas_price_above_the_cap_stops_before_anything_is_stored(node, connect):
    connect(node.url, max_fee_wei=10**8)
    with pytest.raises(FeeAboveCap):
        send()
    assert not Attempt.objects.exists()


def test_replacement_fees_round_up(node, connect):
    connect(node.url)
    assert bumped(Fees(10**10 + 1, 10**9 + 1), CHAIN_ID) == Fees(11_250_000_002, 1_125_000_002)


def follow() -> None:
    """Write the head down as the follower does."""
    head = client(CHAIN_ID).head()
    ChainHead.objects.create(
        chain_id=CHAIN_ID,
        number=head.number,
        block_hash=head.hash,
        timestamp=head.timestamp,
        seen_at=time.time(),
        base_fee_wei=head.base_fee_wei,
    )


def crowd_out(node: Any) -> None:
    """Make blocks with room for one transaction, and let somebody pay more for it."""
    node.rpc("evm_setBlockGasLimit", hex(25_000))
    for _ in range(3):
        offer = {"from": ALICE, "to": BOB, "gas": hex(21_000), "maxPriorityFeePerGas": hex(10**10)}
        node.rpc("eth_sendTransaction", {**offer, "maxFeePerGas": hex(10**11)})
        node.rpc("evm_mine")


def make_room(node: Any) -> None:
    node.rpc("evm_setBlockGasLimit", hex(30_000_000))
    node.rpc("evm_mine")


def reverting_contract(node: Any) -> str:
    reason = keccak(text="Error(string)")[:4] + encode(["string"], ["nope"])
    return node.deploy(reverting_with(reason))
