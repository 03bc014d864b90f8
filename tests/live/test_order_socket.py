"""A transfer's socket: only its people listen, and every event arrives exactly once and in order."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from intents.lifecycle import OrderState
from intents.live.frames import DENIED, NOT_FOR_LISTENERS, TOO_MANY
from intents.live.orders import OrderConsumer
from intents.models import ChainHead, Order
from intents.publish import order_group
from intents.selectors.access import shown_key_of
from intents.services import limits
from intents.services.login import new_browser_cookie
from tests.web import rows
from tests.web.test_deposit_page import paid_to_address

from .sockets import KEY, Socket, socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

make_order = sync_to_async(rows.order)
make_event = sync_to_async(rows.event)


async def hint(order: Order, seq: int) -> None:
    layer = get_channel_layer()
    assert layer is not None
    message = {"type": "order.changed", "order_id": order.order_id, "seq": seq}
    await layer.group_send(order_group(order.order_id), message)


async def frame(connection: Socket) -> Any:
    return json.loads(await connection.text())


async def is_denied(connection: Socket) -> bool:
    if not await connection.connect():
        return True
    message = await connection.receive_output()
    return bool(message["type"] == "websocket.close" and message["code"] == DENIED)


async def test_the_first_frame_is_the_whole_state(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    for kind in ("accepted", "open_sent"):
        await make_event(made, kind, chain_id=901)
    connection = socket(f"/ws/orders/{made.order_id}/?format=json")
    assert await connection.connect()
    first = await frame(connection)
    assert first["type"] == "state"
    assert [event["seq"] for event in first["events"]] == [1, 2]
    assert first["shown"] == "checking"
    assert first["money"]["code"] == "wallet_signed"
    await connection.disconnect()


async def test_lost_doubled_and_late_hints(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    await make_event(made, "accepted")
    connection = socket(f"/ws/orders/{made.order_id}/?format=json")
    await connection.connect()
    seen = [event["seq"] for event in (await frame(connection))["events"]]
    for kind in ("open_sent", "opened", "fill_sent"):
        await make_event(made, kind)
    await hint(made, 4)
    seen += [event["seq"] for event in (await frame(connection))["events"]]
    await hint(made, 3)
    await hint(made, 4)
    assert await connection.receive_nothing(timeout=0.3)
    await make_event(made, "filled")
    await hint(made, 5)
    seen += [event["seq"] for event in (await frame(connection))["events"]]
    assert seen == [1, 2, 3, 4, 5]
    await connection.disconnect()


async def test_reconnecting_continues_where_one_was(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    for kind in ("accepted", "open_sent", "opened"):
        await make_event(made, kind)
    connection = socket(f"/ws/orders/{made.order_id}/?format=json&after=2")
    await connection.connect()
    assert [event["seq"] for event in (await frame(connection))["events"]] == [3]
    await connection.disconnect()


async def test_two_tabs_see_the_same(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    await make_event(made, "accepted")
    tabs = [socket(f"/ws/orders/{made.order_id}/?format=json") for _ in range(2)]
    for tab in tabs:
        await tab.connect()
        await frame(tab)
    await make_event(made, "opened")
    await hint(made, 2)
    for tab in tabs:
        assert [event["seq"] for event in (await frame(tab))["events"]] == [2]
        await tab.disconnect()


async def test_pages_get_the_parts_that_changed(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    await make_event(made, "accepted")
    connection = socket(f"/ws/orders/{made.order_id}/")
    await connection.connect()
    first = await connection.text()
    for part in ("journey-head", "journey-result", "journey-steps", "journey-events"):
        assert f'id="{part}"' in first
    assert first.count("hx-swap-oob") == 4
    await make_event(made, "open_sent")
    await hint(made, 2)
    second = await connection.text()
    assert 'id="journey-events"' in second
    assert 'id="journey-steps"' not in second
    assert second.count("data-seq=") == 2
    await connection.disconnect()


async def test_in_the_listeners_language(chains: None) -> None:
    made = await make_order(seen_by=KEY, state=OrderState.EXPIRED)
    connection = socket(f"/ws/orders/{made.order_id}/", extra="django_language=zh-hans")
    await connection.connect()
    assert "未开始，未扣款" in await connection.text()
    await connection.disconnect()


@pytest.mark.parametrize(
    "cookie",
    ["", "forged", "forged:signature", new_browser_cookie()],
    ids=["none", "forged", "forged signature", "another browser"],
)
async def test_strangers_are_denied(chains: None, cookie: str) -> None:
    made = await make_order(seen_by=KEY)
    for query in ("", "?format=json", "?k=wrong", "?k="):
        assert await is_denied(socket(f"/ws/orders/{made.order_id}/{query}", cookie=cookie))


async def test_the_secret_link_listens(chains: None) -> None:
    made = await make_order()
    connection = socket(f"/ws/orders/{made.order_id}/?format=json&k={made.share_key}", cookie="")
    assert await connection.connect()
    assert (await frame(connection))["order_id"] == made.order_id
    await connection.disconnect()


@pytest.mark.parametrize("order_id", ["0x12", "x" * 300, "0x" + "77" * 32])
async def test_orders_that_are_none(chains: None, order_id: str) -> None:
    assert await is_denied(socket(f"/ws/orders/{order_id}/"))


async def test_other_origins_are_denied(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    connection = socket(f"/ws/orders/{made.order_id}/", origin="https://evil.example")
    assert not await connection.connect()


async def test_listeners_do_not_speak(chains: None) -> None:
    made = await make_order(seen_by=KEY)
    connection = socket(f"/ws/orders/{made.order_id}/?format=json")
    await connection.connect()
    await frame(connection)
    await connection.send_text("x" * 10_000)
    message = await connection.receive_output()
    assert (message["type"], message["code"]) == ("websocket.close", NOT_FOR_LISTENERS)


async def test_what_changes_without_an_event(chains: None) -> None:
    """A transfer becomes slower than usual by the clock, and its blocks are counted by the follower."""
    made = await make_order(seen_by=KEY, state=OrderState.OPENED)
    await sync_to_async(rows.log)(made, "Open", block=100)
    connection = socket(f"/ws/orders/{made.order_id}/")
    await connection.connect()
    assert "(1 of 3 blocks)" in await connection.text()
    assert await connection.receive_nothing(timeout=OrderConsumer.look_again_seconds * 1.5)
    await ChainHead.objects.filter(chain_id=901).aupdate(number=101)
    assert "(2 of 3 blocks)" in await connection.text()
    await Order.objects.filter(pk=made.pk).aupdate(received_at=made.received_at - 600)
    assert "Slower than usual" in await connection.text()
    await connection.disconnect()


async def test_the_address_to_pay_to_leaves_with_the_deadline(chains: None) -> None:
    made = await sync_to_async(paid_to_address)(KEY, OrderState.AWAITING_DEPOSIT, 0)
    connection = socket(f"/ws/orders/{made.order_id}/")
    assert await connection.connect()
    assert "data-missing=" in await connection.text()
    await Order.objects.filter(pk=made.pk).aupdate(fill_deadline=1)
    head = await connection.text()
    assert 'id="journey-head"' in head
    assert "data-missing=" not in head
    await connection.disconnect()


async def test_strangers_join_no_group(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await make_order(seen_by=KEY)
    layer = get_channel_layer()
    assert layer is not None
    joined: list[str] = []
    real = layer.group_add

    async def group_add(group: str, channel: str) -> None:
        joined.append(group)
        await real(group, channel)

    monkeypatch.setattr(layer, "group_add", group_add)
    for order_id in (made.order_id, "0x" + "77" * 32):
        assert await is_denied(socket(f"/ws/orders/{order_id}/", cookie=""))
    assert joined == []
    connection = socket(f"/ws/orders/{made.order_id}/?format=json")
    assert await connection.connect()
    await frame(connection)
    assert joined == [order_group(made.order_id)]
    await connection.disconnect()


async def closed_with(connection: Socket) -> int:
    assert await connection.connect()
    message = await connection.receive_output()
    return int(message["code"]) if message["type"] == "websocket.close" else 0


async def test_one_address_has_so_many_sockets_and_no_more(
    chains: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOCAL_FACTOR", 1)
    settings.MOST_SOCKETS = 2
    made = await make_order(seen_by=KEY)
    path = f"/ws/orders/{made.order_id}/?format=json"
    first, second = socket(path), socket(path)
    for connection in (first, second):
        assert await closed_with(connection) == 0
    assert await closed_with(socket(path)) == TOO_MANY
    await first.disconnect()
    again = socket(path)
    assert await closed_with(again) == 0, "a place that was left is free"
    await second.disconnect()
    await again.disconnect()


async def test_guessing_by_socket_ends(chains: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCAL_FACTOR", 1)
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "lookups": (2, 3600)}
    limits.forget()
    made = await make_order(seen_by=KEY)
    path = f"/ws/orders/{made.order_id}/"
    codes = [await closed_with(socket(path, cookie="")) for _ in range(4)]
    limits.forget()
    assert codes == [DENIED, DENIED, TOO_MANY, TOO_MANY]


async def test_a_link_to_show_around_listens_to_masked_addresses(chains: None) -> None:
    made = await make_order()
    key = await sync_to_async(shown_key_of)(made)
    for form in ("", "&format=json"):
        connection = socket(f"/ws/orders/{made.order_id}/?s={key}{form}", cookie="")
        assert await connection.connect()
        first = await connection.text()
        assert "journey-head" in first or made.order_id in first
        assert made.user.lower() not in first.lower()
        assert made.share_key not in first
        await connection.disconnect()
    stranger = socket(f"/ws/orders/{made.order_id}/?k={key}", cookie="")
    assert await is_denied(stranger)
