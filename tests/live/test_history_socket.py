"""A history's lines move while one reads, for whoever they belong to."""

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from intents.lifecycle import OrderState
from intents.live.frames import DENIED
from intents.live.history import HistoryConsumer
from intents.models import Order
from intents.publish import order_group
from intents.selectors.history import lines_of
from intents.services.login import new_browser_cookie
from tests.web import rows

from .sockets import KEY, Socket, socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

make_order = sync_to_async(rows.order)


@sync_to_async
def shown(*made: Order) -> str:
    return ",".join(f"{line.order_id}.{line.version}" for line in lines_of(made))


def history_socket(lines: str, **who: str) -> Socket:
    return socket(f"/ws/history/?lines={lines}", **who)


async def move(order: Order, state: OrderState) -> None:
    await Order.objects.filter(pk=order.pk).aupdate(state=state)
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(order_group(order.pk), {"type": "order.changed", "order_id": order.pk, "seq": 1})


async def test_a_line_that_changed_is_sent_alone(chains: None) -> None:
    first, second = await make_order(seen_by=KEY), await make_order(seen_by=KEY)
    connection = history_socket(await shown(first, second))
    assert await connection.connect()
    assert await connection.text() == "", "nothing changed since the page was made"
    await move(second, OrderState.NEEDS_ATTENTION)
    text = await connection.text()
    assert text.count("hx-swap-oob") == 1
    assert f'id="line-{second.pk}"' in text and "Our staff are checking" in text
    await connection.disconnect()


async def test_what_changed_between_page_and_socket(chains: None) -> None:
    order = await make_order(seen_by=KEY)
    lines = await shown(order)
    await Order.objects.filter(pk=order.pk).aupdate(state=OrderState.REFUND_DUE)
    connection = history_socket(lines)
    assert await connection.connect()
    assert "Returning your money" in await connection.text()
    await connection.disconnect()


async def test_it_becomes_slow_by_the_clock(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HistoryConsumer, "look_again_seconds", 0.3)
    order = await make_order(state=OrderState.FILLING, seen_by=KEY)
    connection = history_socket(await shown(order))
    assert await connection.connect()
    await connection.text()
    await Order.objects.filter(pk=order.pk).aupdate(received_at=order.received_at - 600)
    assert "Slower than usual" in await connection.text()
    await connection.disconnect()


async def test_nobody_hears_of_anothers(chains: None) -> None:
    mine, theirs = await make_order(seen_by=KEY), await make_order()
    connection = history_socket(f"{mine.pk},{theirs.pk}")
    assert await connection.connect()
    text = await connection.text()
    assert mine.pk in text and theirs.pk not in text
    await move(theirs, OrderState.NEEDS_ATTENTION)
    assert await connection.receive_nothing(timeout=0.3)
    await connection.disconnect()


@pytest.mark.parametrize("lines", ["", "0x12", "0x" + "12" * 32, ",,.,", "%00"])
async def test_who_has_none_of_them_is_refused(chains: None, lines: str) -> None:
    order = await make_order(seen_by=KEY)
    asked = [(lines, {}), (order.pk, {"cookie": new_browser_cookie()}), (order.pk, {"cookie": ""})]
    for text, who in asked:
        connection = history_socket(text, **who)
        assert await connection.connect()
        message = await connection.receive_output()
        assert (message["type"], message["code"]) == ("websocket.close", DENIED)
