"""The bar tells facts and nothing else; what is left is estimated anew when it takes longer."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from intents.lifecycle import OrderState, StepState
from intents.models import Attempt, Order
from intents.selectors.access import shown_key_of
from intents.selectors.timeline import timeline

from . import rows
from .conftest import Browser

RETURN = ("attest", "dispatch", "process", "refund")


def percent(made: Order) -> int:
    made.refresh_from_db()
    progress = timeline(made).progress
    assert progress is not None
    return progress.percent


def step(made: Order, kind: str, state: StepState) -> None:
    made.steps.filter(kind=kind).update(state=state, started_at=timezone.now())


def to(made: Order, state: OrderState, **changes: Any) -> None:
    Order.objects.filter(pk=made.pk).update(state=state, **changes)


def test_every_fact_moves_it_on_and_only_the_delivery_fills_it(chains: None) -> None:
    made = rows.order(required_depth=3)
    reached = [percent(made)]
    step(made, "open", StepState.SUBMITTED)
    to(made, OrderState.OPENING)
    reached.append(percent(made))
    log = rows.log(made, "Open", block=100)
    to(made, OrderState.OPENED)
    step(made, "open", StepState.CONFIRMED)
    for block in (100, 99, 98, 90):
        log.block_number = block
        log.save()
        reached.append(percent(made))
    step(made, "fill", StepState.SUBMITTED)
    to(made, OrderState.FILLING)
    reached.append(percent(made))
    assert reached == sorted(reached) and max(reached) < 100
    assert len(set(reached)) == len(reached) - 1, "beyond the depth that is needed blocks count for nothing"
    to(made, OrderState.FILLED, delivered_amount=1)
    assert percent(made) == 100


def test_time_alone_moves_nothing(chains: None) -> None:
    made = rows.order(state=OrderState.FILLING)
    rows.log(made, "Open", block=90)
    now = percent(made)
    made.received_at = time.time() - 3000
    made.save()
    assert percent(made) == now


def test_the_way_back_has_a_bar_of_its_own(chains: None) -> None:
    made = rows.order(state=OrderState.REFUND_DUE)
    rows.log(made, "Open", block=90)
    refund = made.steps.create(index=4, kind="refund", chain_id=901, state=StepState.READY)
    reached = [percent(made)]
    for number, purpose in enumerate(RETURN):
        attempt = Attempt.objects.create(
            step=refund, purpose=purpose, chain_id=901, sender=rows.ALICE, nonce=number,
            tx_hash=f"0x{number:064x}", raw=b"", target=rows.ESCROW, calldata="0x", gas_limit=1, max_fee_wei=1,
            priority_fee_wei=1, state="broadcast",
        )  # fmt: skip
        reached.append(percent(made))
        attempt.state = "confirmed"
        attempt.save()
        reached.append(percent(made))
    assert reached == sorted(set(reached)) and max(reached) < 100
    view = timeline(made)
    assert view.progress is not None and view.progress.is_returning
    to(made, OrderState.REFUNDED, payout="sent")
    assert percent(made) == 100


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.EXPIRED])
def test_what_never_began_has_none(chains: None, state: OrderState) -> None:
    assert timeline(rows.order(state=state)).progress is None


def test_what_waits_for_its_person_is_not_done(chains: None) -> None:
    made = rows.order(state=OrderState.REFUNDED, payout="claimable")
    rows.log(made, "Refunded", block=99)
    assert timeline(made).progress is None


def test_what_is_left_and_what_nobody_can_say(chains: None) -> None:
    made = rows.order(state=OrderState.OPENED, quote=rows.quote(eta_seconds=30))
    rows.log(made, "Open", block=100)
    left = timeline(made).remaining
    assert left is not None and left.seconds is not None and 25 < left.seconds <= 30 and not left.is_new
    Order.objects.filter(pk=made.pk).update(received_at=time.time() - 35)
    made.refresh_from_db()
    left = timeline(made).remaining
    assert left is not None and left.seconds == 0
    Order.objects.filter(pk=made.pk).update(received_at=time.time() - 300)
    made.refresh_from_db()
    left = timeline(made).remaining
    assert left is not None and left.is_new and left.seconds == 2 * 1 + 2 * 1 + 3
    made.steps.filter(kind="fill").update(state="ready", waiting={"code": "no_stock", "params": {}})
    view = timeline(made)
    assert view.remaining is not None and view.remaining.seconds is None


def test_a_call_that_failed_is_no_plain_delivery(chains: None, alice_browser: Browser) -> None:
    from intents.settlement.destination_call import DestinationCall, encode_destination_call

    call = DestinationCall(recipient=rows.order().recipient, target=rows.order().user, data=b"", gas=100_000)
    terms = {"outputs": [{"callbackData": "0x" + encode_destination_call(call).hex()}]}
    made = rows.order(state=OrderState.FILLED, terms=terms, delivered_amount=1, seen_by=alice_browser.key)
    rows.event(made, "call_failed", target=call.target, chain_id=902)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "<title>Delivered, but the call on arrival failed" in text
    assert 'class="journey-head delivered call-failed"' in text


def test_again_and_back(chains: None, alice_browser: Browser) -> None:
    made = rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, delivered_amount=31 * 10**15 + 1)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert 'href="/?from=alder:USDC&amp;to=birch:WETH&amp;amount=100"' in text
    assert 'href="/?from=birch:WETH&amp;to=alder:USDC&amp;amount=0.031000000000000001"' in text
    other = rows.order(
        state=OrderState.SETTLED, seen_by=alice_browser.key, delivered_amount=1, recipient=rows.BOB
    )
    text = alice_browser.get(f"/t/{other.order_id}").content.decode()
    assert f"amount=100&amp;recipient={rows.BOB}" in text
    assert "Send back" not in text, "what went to somebody else is not there to be sent back"


@pytest.mark.parametrize("state", list(OrderState))
def test_the_link_to_show_around_masks_every_address_and_gives_nothing_to_act_with(
    chains: None, stranger: Client, state: OrderState
) -> None:
    made = rows.order(
        state=state, delivered_amount=1 if state == OrderState.FILLED else None, payout="claimable"
    )
    rows.event(made, "accepted", chain_id=901)
    query = f"?s={shown_key_of(made)}"
    for path in (f"/t/{made.order_id}{query}", f"/t/{made.order_id}/live{query}"):
        answer = stranger.get(path)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert made.user.lower() not in text.lower()
        assert made.share_key not in text and "/rescue#" not in text and "data-relief" not in text
    assert not re.search(r"[?&]k=", text)
    assert stranger.get(f"/t/{made.order_id}?s={made.share_key}").status_code == 404
    assert stranger.get(f"/t/{made.order_id}?k={shown_key_of(made)}").status_code == 404
