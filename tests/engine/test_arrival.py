"""A transfer that ends in a call: made with what arrives, or the tokens are with the person and it is said."""

from typing import Any

import pytest
from eth_account import Account

from intents.chains.calls import ZERO_ADDRESS
from intents.devnet.accounts import named_wallet, wallet
from intents.devnet.network import Network
from intents.engine import ledger
from intents.engine.audit import ledger_check
from intents.lifecycle import OrderState
from intents.models import Attempt, ChainLog, Event, Order, Quote
from intents.selectors.timeline import timeline
from intents.settlement.destination_call import arrival_gas
from intents.settlement.order import order_from_json
from intents.solver.gas import GasRules
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = pytest.mark.django_db(transaction=True)

USDC = 10**6
# Runtime code that reverts with Error("\x00"), which PostgreSQL keeps in no row.
SAYS_NUL = "0x6308c379a060e01b60005260206004526001602452606460" + "00fd"


def depositing(driver: Driver, person: Any, **wanted: Any) -> Quote:
    """A quote that ends in Birch's vault."""
    return driver.quote(
        person, **{"get": "birch:USDC", "amount": "25", "exact": "output", "app": "vault", **wanted}
    )


def held(network: Network, token: str, owner: str, *, slug: str = "birch") -> int:
    return int(network.rpc(slug).call(token, "balanceOf(address)", owner))


def test_a_deposit_from_alder_is_in_the_vault_with_one_signature(
    driver: Driver, fresh_network: Network, alice: Any
) -> None:
    birch = fresh_network.manifest("birch")
    app = birch.app("vault")
    recipient = wallet(70).address
    quote = depositing(driver, alice, recipient=recipient)
    assert quote.confirmations == 1
    fill = next(step["details"] for step in quote.plan if step["kind"] == "fill")
    assert fill["call"]["is_tried"]
    order = driver.submit(quote, alice)
    assert order.recipient == recipient
    driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    assert Event.objects.get(order=order, kind="called").data["target"] == app.target
    assert held(fresh_network, app.target, recipient) == 25 * USDC
    assert held(fresh_network, birch.token("USDC").address, recipient) == 0
    assert timeline(order).money.code == "delivered_called"


def test_what_a_swap_gives_beyond_the_minimum_goes_to_the_person_not_to_the_executor(
    driver: Driver, fresh_network: Network, alice: Any
) -> None:
    cedar = fresh_network.manifest("cedar")
    recipient = wallet(72).address
    # A call that takes nothing: all of it is the person's in the end.
    call = {"target": cedar.token("WETH").address, "data": "0x06fdde03", "gas": "60000"}
    quote = driver.quote(alice, get="cedar:WBTC", amount="500", recipient=recipient, call=call)
    assert quote.routes[0]["kind"].endswith("swap_fill")
    order = driver.submit(quote, alice)
    with fresh_network.ticking(0.2):
        driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED, seconds=60)
    assert Event.objects.filter(order=order, kind="called").exists()
    wbtc = cedar.token("WBTC").address
    received = held(fresh_network, wbtc, recipient, slug="cedar")
    assert received == (order.delivered_amount or 0) > order.output_amount
    assert held(fresh_network, wbtc, cedar.address("call_executor"), slug="cedar") == 0


def test_a_call_that_fails_after_all_leaves_the_tokens_with_the_person_and_says_so(
    driver: Driver, fresh_network: Network, alice: Any
) -> None:
    birch = fresh_network.manifest("birch")
    app = birch.app("vault")
    recipient = wallet(71).address
    order = driver.submit(depositing(driver, alice, recipient=recipient), alice)
    # Between the quote and the payment the vault breaks: whoever calls it now is refused, in words of its own choice.
    fresh_network.rpc("birch").request("anvil_setCode", app.target, SAYS_NUL)
    driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    assert held(fresh_network, birch.token("USDC").address, recipient) == 25 * USDC
    told = Event.objects.get(order=order, kind="call_failed").data
    assert (told["target"], told["revert"]) == (app.target, {"name": "Error", "args": ["\ufffd"]})
    assert not Event.objects.filter(order=order, kind="called").exists()
    seen = timeline(order)
    assert seen.shown == "delivered"
    assert seen.money.code == "delivered_call_failed"
    assert "25 USDC" in seen.money.text
    assert recipient in seen.money.text


def test_a_call_that_would_fail_now_is_not_offered(driver: Driver, network: Network, alice: Any) -> None:
    app = network.manifest("birch").app("vault")
    call = {
        "target": app.target,
        "data": "0x" + app.call_data(amount=26 * USDC, recipient=alice.address).hex(),
    }
    with pytest.raises(AssertionError, match="call_would_fail"):
        depositing(driver, alice, app="", call=call)


def test_the_gas_of_the_call_is_in_the_price(driver: Driver, network: Network, alice: Any) -> None:
    plain = depositing(driver, alice, app="")
    calling = depositing(driver, alice)
    assert (calling.input_amount or 0) > (plain.input_amount or 0) > 0


def coins(network: Network, owner: str) -> int:
    return int(network.rpc("birch").request("eth_getBalance", owner, "latest"), 16)


@pytest.mark.parametrize("wish", [{}, {"get": "birch:WETH", "amount": "50", "exact": "input", "app": ""}])
def test_a_recipient_without_coins_gets_gas_besides_and_we_are_repaid(
    driver: Driver, fresh_network: Network, alice: Any, wish: dict[str, str]
) -> None:
    birch = fresh_network.manifest("birch")
    recipient = fresh_account(fresh_network)
    quote = depositing(driver, alice, recipient=recipient, gas_on_arrival="auto", **wish)
    outputs = signed_outputs(quote)
    assert len(outputs) == 2
    wei = int(outputs[1]["amount"])
    line = next(fee for fee in quote.fees if fee["kind"] == "gas_on_arrival")
    assert birch.gas_on_arrival_usd_e8 <= int(line["usd_e8"]) <= birch.gas_on_arrival_usd_e8 * 102 // 100
    order = driver.submit(quote, alice)
    with fresh_network.ticking(0.2):
        driver.drive(order, OrderState.SETTLED)
    assert coins(fresh_network, recipient) == wei > 0
    assert order.delivered_amount is not None
    assert order.delivered_amount >= order.output_amount
    booked = ledger.balances([order.order_id])
    assert booked[(birch.chain_id, ZERO_ADDRESS, str(ledger.Account.USER))] == wei
    assert ledger_check() == []
    attempt = Attempt.objects.get(step__order=order, purpose="fill", state="confirmed")
    fill, terms = order.steps.get(kind="fill"), order_from_json(order.terms)
    pools = len((fill.details["swap"] or {}).get("venues", ()))
    priced = GasRules().fill + pools * GasRules().pool + arrival_gas(terms.outputs)
    assert attempt.gas_used is not None
    assert attempt.gas_used <= priced, "what a quote takes for gas covers it"


def test_gas_is_offered_by_itself_only_to_who_has_none(
    driver: Driver, fresh_network: Network, alice: Any
) -> None:
    def outputs(**wish: Any) -> int:
        return len(signed_outputs(depositing(driver, alice, **wish)))

    recipient = fresh_account(fresh_network)
    assert outputs(recipient=recipient, gas_on_arrival="auto") == 2
    assert outputs(recipient=recipient, gas_on_arrival="no") == 1
    assert outputs(recipient=recipient) == 1, "programs ask for it"
    assert outputs(gas_on_arrival="auto") == 1, "alice has coins on Birch"
    assert outputs(gas_on_arrival="yes") == 2
    assert outputs(gas_on_arrival="yes", get="birch:ETH", amount="0.01", app="") == 1


def test_an_undelivered_order_of_two_outputs_comes_back_by_the_first(
    driver: Driver, fresh_network: Network, alice: Any, settings: Any
) -> None:
    settings.FILL_ENABLED = False
    usdc = fresh_network.token("alder", "USDC")
    before = int(fresh_network.rpc("alder").call(usdc, "balanceOf(address)", alice.address))
    quote = depositing(driver, alice, recipient=fresh_account(fresh_network), gas_on_arrival="auto")
    order = driver.submit(quote, alice)
    driver.drive(order, OrderState.OPENED)
    fresh_network.warp(200)
    with fresh_network.ticking(0.2):
        driver.drive(order, OrderState.REFUNDED)
    assert int(fresh_network.rpc("alder").call(usdc, "balanceOf(address)", alice.address)) == before


def fresh_account(network: Network) -> str:
    """An address that never had a coin."""
    address = Account.create().address
    assert coins(network, address) == 0
    return str(address)


def signed_outputs(quote: Quote) -> list[dict[str, str]]:
    assert quote.order is not None
    return list(quote.order["outputs"])


def test_an_outsiders_half_of_two_outputs_is_no_delivery_and_the_money_comes_back(
    driver: Driver, fresh_network: Network, alice: Any, settings: Any
) -> None:
    """Whoever fills the first output alone cannot be paid: what proves the refund is the second one's absence."""
    settings.FILL_ENABLED = False
    recipient = fresh_account(fresh_network)
    quote = depositing(driver, alice, app="", recipient=recipient, gas_on_arrival="auto")
    order = driver.drive(driver.submit(quote, alice), OrderState.OPENED)
    strangers.fill_as_outsider(fresh_network, "birch", order_from_json(order.terms), order.order_id)
    settings.FILL_ENABLED = True
    fresh_network.mine("birch", 2)
    driver.work_until(lambda: "OutputFilled" in kinds_seen(order))
    order.refresh_from_db()
    assert order.state in (OrderState.OPENED, OrderState.FILLING)
    fresh_network.warp(200)
    with fresh_network.ticking(0.2):
        driver.drive(order, OrderState.REFUNDED)
    attempt = Attempt.objects.get(step__order=order, purpose="refund", state="confirmed")
    assert attempt.calldata.endswith(f"{1:064x}") or f"{1:064x}" in attempt.calldata[10:138]


def kinds_seen(order: Order) -> set[str]:
    return set(ChainLog.objects.filter(order_id=order.order_id).values_list("kind", flat=True))


def test_a_vault_on_a_network_never_seen_before(odd_driver: Driver, registered_odd: Network) -> None:
    slug, manifest = next((slug, each) for slug, each in registered_odd.manifests.items() if each.apps)
    origin = next(each for each in registered_odd.manifests if each != slug)
    person, recipient = named_wallet("an odd person"), wallet(73).address
    token, given = manifest.token("USDC"), registered_odd.manifest(origin).token("USDC")
    registered_odd.fund(origin, [person.address], {"USDC": 1_000 * 10**given.decimals}, permit2=["USDC"])
    quote = odd_driver.quote(
        person,
        give=f"{origin}:USDC",
        get=f"{slug}:USDC",
        amount="40",
        exact="output",
        recipient=recipient,
        app="vault",
        gas_on_arrival="yes",
    )
    order = odd_driver.submit(quote, person)
    with registered_odd.ticking(0.2):
        odd_driver.drive(order, OrderState.FILLED, OrderState.PROVING)
    shares = registered_odd.rpc(slug).call(manifest.app("vault").target, "balanceOf(address)", recipient)
    assert shares == 40 * 10**token.decimals
    wei = int(signed_outputs(quote)[1]["amount"])
    assert int(registered_odd.rpc(slug).request("eth_getBalance", recipient, "latest"), 16) == wei > 0
