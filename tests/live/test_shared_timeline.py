"""What all see who look at one transfer is read once; each sees their own form of it; nobody stands still unawares."""

import asyncio
import json
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from intents.lifecycle import OrderState
from intents.live import orders, shared
from intents.live.frames import BEAT, DENIED, LiveConsumer
from intents.live.orders import OrderConsumer
from intents.models import ChainHead, Order
from intents.selectors.access import shown_key_of
from intents.selectors.timeline import Timeline
from tests.web import rows

from .sockets import KEY, Socket, socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

make_order = sync_to_async(rows.order)
make_event = sync_to_async(rows.event)


async def frame(listener: Socket) -> Any:
    return json.loads(await listener.text())


class Looks:
    """Every listener looks again once, at a moment that the test names; what is read of transfers is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0
        self.queries = 0
        self._moment = float("inf")
        self._due = asyncio.Event()
        real = shared.timeline

        def timeline(order: Order) -> Timeline:
            self.read += 1
            return real(order)

        async def look_again(listener: OrderConsumer) -> None:
            await self._due.wait()
            await listener.look(self._moment)

        monkeypatch.setattr(shared, "timeline", timeline)
        monkeypatch.setattr(LiveConsumer, "_look_again", look_again)

    async def begin(self) -> None:
        """All at once; queries are counted from here on."""
        await sync_to_async(self._count)()
        self._moment = time.monotonic()
        self._due.set()

    def _count(self) -> None:
        def each(execute: Any, *args: Any) -> Any:
            self.queries += 1
            return execute(*args)

        connection.execute_wrappers.append(each)

    async def end(self) -> None:
        await sync_to_async(connection.execute_wrappers.clear)()


async def test_however_many_look_a_transfer_is_read_once(
    chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty people behind one link: what they see is read and rendered for all of them together."""
    made = await make_order(state=OrderState.OPENED)
    await sync_to_async(rows.log)(made, "Open", block=100)
    key = await sync_to_async(shown_key_of)(made)
    looks = Looks(monkeypatch)
    people = [socket(f"/ws/orders/{made.order_id}/?s={key}", cookie="") for _ in range(50)]
    for each in people:
        await each.connect()
        assert "(1 of 3 blocks)" in await each.text()
    await ChainHead.objects.filter(chain_id=901).aupdate(number=101)
    looks.read = 0
    await looks.begin()
    told = {await each.text() for each in people}
    await looks.end()
    assert len(told) == 1
    assert "(2 of 3 blocks)" in told.pop()
    assert looks.read == 1
    assert looks.queries < 2 * len(people), "one more for each, to see whether it still may"
    for each in people:
        await each.disconnect()


async def test_nobody_is_shown_what_was_read_for_another(
    chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owner and stranger, English and Chinese look at the same moment; a link's keys are in no other's page."""
    made = await make_order(seen_by=KEY, state=OrderState.OPENED)
    key = await sync_to_async(shown_key_of)(made)
    looks = Looks(monkeypatch)
    path = f"/ws/orders/{made.order_id}/"
    own, chinese = socket(path), socket(path, extra="django_language=zh-hans")
    secret = socket(f"{path}?k={made.share_key}", cookie="")
    shown = socket(f"{path}?s={key}", cookie="")
    for each in (own, chinese, secret, shown):
        await each.connect()
        await each.text()
    await Order.objects.filter(pk=made.pk).aupdate(state=OrderState.REFUNDED, payout="sent")
    await looks.begin()
    texts = [await each.text() for each in (own, chinese, secret, shown)]
    await looks.end()
    assert ["已退款" in text for text in texts] == [False, True, False, False]
    assert [made.share_key in text for text in texts] == [False, False, True, False]
    assert [key in text for text in texts] == [False, False, False, True]
    assert [made.user in text for text in texts] == [True, True, True, False]
    for each in (own, chinese, secret, shown):
        await each.disconnect()


async def test_who_may_not_any_more_is_told_nothing(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await make_order(seen_by=KEY)
    looks = Looks(monkeypatch)
    listener = socket(f"/ws/orders/{made.order_id}/")
    await listener.connect()
    await listener.text()
    await made.accesses.all().adelete()
    await Order.objects.filter(pk=made.pk).aupdate(state=OrderState.EXPIRED)
    await looks.begin()
    message = await listener.receive_output()
    await looks.end()
    assert (message["type"], message.get("code")) == ("websocket.close", DENIED)


async def test_a_program_hears_of_what_no_hint_told_it(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis restarts, and the last hint of all goes with it."""
    monkeypatch.setattr(orders, "PROGRAM_LOOKS_SECONDS", 0.2)
    made = await make_order(seen_by=KEY)
    await make_event(made, "accepted")
    listener = socket(f"/ws/orders/{made.order_id}/?format=json")
    await listener.connect()
    await frame(listener)
    await make_event(made, "opened")
    assert [event["seq"] for event in (await frame(listener))["events"]] == [2]
    await listener.disconnect()


async def test_a_quiet_page_hears_that_the_line_is_not_dead(
    chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intents.live.frames.BEAT_SECONDS", 0.1)
    made = await make_order(seen_by=KEY)
    page, program = (socket(f"/ws/orders/{made.order_id}/{query}") for query in ("", "?format=json"))
    for each in (page, program):
        await each.connect()
        await each.text()
    assert [await page.text() for _ in range(2)] == [BEAT, BEAT]
    assert await program.receive_nothing(timeout=0.3)
    for each in (page, program):
        await each.disconnect()


async def test_a_database_that_is_away_for_a_moment_ends_no_looking(
    chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OrderConsumer, "look_again_seconds", 0.1)
    made = await make_order(seen_by=KEY, state=OrderState.OPENED)
    listener = socket(f"/ws/orders/{made.order_id}/")
    await listener.connect()
    await listener.text()
    failures = [OperationalError("away"), OperationalError("away")]
    real = shared.timeline

    def timeline(order: Order) -> Timeline:
        if failures:
            raise failures.pop()
        return real(order)

    monkeypatch.setattr(shared, "timeline", timeline)
    await Order.objects.filter(pk=made.pk).aupdate(received_at=made.received_at - 600)
    assert "Slower than usual" in await listener.text()
    assert not failures
    await listener.disconnect()
