"""The console's lines move while one reads, for staff alone."""

from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from intents.lifecycle import OrderState
from intents.live.console_rows import ConsoleRowsConsumer
from intents.live.frames import DENIED
from intents.models import Order
from intents.publish import order_group
from intents.selectors.order_rows import readable, rows_of
from tests.console.people import member
from tests.web import rows

from .sockets import Socket, socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

make_order = sync_to_async(rows.order)


@sync_to_async
def session_of(role: str) -> str:
    """The session cookie of a member of staff with this role, or of somebody without any."""
    client = Client()
    user = member(role) if role else get_user_model().objects.create_user("somebody")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


@sync_to_async
def shown(*made: Order) -> str:
    lines = rows_of(readable(Order.objects.filter(pk__in=[order.pk for order in made])), may_see=True)
    return ",".join(f"{line.order_id}.{line.version}" for line in lines)


def rows_socket(session: str, lines: str, **query: str) -> Socket:
    extra = f"{settings.SESSION_COOKIE_NAME}={session}" if session else ""
    address = f"/ws/console/rows/?{urlencode({'lines': lines, **query}, safe=',')}"
    return socket(address, cookie="", extra=extra)


async def move(order: Order, state: OrderState) -> None:
    await Order.objects.filter(pk=order.pk).aupdate(state=state)
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(order_group(order.pk), {"type": "order.changed", "order_id": order.pk, "seq": 1})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsoleRowsConsumer, "look_again_seconds", 0.4)


async def test_a_line_that_changed_is_sent_alone(chains: None) -> None:
    first, second = await make_order(), await make_order()
    connection = rows_socket(await session_of("support"), await shown(first, second))
    assert await connection.connect()
    assert await connection.text() == "", "nothing changed since the page was made"
    await move(second, OrderState.NEEDS_ATTENTION)
    text = await connection.text()
    assert text.count("hx-swap-oob") == 1 and f'id="row-{second.pk}"' in text and "Needs a person" in text
    await connection.disconnect()


async def test_what_changed_between_page_and_socket(chains: None) -> None:
    order = await make_order()
    lines = await shown(order)
    await Order.objects.filter(pk=order.pk).aupdate(state=OrderState.OPENED)
    connection = rows_socket(await session_of("support"), lines)
    assert await connection.connect()
    assert "Opened" in await connection.text()
    await connection.disconnect()


async def test_other_orders_are_not_listened_to(chains: None) -> None:
    here, elsewhere = await make_order(), await make_order()
    connection = rows_socket(await session_of("support"), await shown(here))
    assert await connection.connect()
    await connection.text()
    await move(elsewhere, OrderState.OPENED)
    assert await connection.receive_nothing(timeout=0.3)
    await connection.disconnect()


async def test_it_becomes_late_by_the_clock(chains: None) -> None:
    order = await make_order(state=OrderState.OPENED)
    connection = rows_socket(await session_of("support"), await shown(order))
    assert await connection.connect()
    await connection.text()
    await Order.objects.filter(pk=order.pk).aupdate(received_at=order.received_at - 600)
    assert "late since" in await connection.text()
    await connection.disconnect()


async def test_new_ones_are_announced_once(chains: None) -> None:
    order = await make_order()
    connection = rows_socket(
        await session_of("support"),
        await shown(order),
        view="all",
        status="signed",
        newest=order.created_at.isoformat(),
    )
    assert await connection.connect()
    await connection.text()
    await make_order(state=OrderState.SETTLED)
    await make_order()
    text = await connection.text()
    assert 'id="arrivals"' in text and "New transfers: 1." in text and 'role="status"' in text
    assert await connection.receive_nothing(timeout=0.9)
    await connection.disconnect()


async def test_addresses_are_masked_for_viewers(chains: None) -> None:
    order = await make_order()
    connection = rows_socket(await session_of("viewer"), order.pk)
    assert await connection.connect()
    text = await connection.text()
    assert order.pk in text and order.user.lower()[2:] not in text.lower()
    await connection.disconnect()


@pytest.mark.parametrize("role", ["", None], ids=["no role", "nobody"])
async def test_only_staff_listen(chains: None, role: str | None) -> None:
    order = await make_order()
    session = "" if role is None else await session_of(role)
    for cookie in (session, "forged"):
        connection = rows_socket(cookie, order.pk)
        assert await connection.connect()
        message: dict[str, Any] = await connection.receive_output()
        assert (message["type"], message["code"]) == ("websocket.close", DENIED)


async def test_who_lost_the_role_hears_no_more(chains: None) -> None:
    order = await make_order()
    connection = rows_socket(await session_of("support"), await shown(order))
    assert await connection.connect()
    await connection.text()
    await get_user_model().objects.filter(username="support").aupdate(is_active=False)
    message = await connection.receive_output()
    assert (message["type"], message["code"]) == ("websocket.close", DENIED)


@pytest.mark.parametrize("lines", ["", "0x12", "x" * 5000, "0x" + "12" * 32, ",,,.,", "%00"])
async def test_odd_lines(chains: None, lines: str) -> None:
    connection = rows_socket(await session_of("support"), lines, view="nothing", newest="soon")
    assert await connection.connect()
    assert await connection.text() == ""
    await connection.disconnect()
