"""A chain starts to drain while people hold offers: nothing new begins, in plain words; what runs ends first."""

import json
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.engine import departures
from intents.engine.departures import sweep_departures
from intents.lifecycle import OrderState
from intents.models import Attempt, Chain, Departure, Order, Quote, QuoteState, Reservation
from intents.services.quotes import Intent, quote_request, quote_solve
from tests.engine.driver import Driver
from tests.web.conftest import Browser

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
BIRCH = 902
WHY = "its operator moves to another stack"


def begin(kind: Departure.Kind) -> None:
    departures.begin(BIRCH, kind=kind, stock=Departure.Stock.LEFT, reason=WHY, user=None)


def posted(browser: Browser, quote: Quote, signature: str, language: str = "en") -> tuple[int, str, str]:
    """How the page's confirmation is answered: status, code and words."""
    body = {"quote_id": str(quote.pk), "order": quote.order, "signature": signature}
    headers = {"accept-language": language}
    answer = browser.post("/orders", json.dumps(body), content_type="application/json", headers=headers)
    error: dict[str, Any] = answer.json().get("error", {})
    return answer.status_code, error.get("code", ""), error.get("message", "")


def test_an_offer_in_hand_is_refused_before_its_signature_counts_and_what_runs_ends_first(
    driver: Driver, alice: LocalAccount, bob: LocalAccount
) -> None:
    browser = Browser()
    # So much waits for a second block before it is delivered.
    running = driver.drive(driver.transfer(alice, amount="2500"), OrderState.OPENED)
    unopened = driver.transfer(bob, amount="40")
    offer = driver.quote(alice, amount="30", browser=browser.key)
    address = driver.quote(alice, amount="30", confirm="deposit", browser=browser.key)
    late = driver.quote(alice, amount="30", browser=browser.key)
    signature, late_signature = driver.sign(offer, alice), driver.sign(late, alice)

    begin(Departure.Kind.DRAIN)
    for quote, signed in ((offer, signature), (address, "")):
        status, code, words = posted(browser, quote, signed)
        assert (status, code) == (400, "chain_leaving")
        assert f"Birch takes no new transfers: {WHY}. Nothing was taken" in words
        quote.refresh_from_db()
        assert quote.state == QuoteState.READY
    assert "Birch 不再接受新转账" in posted(browser, offer, signature, language="zh-hans")[2]
    assert set(Order.objects.values_list("pk", flat=True)) == {running.pk, unopened.pk}
    assert set(Reservation.objects.values_list("order", flat=True)) <= {running.pk, unopened.pk}
    again = quote_request(intent=Intent.from_json(offer.intent), browser_key=browser.key)
    quote_solve(again.pk)
    again.refresh_from_db()
    assert (again.refusal or {})["code"] == "chain_leaving", "nor is there a new offer"

    unopened = driver.drive(unopened, OrderState.REJECTED)
    assert unopened.reason["code"] == "chain_leaving"
    assert not Attempt.objects.filter(step__order=unopened).exists(), "signed is not begun"
    assert not Reservation.objects.filter(order=unopened, state=Reservation.State.HELD).exists()

    begin(Departure.Kind.LEAVE)
    sweep_departures()
    assert Chain.objects.get(pk=BIRCH).is_connected and Departure.objects.get().drained_at is None
    with driver.network.ticking():
        running = driver.drive(running, OrderState.SETTLED)
    driver.close()
    assert sweep_departures() == 1
    assert not Chain.objects.get(pk=BIRCH).is_connected

    status, code, words = posted(browser, late, late_signature)
    assert (status, code) == (400, "chain_not_supported") and "not connected" in words
