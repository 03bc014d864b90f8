"""A signed order is accepted once, as quoted, by its signer, with money behind it; else it says why not."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.amounts import bps_down
from intents.chains import registry
from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.engine import reservations
from intents.engine.repricing import Repriced
from intents.errors import WaymeetError
from intents.lifecycle import OrderState
from intents.models import Attempt, Event, Join, Order, OrderAccess, Quote, QuoteState, Reservation, Stock
from intents.services import limits, orders
from intents.services.orders import order_submit
from intents.services.quotes import Intent, quote_request, quote_solve, reprice
from intents.services.signatures import typed_data_of
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.rows import order_row

from .heads import write_heads

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HERE = "browser-here"


WISH = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "USDC",
    "amount": "100",
    "exact": "input",
    "recipient": "",
    "confirm": "auto",
}


def quoted(user: LocalAccount, **changes: str) -> Quote:
    wish = WISH | {"user": user.address} | changes
    quote = quote_request(intent=Intent.parse(wish), browser_key=HERE)
    quote_solve(quote.pk)
    quote.refresh_from_db()
    assert quote.state == QuoteState.READY, quote.refusal
    return quote


def signed(quote: Quote, user: LocalAccount) -> str:
    data = typed_data_of(
        order_from_json(quote.order), origin=registry.chain(quote.origin_id), way=quote.confirm_way
    )
    return "0x" + bytes(user.sign_message(encode_typed_data(full_message=data)).signature).hex()


def submitted(quote: Quote, user: LocalAccount, **changes: Any) -> Order:
    values = {
        "quote_id": quote.pk,
        "terms": quote.order,
        "signature": signed(quote, user),
        "browser_key": HERE,
        **changes,
    }
    return order_submit(**values)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(WaymeetError) as caught:
        call()
    return caught.value.code


def test_an_accepted_order_is_written_whole(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    order = submitted(quote, alice)
    assert order.order_id == quote.order_id
    assert order.state == OrderState.SIGNED
    assert [step.kind for step in order.steps.all()] == ["open", "fill", "prove", "finalise"]
    assert list(order.events.values_list("kind", "seq")) == [("accepted", 1)]
    assert OrderAccess.objects.filter(order=order, browser_key=HERE).exists()
    held = Reservation.objects.get(order=order, stock__token=order.output_token)
    assert held.amount == order.output_amount
    assert held.stock.reserved == held.amount
    quote.refresh_from_db()
    assert quote.state == QuoteState.USED


def test_the_same_order_again_answers_the_same(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    first = submitted(quote, alice)
    assert submitted(quote, alice).pk == first.pk
    assert Event.objects.filter(order=first).count() == 1


def test_a_balance_that_cannot_be_read_is_unknown_and_not_too_little(
    seen: Network, alice: LocalAccount
) -> None:
    quote = quoted(alice)
    seen.rpc("alder").request("anvil_setCode", seen.token("alder", "USDC"), "0x60006000fd")
    assert code_of(lambda: submitted(quote, alice)) == "balance_unknown"
    assert not Order.objects.exists()
    unread = quote_request(intent=Intent.parse(WISH | {"user": alice.address}), browser_key=HERE)
    quote_solve(unread.pk)
    unread.refresh_from_db()
    assert unread.refusal == {"code": "balance_unknown", "params": {"chain": seen.manifest("alder").name}}


def test_another_browser_gets_nothing_from_public_calldata(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    order = submitted(quote, alice)
    assert code_of(lambda: submitted(quote, alice, browser_key="elsewhere")) == "already_submitted"
    theirs = quoted(alice)
    again = {"terms": quote.order, "signature": signed(quote, alice)}
    assert code_of(lambda: submitted(theirs, alice, **again)) == "already_submitted"
    assert code_of(lambda: submitted(quote, alice, browser_key="")) == "already_submitted"
    assert OrderAccess.objects.filter(order=order).count() == 1


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("fillDeadline",), "4000000000", "fillDeadline"),
        (("expires",), "4100000000", "expires"),
        (("nonce",), "7", "nonce"),
        (("outputs", 0, "amount"), "1", "outputs[0].amount"),
        (("outputs", 0, "recipient"), "0x" + "00" * 12 + "11" * 20, "outputs[0].recipient"),
        (("inputs", 0, 1), "1", "inputs[0][1]"),
    ],
)
def test_the_first_field_that_differs_is_named(
    seen: Network, alice: LocalAccount, path: tuple[Any, ...], value: str, named: str
) -> None:
    quote = quoted(alice)
    terms = {**quote.order, "outputs": [dict(o) for o in quote.order["outputs"]]}
    terms["inputs"] = [list(pair) for pair in quote.order["inputs"]]
    place: Any = terms
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(WaymeetError) as caught:
        submitted(quote, alice, terms=terms)
    assert caught.value.code == "field_differs"
    assert caught.value.params["field"] == named
    assert not Order.objects.exists()


@pytest.mark.parametrize("terms", [None, [], "order", {}, {"user": 1}])
def test_terms_that_are_no_order_are_refused(seen: Network, alice: LocalAccount, terms: Any) -> None:
    quote = quoted(alice)
    assert code_of(lambda: submitted(quote, alice, terms=terms)) == "order_field"


def test_another_signer_is_refused(seen: Network, alice: LocalAccount, mallory: LocalAccount) -> None:
    quote = quoted(alice)
    assert code_of(lambda: submitted(quote, alice, signature=signed(quote, mallory))) == "wrong_signer"


@pytest.mark.parametrize("form", ["compact", "malleable", "short", "text", "none", "bad v"])
def test_only_a_canonical_signature_is_taken(seen: Network, alice: LocalAccount, form: str) -> None:
    quote = quoted(alice)
    raw = bytes.fromhex(signed(quote, alice)[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    forms: dict[str, Any] = {
        "compact": "0x" + (r + (s | ((v - 27) << 255)).to_bytes(32, "big")).hex(),
        "malleable": "0x" + (r + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([55 - v])).hex(),
        "short": "0x" + raw[:40].hex(),
        "text": "not hex at all",
        "none": None,
        "bad v": "0x" + (raw[:64] + b"\x05").hex(),
    }
    assert code_of(lambda: submitted(quote, alice, signature=forms[form])) == "signature_malformed"
    zero_based = "0x" + (raw[:64] + bytes([v - 27])).hex()
    assert submitted(quote, alice, signature=zero_based).state == OrderState.SIGNED


def test_an_unknown_quote_is_refused(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    unknown = "00000000-0000-4000-8000-000000000000"
    assert code_of(lambda: submitted(quote, alice, quote_id=unknown)) == "quote_not_found"


def test_a_quote_of_another_browser_is_not_found(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    assert code_of(lambda: submitted(quote, alice, browser_key="elsewhere")) == "quote_not_found"


def test_a_card_that_ran_out_is_priced_again(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    Quote.objects.filter(pk=quote.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert submitted(quote, alice).output_amount == quote.output_minimum


@pytest.mark.parametrize(
    ("short_bps", "dearer_gas_bps", "is_taken"),
    [(4, 0, True), (30, 0, False), (30, 28, True), (60, 80, False)],
    ids=["by what we earn", "by more", "by gas that rose", "by more than our limit"],
)
def test_who_signs_after_the_card_ran_out_gains_nothing_by_having_waited(
    seen: Network,
    alice: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
    short_bps: int,
    dearer_gas_bps: int,
    is_taken: bool,
) -> None:
    """The price may take what we would have earned; only gas, which nobody gains by, may cost us more."""
    quote = quoted(alice)
    Quote.objects.filter(pk=quote.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(
        "intents.services.orders.reprice",
        lambda later: _worse(reprice(later), short_bps=short_bps, dearer_gas_bps=dearer_gas_bps),
    )
    if is_taken:
        assert submitted(quote, alice).output_amount == quote.output_minimum
        return
    with pytest.raises(WaymeetError) as caught:
        submitted(quote, alice)
    assert caught.value.code == "worse_price"
    fresh = Quote.objects.get(pk=caught.value.params["quote_id"])
    assert fresh.intent == quote.intent
    assert not Order.objects.exists()


def _worse(found: Repriced, *, short_bps: int, dearer_gas_bps: int) -> Repriced:
    assert found.route is not None
    more = found.route.value_usd_e8 * dearer_gas_bps // 10_000
    gas, *others = found.route.fees
    assert gas.kind == "network_fee"
    fees = (replace(gas, usd_e8=gas.usd_e8 + more), *others)
    expected = bps_down(found.route.output_expected, 10_000 - short_bps)
    return replace(found, route=replace(found.route, output_expected=expected, fees=fees))


def test_too_little_time_to_the_deadline_is_too_late(seen: Network, alice: LocalAccount) -> None:
    quote = quoted(alice)
    seen.warp(90)
    write_heads(seen)
    assert code_of(lambda: submitted(quote, alice)) == "too_late"


def test_a_blocked_address_is_refused(seen: Network, alice: LocalAccount, settings: Any) -> None:
    quote = quoted(alice)
    settings.BLOCKED_ADDRESSES = [alice.address.lower()]
    assert code_of(lambda: submitted(quote, alice)) == "blocked_address"


def test_a_wallet_has_at_most_three_unopened_orders(seen: Network, alice: LocalAccount) -> None:
    for _ in range(3):
        submitted(quoted(alice), alice)
    assert code_of(lambda: submitted(quoted(alice), alice)) == "too_many_open"


def test_failed_opens_count_against_the_wallet(seen: Network, alice: LocalAccount) -> None:
    for _ in range(3):
        order = submitted(quoted(alice), alice)
        reason = {"code": "open_failed", "params": {}}
        Order.objects.filter(pk=order.pk).update(state=OrderState.REJECTED, reason=reason)
        reservations.release(order.order_id)
    assert code_of(lambda: submitted(quoted(alice), alice)) == "too_many_open"


def test_failed_opens_count_against_the_address_they_came_from(
    seen: Network, alice: LocalAccount, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intents.services.bounds.factor", lambda: 1)
    there, elsewhere = "192.0.2.7", "192.0.2.8"
    for _ in range(3):
        order = submitted(quoted(alice), alice, client_address=there)
        reason = {"code": "open_failed", "params": {}}
        Order.objects.filter(pk=order.pk).update(state=OrderState.REJECTED, reason=reason)
        reservations.release(order.order_id)
    assert code_of(lambda: submitted(quoted(bob), bob, client_address=there)) == "too_many_open"
    assert submitted(quoted(bob), bob, client_address=elsewhere).state == OrderState.SIGNED


def test_an_address_is_kept_as_a_fingerprint_that_needs_our_key(
    seen: Network, alice: LocalAccount, settings: Any
) -> None:
    order = submitted(quoted(alice), alice, client_address="2001:db8::1")
    assert len(order.client_key) == 64
    assert "2001" not in order.client_key
    assert limits.client_key("2001:db8::2") == order.client_key, "one household"
    settings.SECRET_KEY = "another"
    assert limits.client_key("2001:db8::1") != order.client_key


def test_unopened_orders_together_stay_within_the_balance(seen: Network) -> None:
    user = wallet(501)
    seen.fund("alder", [user.address], {"USDC": 150 * 10**6})
    first, second = quoted(user), quoted(user)
    submitted(first, user)
    assert code_of(lambda: submitted(second, user)) == "insufficient_balance"


def test_unopened_orders_together_stay_within_the_allowance(seen: Network, alice: LocalAccount) -> None:
    first = quoted(alice, confirm="permit2", input_token="USDT")
    second = quoted(alice, confirm="permit2", input_token="USDT")
    token, permit2 = seen.token("alder", "USDT"), seen.manifest("alder").address("permit2")
    _allow(seen, token, permit2, alice.address, 150 * 10**6)
    submitted(first, alice)
    assert code_of(lambda: submitted(second, alice)) == "no_allowance"


def test_one_wallet_may_not_park_more_than_a_quarter_of_a_stock(seen: Network, alice: LocalAccount) -> None:
    strangers.leave_in_stock(seen, "birch", "USDC", 1_000 * 10**6)
    write_heads(seen)
    quotes = [quoted(alice) for _ in range(3)]
    submitted(quotes[0], alice)
    submitted(quotes[1], alice)
    assert code_of(lambda: submitted(quotes[2], alice)) == "no_stock"


def test_fifty_orders_against_stock_for_ten(seen: Network) -> None:
    users = [wallet(600 + number) for number in range(50)]
    seen.fund("alder", [user.address for user in users], {"USDC": 200 * 10**6})
    strangers.leave_in_stock(seen, "birch", "USDC", 1_000 * 10**6)
    write_heads(seen)
    quotes = [quoted(user) for user in users]
    outcomes: list[str] = []

    def submit(quote: Quote, user: LocalAccount) -> None:
        try:
            outcomes.append(submitted(quote, user).state)
        except WaymeetError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    pairs = zip(quotes, users, strict=True)
    threads = [threading.Thread(target=submit, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes.count("signed") == 10
    assert outcomes.count("no_stock") == 40
    assert Order.objects.count() == 10
    stock = Stock.objects.get(chain_id=902, token=seen.token("birch", "USDC"))
    assert stock.reserved == sum(Order.objects.values_list("output_amount", flat=True)) <= stock.balance
    assert not Attempt.objects.exists()
    assert Quote.objects.filter(state=QuoteState.READY).count() == 40


def test_two_orders_that_come_at_once_do_not_both_take_the_last_room_of_a_new_chain(
    seen: Network, alice: LocalAccount, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"state": Join.State.DONE, "ended_at": timezone.now() - timedelta(hours=1)}
    Join.objects.create(chain_id=901, slug="alder", name="Alder", asked={}, **done)
    seen.fund("alder", [alice.address, bob.address], {"USDC": 1_100 * 10**6})
    write_heads(seen)
    first, second = (quoted(user, amount="1100") for user in (alice, bob))
    # Both pass the gate before either is there.
    monkeypatch.setattr(orders, "refuse_new_chain", lambda *_asked, **_named: None)
    assert submitted(first, alice).state == OrderState.SIGNED
    assert code_of(lambda: submitted(second, bob)) == "cold_start_cap"
    second.refresh_from_db()
    assert second.state == QuoteState.READY and Reservation.objects.filter(order__quote=second).count() == 0


@pytest.mark.parametrize("state", [OrderState.OPENED, OrderState.SETTLED])
def test_an_order_opened_without_us_reserves_nothing_when_it_is_submitted_later(
    seen: Network, alice: LocalAccount, state: OrderState
) -> None:
    quote = quoted(alice)
    row = {"order_id": quote.order_id, "terms": quote.order, "user": alice.address, "state": state}
    order_row(**row, confirm_way="onchain", fill_deadline=quote.order["fillDeadline"])
    order = submitted(quote, alice)
    assert (order.state, order.quote_id) == (state, quote.pk)
    assert not Reservation.objects.filter(order=order).exists()


def _allow(network: Network, token: str, spender: str, owner: str, amount: int) -> None:
    rpc = network.rpc("alder")
    rpc.request("anvil_impersonateAccount", owner)
    for value in (0, amount):
        data = encode_call("approve(address,uint256)", [spender, value])
        strangers.send(network, "alder", Call(token, data), sender=owner)
    rpc.request("anvil_stopImpersonatingAccount", owner)
