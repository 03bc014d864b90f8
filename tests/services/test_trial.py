"""A call on arrival is tried as it would be made, before anybody is offered it."""

from dataclasses import replace

import pytest

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.manifest import ChainManifest
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.services.trial import Outcome, Trial, try_call
from intents.settlement.destination_call import DestinationCall

pytestmark = pytest.mark.django_db(transaction=True)

USDC = 10**6
PERSON = wallet(60).address


@pytest.fixture
def birch(registered: Network) -> ChainManifest:
    return registered.manifest("birch")


def deposit(birch: ChainManifest, amount: int) -> DestinationCall:
    app = birch.app("vault")
    data = app.call_data(amount=amount, recipient=PERSON)
    return DestinationCall(recipient=PERSON, target=app.target, data=data, gas=app.gas)


def tried(
    call: DestinationCall, birch: ChainManifest, *, symbol: str = "USDC", amount: int = 25 * USDC
) -> Trial:
    token = ZERO_ADDRESS if symbol == "ETH" else birch.token(symbol).address
    return try_call(call, token=token, amount=amount, destination=birch)


def test_a_deposit_of_what_arrives_works_and_leaves_nothing_behind(
    birch: ChainManifest, registered: Network
) -> None:
    assert tried(deposit(birch, 25 * USDC), birch) == Trial(Outcome.WORKS)
    rpc = registered.rpc("birch")
    assert rpc.call(birch.app("vault").target, "balanceOf(address)", PERSON) == 0
    executor = birch.address("call_executor")
    assert rpc.call(birch.token("USDC").address, "balanceOf(address)", executor) == 0


def test_a_deposit_of_more_than_arrives_fails(birch: ChainManifest) -> None:
    assert tried(deposit(birch, 25 * USDC + 1), birch).outcome is Outcome.FAILS


def test_too_little_gas_is_found_out(birch: ChainManifest) -> None:
    call = deposit(birch, 25 * USDC)
    assert tried(replace(call, gas=30_000), birch).outcome is Outcome.FAILS


def test_an_account_without_code_cannot_be_called(birch: ChainManifest) -> None:
    call = replace(deposit(birch, 1), target=PERSON)
    assert tried(call, birch) == Trial(Outcome.FAILS, "CodeSize0")


def test_what_we_do_not_stock_is_taken_from_a_pool_for_the_trial(birch: ChainManifest) -> None:
    weth = birch.token("WETH").address
    data = encode_call("transferFrom(address,address,uint256)", (birch.address("call_executor"), PERSON, 1))
    call = DestinationCall(recipient=PERSON, target=weth, data=data, gas=200_000)
    # Its target is the token itself, which acceptance refuses: here it only shows that WETH was there to take.
    assert tried(call, birch, symbol="WETH", amount=10**16).outcome is Outcome.WORKS


def test_more_than_anybody_holds_cannot_be_tried(birch: ChainManifest) -> None:
    assert tried(deposit(birch, 10**30), birch, amount=10**30) == Trial(Outcome.UNKNOWN, "no_holder")


def test_coins_that_arrive_can_be_sent_along(birch: ChainManifest) -> None:
    weth = birch.token("WETH").address
    call = DestinationCall(
        recipient=PERSON, target=weth, data=encode_call("deposit()"), gas=100_000, value_wei=10**17
    )
    assert tried(call, birch, symbol="ETH", amount=10**17) == Trial(Outcome.WORKS)
    assert tried(call, birch, symbol="ETH", amount=10**17 - 1).outcome is Outcome.FAILS
