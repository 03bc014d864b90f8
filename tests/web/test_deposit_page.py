"""The page of a transfer that is paid to an address: what arrived, what is missing, where it is."""

import json
import time
from html import unescape
from typing import Any

import pytest

from intents.lifecycle import OrderState
from intents.models import Deposit, Order
from intents.selectors.explain import orders_about
from intents.settlement.order import order_from_json
from intents.settlement.recovery_code import recovery_code
from tests.scripts import VECTORS

from . import rows
from .conftest import Browser

pytestmark = pytest.mark.usefixtures("chains")

TERMS = next(vector["order"] for vector in VECTORS if len(vector["order"]["inputs"]) == 1)
ADDRESS = "0x" + "7d" * 20
ASKED = 100 * 10**6

STORIES = [
    (OrderState.AWAITING_DEPOSIT, 0, {}, "Waiting for your payment", "Pay exactly 100 USDC on Alder"),
    (
        OrderState.AWAITING_DEPOSIT,
        ASKED - 1,
        {},
        "Waiting for your payment",
        "exactly 0.000001 USDC is missing",
    ),
    (OrderState.AWAITING_DEPOSIT, ASKED, {}, "Checking your payment", "about to move into the contract"),
    (OrderState.OPENING, ASKED, {}, "Checking your payment", "about to move into the contract"),
    (OrderState.REFUND_DUE, 7, {}, "Returning your money", "is going back to"),
    (OrderState.REFUNDED, 0, {"payout": "sent"}, "Returned", "went back to"),
    (OrderState.EXPIRED, 0, {}, "nothing was taken", "If you pay now, it goes back to"),
    (
        OrderState.NEEDS_ATTENTION,
        ASKED,
        {"resume_state": OrderState.OPENING},
        "Our staff are checking",
        "it can only go back to",
    ),
]


def paid_to_address(seen_by: str, state: OrderState, held: int, **changes: Any) -> Order:
    made = rows.order(state=state, seen_by=seen_by, confirm_way="deposit", terms=TERMS, **changes)
    Deposit.objects.create(
        order=made,
        chain_id=901,
        address=ADDRESS,
        token=made.input_token,
        held={made.input_token: str(held)} if held else {},
        watched_until=time.time() + 60,
    )
    return made


@pytest.mark.parametrize(("state", "held", "changes", "headline", "sentence"), STORIES)
def test_every_state_says_where_the_money_is(
    alice_browser: Browser,
    state: OrderState,
    held: int,
    changes: dict[str, Any],
    headline: str,
    sentence: str,
) -> None:
    made = paid_to_address(alice_browser.key, state, held, **changes)
    text = unescape(alice_browser.get(f"/t/{made.order_id}").content.decode())
    assert headline in text
    assert sentence in text
    is_to_be_paid = state is OrderState.AWAITING_DEPOSIT and held < ASKED
    assert (ADDRESS in text) == is_to_be_paid


def test_address_amount_and_recovery_code_are_read_without_scripts(alice_browser: Browser) -> None:
    made = paid_to_address(alice_browser.key, OrderState.AWAITING_DEPOSIT, ASKED // 4)
    text = unescape(alice_browser.get(f"/t/{made.order_id}").content.decode())
    assert recovery_code(order_from_json(TERMS)) in text
    assert 'data-copy="75"' in text
    assert json.dumps(TERMS, separators=(",", ":")) in text


def test_nothing_is_to_be_paid_after_the_deadline(alice_browser: Browser) -> None:
    made = paid_to_address(
        alice_browser.key, OrderState.AWAITING_DEPOSIT, 0, fill_deadline=int(time.time()) - 5
    )
    assert ADDRESS not in alice_browser.get(f"/t/{made.order_id}").content.decode()


def test_what_came_and_went_is_told_in_whole_tokens(alice_browser: Browser) -> None:
    made = paid_to_address(alice_browser.key, OrderState.AWAITING_DEPOSIT, 0)
    token = made.input_token
    rows.event(made, "deposit_seen", chain_id=901, token=token, amount=str(25 * 10**6), need=str(ASKED))
    rows.event(made, "recovered", chain_id=901, token=token, amount="1")
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "25 USDC of 100 USDC has arrived" in text
    assert "0.000001 USDC went back" in text


def test_staff_find_a_transfer_by_its_address() -> None:
    made = paid_to_address("", OrderState.AWAITING_DEPOSIT, 0)
    assert orders_about(ADDRESS) == [made]


def test_programs_are_told_what_arrived(alice_browser: Browser) -> None:
    made = paid_to_address(alice_browser.key, OrderState.AWAITING_DEPOSIT, ASKED - 3)
    answer = alice_browser.get(f"/api/v1/orders/{made.order_id}?k={made.share_key}").json()
    assert answer["deposit"] == {"address": ADDRESS, "arrived": str(ASKED - 3), "missing": "3"}


def test_a_typed_address_needs_no_wallet(alice_browser: Browser) -> None:
    """The form's answer is an offer of this one way, whose user is what was typed."""
    answer = alice_browser.post(
        "/quote",
        {"from": "alder:USDC", "to": "birch:WETH", "amount": "10", "exact": "input", "refund": rows.BOB},
    )
    assert answer.status_code == 302
    asked = rows.Quote.objects.latest("created_at").intent
    assert (asked["user"].lower(), asked["confirm"]) == (rows.BOB.lower(), "deposit")
