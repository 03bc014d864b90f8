"""Workers and pages hear of a change after it is committed; a queue that is down breaks nothing."""

import subprocess
import time
import uuid

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from intents import publish, wake
from intents.devnet.redis_server import RedisServer, redis_binary

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


@pytest.mark.parametrize("group", [publish.order_group(ORDER_ID), publish.quote_group(uuid.UUID(int=7))])
def test_group_names_are_ones_that_channels_accepts(group):
    assert get_channel_layer().require_valid_group_name(group)


@pytest.fixture
def marks(monkeypatch, tmp_path):
    """A real Redis for the marks."""
    server = RedisServer(redis_binary(), tmp_path / "redis.sock")
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    client = Redis.from_url(server.url)
    monkeypatch.setattr(wake, "_marks", lambda: client)
    for _ in range(100):
        try:
            client.ping()
            break
        except RedisError:
            time.sleep(0.05)
    yield client
    process.terminate()
    process.wait()


@pytest.mark.django_db(transaction=True)
def test_an_order_stands_in_the_queue_once_until_a_worker_begins_with_it(sent, marks):
    for _ in range(5):
        wake.advance(ORDER_ID)
    wake.advance("0x" + "cd" * 32)
    assert len(sent) == 2
    wake.taken(ORDER_ID)
    wake.advance(ORDER_ID)
    assert len(sent) == 3


@pytest.mark.django_db(transaction=True)
def test_a_lost_message_is_replaced_after_a_while(sent, marks):
    wake.advance(ORDER_ID)
    (mark,) = marks.keys("*")
    assert 0 < marks.ttl(mark) <= wake.MARK_SECONDS


@pytest.mark.django_db(transaction=True)
def test_without_marks_a_hint_is_sent_all_the_same(sent, monkeypatch):
    monkeypatch.setattr(wake, "_marks", lambda: Redis.from_url("unix:///nowhere.sock"))
    wake.advance(ORDER_ID)
    wake.taken(ORDER_ID)
    assert len(sent) == 1
