"""Stock that leaves for an order is promised to it only while the order still waits for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from intents.engine import moves
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import ChainLog, Order, Reservation, Step, StockMove
from tests.engine.driver import Driver
from tests.engine.rows import order_row

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
LOCK = " FOR UPDATE"


def left(driver: Driver, order: Order) -> None:
    """Its stock has just left Summit for Cedar."""
    step = Step.objects.create(
        order=order, index=0, kind=StepKind.BRIDGE, chain_id=900, state=StepState.SUBMITTED
    )
    summit, cedar = driver.network.manifest("summit"), driver.network.manifest("cedar")
    here = summit.bridges[0]
    there = next(end for end in cedar.bridges if end.route == here.route)
    move = StockMove.objects.create(
        order=order, step=step, kind=StockMove.Kind.BRIDGE, route=here.route, source_id=900,
        source_token=here.token, destination_id=903, destination_token=there.token, amount=10**6,
        state=StockMove.State.SENT,
    )  # fmt: skip
    moves._left(move, ChainLog(block_number=7))


def test_an_order_that_ends_at_that_moment_holds_nothing_for_ever(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is locked until the promise is written: who ends it, and releases what it holds, comes after."""
    monkeypatch.setattr(connection.features, "has_select_for_update", True)
    said: list[str] = []

    def hears(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append(sql)
        return execute(sql.replace(LOCK, ""), params, many, context)

    with connection.execute_wrapper(hears):
        left(driver, order_row(state=OrderState.FILLING))
    locked = [at for at, sql in enumerate(said) if LOCK in sql and Order._meta.db_table in sql]
    promised = [
        at for at, sql in enumerate(said) if sql.startswith("INSERT") and Reservation._meta.db_table in sql
    ]
    assert promised and locked and locked[0] < promised[0]


def test_an_order_that_has_ended_is_promised_nothing(driver: Driver) -> None:
    left(driver, order_row(state=OrderState.REFUND_DUE))
    assert not Reservation.objects.exists()
