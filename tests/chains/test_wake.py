"""Workers and pages hear of a change after it is committed; a queue that is down breaks nothing."""

import uuid

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from kombu.exceptions import OperationalError

from intents import publish, wake

ORDER_ID = "0x" + "ab" * 32


@pytest.fixture
def sent(monkeypatch):
    calls = []
    monkeypatch.setattr(wake.current_app, "send_task", lambda task, **options: calls.append((task, options)))
    return calls


@pytest.mark.django_db(transaction=True)
def test_a_task_carries_its_id_and_leaves_after_the_commit(sent):
    quote_id = uuid.uuid4()
    with transaction.atomic():
        wake.advance(ORDER_ID)
        wake.solve(quote_id)
        assert sent == []
    assert [(task, options["args"], options["queue"]) for task, options in sent] == [
        ("intents.advance", (ORDER_ID,), "engine"),
        ("intents.solve", (str(quote_id),), "solve"),
    ]


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_when_the_write_is_rolled_back(sent):
    with transaction.atomic():
        wake.advance(ORDER_ID)
        transaction.set_rollback(True)
    assert sent == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError("refused"), ConnectionResetError()])
def test_a_queue_that_is_down_does_not_fail_the_caller(monkeypatch, error):
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(wake.current_app, "send_task", refuse)
    wake.advance(ORDER_ID)


@pytest.mark.django_db(transaction=True)
def test_a_page_is_told_that_its_order_changed_and_nothing_more():
    layer = get_channel_layer()
    received = []

    async def listen(group: str) -> str:
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        return channel

    async def receive(channel: str) -> None:
        received.append(await layer.receive(channel))

    channel = async_to_sync(listen)(publish.order_group(ORDER_ID))
    with transaction.atomic():
        publish.order_changed(ORDER_ID, 4)
        publish.order_changed("0x" + "cd" * 32, 9)
    async_to_sync(receive)(channel)
    assert received == [{"type": "order.changed", "order_id": ORDER_ID, "seq": 4}]


@pytest.mark.parametrize("group", [publish.order_group(ORDER_ID), publish.quote_group(uuid.uuid4())])
def test_group_names_are_ones_that_channels_accepts(group):
    assert get_channel_layer().require_valid_group_name(group)
