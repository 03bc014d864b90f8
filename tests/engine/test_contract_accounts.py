"""Accounts with code: a wallet of two owners signs by ERC-1271, a delegated account by the code it borrows."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import wallet
from intents.errors import WaymeetError
from intents.lifecycle import OrderState
from intents.models import Quote
from intents.services.errors import WrongSigner
from intents.services.intent import Intent
from intents.services.orders import order_submit
from intents.services.quotes import quote_request, quote_solve
from intents.services.signatures import require_account
from intents.settlement.calls import open_by_user
from intents.settlement.order import order_from_json
from tests.engine import teams
from tests.engine.driver import Driver
from tests.engine.senders import send_own
from tests.engine.teams import FIRST, SECOND, signed_by

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

SLOW_SECONDS = 3600
# Runtime code that accepts any signature, if only it has 5,000,000 units of gas for that.
GREEDY = "0x63004c4b405a11600f5760006000fd5b631626ba7e60e01b60005260206000f3"


def team_wallet(driver: Driver) -> str:
    """A fresh account of both owners on Alder, with money that Permit2 may move."""
    amounts = {"USDC": 500 * 10**6, "WETH": 10**18}
    return teams.team_wallet(driver.network, "alder", amounts, permit2=("WETH",))


def asked(user: str, **changes: str) -> Quote:
    wish = {
        "origin": "alder",
        "destination": "birch",
        "input_token": "WETH",
        "output_token": "USDC",
        "amount": "0.01",
        "user": user,
        **changes,
    }
    quote = quote_request(intent=Intent.parse(wish), browser_key="browser-1")
    quote_solve(quote.pk)
    quote.refresh_from_db()
    return quote


def submitted(quote: Quote, signature: str) -> Any:
    return order_submit(quote_id=quote.pk, terms=quote.order, signature=signature, browser_key="browser-1")


def test_judging_a_signature_has_our_nodes_work_no_longer_than_opening_would(
    driver: Driver, alice: LocalAccount
) -> None:
    """Anybody may name an account whose code runs as long as it is let: each quote and order would hold a node up."""
    user = str(Account.create().address)
    driver.network.rpc("alder").request("anvil_setCode", user, GREEDY)
    driver.network.fund("alder", [user], {"USDC": 100 * 10**6})
    quote = asked(user, input_token="USDC", amount="25", recipient=alice.address)
    reasons = {each["way"]: each["reason"] for each in quote.ways}
    assert reasons["eip3009"] == "account_cannot_check_signatures"
    order, alder = order_from_json(quote.order), driver.network.manifest("alder")
    with pytest.raises(WrongSigner):
        require_account(order, b"", origin=alder, way="eip3009")


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(WaymeetError) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize(("token", "amount", "way"), [("WETH", "0.01", "permit2"), ("USDC", "20", "eip3009")])
def test_both_owners_sign_and_the_money_arrives(
    driver: Driver, bob: LocalAccount, token: str, amount: str, way: str
) -> None:
    account = team_wallet(driver)
    quote = asked(account, input_token=token, amount=amount, recipient=bob.address)
    assert (quote.state, quote.confirm_way) == ("ready", way)
    before = driver.network.balance("birch", "USDC", bob.address)
    order = submitted(quote, signed_by(quote, FIRST, SECOND))
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", bob.address) - before >= order.output_amount


def test_people_who_sign_together_have_an_hour(driver: Driver, bob: LocalAccount) -> None:
    quote = asked(team_wallet(driver), recipient=bob.address)
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    assert order_from_json(quote.order).fill_deadline - now >= SLOW_SECONDS


def test_one_owner_alone_or_the_wrong_order_signs_nothing(driver: Driver, bob: LocalAccount) -> None:
    quote = asked(team_wallet(driver), recipient=bob.address)
    for owners in ((FIRST,), (SECOND, FIRST), (FIRST, bob)):
        assert code_of(lambda: submitted(quote, signed_by(quote, *owners))) == "wrong_signer"  # noqa: B023
    assert code_of(lambda: submitted(quote, "0x" + "ab" * 2_000)) == "signature_malformed"


def test_a_contract_says_where_its_money_goes(driver: Driver) -> None:
    quote = asked(team_wallet(driver))
    assert (quote.refusal or {}).get("code") == "recipient_is_contract"


def test_a_key_cannot_sign_with_more_than_a_signature(driver: Driver, alice: LocalAccount) -> None:
    quote = asked(alice.address)
    assert code_of(lambda: submitted(quote, signed_by(quote, alice, alice))) == "signature_malformed"


def test_borrowed_code_that_checks_no_signatures_is_offered_a_batch(driver: Driver) -> None:
    user = wallet(963)
    driver.network.fund("alder", [user.address], {"USDC": 500 * 10**6})
    silent = driver.network.token("alder", "WETH")
    driver.network.rpc("alder").request("anvil_setCode", user.address, "0xef0100" + silent[2:])
    quote = asked(user.address, input_token="USDC", amount="20", can_batch="1")
    reasons = {way["way"]: way["reason"] for way in quote.ways}
    assert reasons["eip3009"] == "account_cannot_check_signatures"
    assert quote.confirm_way == "batch"


def test_two_owners_have_their_account_pay_coins(driver: Driver, bob: LocalAccount) -> None:
    account = team_wallet(driver)
    quote = asked(account, input_token="ETH", amount="0.05", recipient=bob.address)
    assert quote.confirm_way == "native"
    order = submitted(quote, "")
    settler = driver.network.manifest("alder").address("input_settler")
    (opening,) = open_by_user(order_from_json(order.terms), settler=settler)
    arguments = [opening.target, opening.value_wei, opening.data]
    driver.network.fund("alder", [FIRST.address, SECOND.address], {})
    before = driver.network.balance("birch", "USDC", bob.address)
    for owner, act in ((FIRST, "propose"), (SECOND, "execute")):
        data = encode_call(f"{act}(address,uint256,bytes)", arguments)
        send_own(driver.network, "alder", owner, [Call(account, data)])
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert order.user == account
    assert driver.network.balance("birch", "USDC", bob.address) - before >= order.output_amount
