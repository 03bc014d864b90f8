"""A transfer that ends in a call: made with what arrives, or the tokens are with the person and it is said."""

from typing import Any

import pytest

from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.lifecycle import OrderState
from intents.models import Event, Quote
from intents.selectors.timeline import timeline
from tests.engine.driver import Driver

pytestmark = pytest.mark.django_db(transaction=True)

USDC = 10**6


def depositing(driver: Driver, person: Any, **wanted: Any) -> Quote:
    """A quote that ends in Birch's vault."""
    return driver.quote(
        person, **{"get": "birch:USDC", "amount": "25", "exact": "output", "app": "vault", **wanted}
    )


def held(network: Network, token: str, owner: str) -> int:
    return int(network.rpc("birch").call(token, "balanceOf(address)", owner))


@pytest.mark.parametrize("route", ["in_stock", "swap_fill"])
def test_a_deposit_from_alder_is_in_the_vault_with_one_signature(
    driver: Driver, network: Network, alice: Any, route: str
) -> None:
    birch = network.manifest("birch")
    app = birch.app("vault")
    recipient = wallet(70).address
    wish: dict[str, Any] = {"recipient": recipient}
    if route == "swap_fill":
        wish |= {"get": "birch:WETH", "amount": "50", "exact": "input", "app": ""}
        wish["call"] = {"target": app.target, "data": "0x06fdde03", "gas": "60000"}
    quote = depositing(driver, alice, **wish)
    assert quote.routes[0]["kind"] == route
    assert quote.confirmations == 1
    fill = next(step["details"] for step in quote.plan if step["kind"] == "fill")
    assert fill["call"]["is_tried"]
    order = driver.submit(quote, alice)
    assert order.recipient == recipient
    driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    called = Event.objects.get(order=order, kind="called")
    assert called.data["target"] == app.target
    if route == "in_stock":
        assert held(network, app.target, recipient) == 25 * USDC
        assert held(network, birch.token("USDC").address, recipient) == 0
    else:
        # The call takes nothing, so all of it, with what the swap gave beyond the minimum, is the person's.
        weth = held(network, birch.token("WETH").address, recipient)
        assert weth == order.delivered_amount > order.output_amount
        assert held(network, birch.token("WETH").address, birch.address("call_executor")) == 0
    assert timeline(order).money.code == "delivered_called"


def test_a_call_that_fails_after_all_leaves_the_tokens_with_the_person_and_says_so(
    driver: Driver, fresh_network: Network, alice: Any
) -> None:
    birch = fresh_network.manifest("birch")
    app = birch.app("vault")
    recipient = wallet(71).address
    order = driver.submit(depositing(driver, alice, recipient=recipient), alice)
    # Between the quote and the payment the vault breaks: whoever calls it now is refused.
    fresh_network.rpc("birch").request("anvil_setCode", app.target, "0x60006000fd")
    driver.drive(order, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    assert held(fresh_network, birch.token("USDC").address, recipient) == 25 * USDC
    assert Event.objects.get(order=order, kind="call_failed").data["target"] == app.target
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
    assert calling.input_amount > plain.input_amount
