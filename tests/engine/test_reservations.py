"""Stock is promised once: reserved, released, spent, never more than there is."""

from types import SimpleNamespace
from typing import cast

import pytest

from intents.chains.manifest import ChainManifest
from intents.engine import reservations
from intents.engine.reservations import Claim, StockShort
from intents.models import Reservation, Stock
from tests.engine.rows import TOKEN, USER, order_row

pytestmark = pytest.mark.django_db

HOLDER = "0x3333333333333333333333333333333333333333"


def claim(amount: int, *, is_gas: bool = False) -> Claim:
    return Claim(902, TOKEN, HOLDER, amount, is_gas=is_gas)


def stock(balance: int, *, block_number: int = 10) -> Stock:
    reservations.refresh(chain_id=902, token=TOKEN, holder=HOLDER, balance=balance, block_number=block_number)
    return Stock.objects.get()


def test_the_sum_of_claims_never_exceeds_the_stock() -> None:
    stock(100)
    for number in range(4):
        reservations.hold(order_row(user=f"0x{number:040x}"), [claim(25)])
    with pytest.raises(StockShort) as caught:
        reservations.hold(order_row(user=HOLDER), [claim(1)])
    assert caught.value.available == 0


def test_holding_twice_reserves_once() -> None:
    stock(100)
    order = order_row()
    reservations.hold(order, [claim(20)])
    reservations.hold(order, [claim(20)])
    assert Stock.objects.get().reserved == 20


def test_all_claims_or_none() -> None:
    stock(100)
    other = Claim(902, USER, HOLDER, 5)
    with pytest.raises(StockShort):
        reservations.hold(order_row(), [claim(10), other])
    assert Stock.objects.get().reserved == 0
    assert not Reservation.objects.exists()


def test_one_wallet_holds_at_most_a_quarter_before_its_orders_are_opened() -> None:
    stock(100)
    first = order_row()
    reservations.hold(first, [claim(20)])
    with pytest.raises(StockShort):
        reservations.hold(order_row(), [claim(10)])
    reservations.mark_opened(first.order_id)
    reservations.hold(order_row(), [claim(10)])


@pytest.mark.parametrize(("block_seconds", "held"), [(0.25, 15.0), (4.0, 15.0), (5.0, 15.0), (12.0, 36.0)])
def test_an_unopened_order_holds_stock_for_15_seconds_or_3_blocks(block_seconds: float, held: float) -> None:
    manifest = cast(ChainManifest, SimpleNamespace(block_seconds=block_seconds))
    assert reservations.unopened_seconds(manifest) == held


def test_gas_and_opened_orders_are_not_bound_by_the_quarter() -> None:
    stock(100)
    reservations.hold(order_row(), [claim(60, is_gas=True)])
    reservations.hold(order_row(), [claim(40)], is_opened=True)
    assert Stock.objects.get().reserved == 100


def test_a_release_gives_back_once() -> None:
    stock(100)
    kept, given_back = order_row(), order_row(user=HOLDER)
    reservations.hold(kept, [claim(20)])
    reservations.hold(given_back, [claim(20)])
    reservations.release(given_back.order_id)
    reservations.release(given_back.order_id)
    assert Stock.objects.get().reserved == 20


def test_what_was_released_can_be_held_again() -> None:
    stock(100)
    order = order_row()
    reservations.hold(order, [claim(20)])
    reservations.release(order.order_id)
    reservations.hold(order, [claim(15)], is_opened=True)
    assert Stock.objects.get().reserved == 15
    assert Reservation.objects.get().state == Reservation.State.HELD


def test_a_fill_takes_its_stock_away_until_the_next_reading_says_so() -> None:
    stock(100, block_number=10)
    order = order_row()
    reservations.hold(order, [claim(20)])
    reservations.spend(order.order_id, chain_id=902, block_number=11)
    row = Stock.objects.get()
    assert (row.balance, row.reserved) == (80, 0)
    assert stock(80, block_number=11).balance == 80


def test_a_fill_that_a_reading_contains_already_is_not_taken_twice() -> None:
    stock(80, block_number=11)
    order = order_row()
    reservations.hold(order, [claim(20)])
    reservations.spend(order.order_id, chain_id=902, block_number=11)
    assert Stock.objects.get().balance == 80


def test_what_was_given_back_before_its_fill_was_seen_has_left_all_the_same() -> None:
    stock(100, block_number=10)
    order = order_row()
    reservations.hold(order, [claim(20)])
    reservations.release(order.order_id)
    for _ in range(2):
        reservations.spend(order.order_id, chain_id=902, tokens={TOKEN}, block_number=11)
        row = Stock.objects.get()
        assert (row.balance, row.reserved) == (80, 0)


def test_an_older_reading_changes_nothing() -> None:
    stock(100, block_number=10)
    assert stock(5, block_number=9).balance == 100
