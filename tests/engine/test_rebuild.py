"""A lost database: every opened order comes back from the chains, and goes on."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from eth_account.signers.local import LocalAccount

from intents.engine.audit import ledger_check
from intents.engine.rebuild import rebuild
from intents.lifecycle import OrderState
from intents.models import (
    Attempt,
    Block,
    ChainHead,
    ChainLog,
    Event,
    LedgerEntry,
    Order,
    OrderAccess,
    Quote,
    Reservation,
    Step,
    Stock,
)
from tests.engine.driver import Driver
from tests.engine.test_refunds import driver_clock, set_blocked

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

COLUMNS = (
    "order_id", "state", "terms", "confirm_way", "signature", "user", "recipient", "origin_id", "destination_id",
    "input_token", "input_amount", "output_token", "output_amount", "delivered_amount", "fill_deadline", "expires",
    "payout",
)  # fmt: skip
TOLD = ("opened", "filled", "delivered", "settled", "refunded")
LOST = (
    Event, Attempt, Reservation, OrderAccess, LedgerEntry, Step, Order, Quote, ChainLog, Block, ChainHead, Stock,
)  # fmt: skip


def test_orders_and_their_history_come_back_from_the_chains_alone(
    driver: Driver, alice: LocalAccount, bob: LocalAccount, settings: Any
) -> None:
    with driver.network.ticking():
        driver.drive(driver.transfer(alice), OrderState.SETTLED)
        driver.drive(driver.transfer(alice, get="birch:WETH", recipient=bob.address), OrderState.SETTLED)
    settings.FILL_ENABLED = False
    returned = driver.drive(driver.transfer(alice, amount="40", confirm="permit2"), OrderState.OPENED)
    driver.network.warp(returned.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        driver.drive(returned, OrderState.REFUNDED)
    held = driver.drive(driver.transfer(alice, amount="30"), OrderState.OPENED)
    set_blocked(driver, alice.address, is_blocked=True)
    driver.network.warp(held.fill_deadline - driver_clock(driver) + 2)
    with driver.network.ticking():
        driver.drive(held, OrderState.REFUNDED)
    set_blocked(driver, alice.address, is_blocked=False)
    waiting = driver.drive(driver.transfer(alice, amount="20"), OrderState.OPENED)
    driver.close()
    before, story = remembered(), histories()
    assert {row["payout"] for row in before.values()} == {"", "sent", "claimable"}
    lose_everything()
    assert rebuild() == len(before) == 5
    assert remembered() == before
    assert histories() == story
    assert ledger_check() == []
    settings.FILL_ENABLED = True
    restarted = Driver(driver.network)
    try:
        with driver.network.ticking():
            restarted.start()
            restarted.drive(Order.objects.get(pk=waiting.pk), OrderState.SETTLED)
            restarted.work_until(lambda: Order.objects.get(pk=held.pk).payout == "sent")
    finally:
        restarted.close()
    assert ledger_check() == []


def test_it_is_refused_where_orders_are(driver: Driver, alice: LocalAccount) -> None:
    driver.transfer(alice)
    with pytest.raises(CommandError, match="database_not_empty"):
        call_command("rebuild")


def remembered() -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in Order.objects.values(*COLUMNS)}


def histories() -> dict[str, list[tuple[str, str, int]]]:
    """(kind, transaction, block) of what the chains told about each order, in order."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for event in Event.objects.filter(kind__in=TOLD).order_by("order_id", "seq"):
        place = (event.kind, event.data["tx_hash"], event.data["block"])
        found.setdefault(event.order_id, []).append(place)
    return found


def lose_everything() -> None:
    for model in LOST:
        model.objects.all().delete()  # type: ignore[attr-defined]
