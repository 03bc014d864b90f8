"""Chains on their way in, on the network page and over its socket: public, as it goes, in words."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.test import Client
from django.utils import timezone

from intents.models import Join
from intents.publish import JOINS_GROUP
from tests.joining.stories import dogwood, steps

from .sockets import socket

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_network_page_says_how_far_a_chain_is(chains: None) -> None:
    stranger = Client()
    assert "Dogwood" not in stranger.get("/network").content.decode()
    row = dogwood()
    text = stranger.get("/network").content.decode()
    assert "4 of 8 steps" in text
    assert "3 transactions are being sent" in text
    assert "data-running" in text
    Join.objects.filter(pk=row.pk).update(
        state="failed", steps=steps(done=5, then="failed", code="join_not_followed", chain="Dogwood")
    )
    text = stranger.get("/joins").content.decode()
    assert "hx-swap-oob" in text
    assert "Start `manage.py follow`, then run this again." in text
    assert "data-running" not in text
    noted = [{"code": "endpoint_ill", "params": {"host": "key.node.example", "ill": "lagging"}}]
    told = [
        {**step, "params": {"notes": noted}} if step["name"] == "passport" else step for step in row.steps
    ]
    Join.objects.filter(pk=row.pk).update(steps=told)
    text = stranger.get("/joins").content.decode()
    assert "one of its nodes is not used (host key.node.example, ill lagging)" in text
    Join.objects.filter(pk=row.pk).update(asked={"is_local": False})
    text = stranger.get("/joins").content.decode()
    assert "one of its nodes is not used" in text and "node.example" not in text
    Join.objects.filter(pk=row.pk).update(
        steps=steps(done=5, then="failed", code="join_not_followed", chain="Dogwood")
    )
    text = stranger.get("/joins").content.decode()
    assert "manage.py" not in text, "what may name a node is for staff"
    assert "It stands here for now" in text
    Join.objects.filter(pk=row.pk).update(started_at=timezone.now() - timedelta(days=2))
    assert "Dogwood" not in stranger.get("/joins").content.decode(), "who gave up is no news"
    Join.objects.filter(pk=row.pk).update(asked={"is_local": True}, started_at=timezone.now())
    stranger.post("/i18n/setlang/", {"language": "zh-hans", "next": "/network"})
    assert "请启动 `manage.py follow`" in stranger.get("/network").content.decode()


@pytest.mark.asyncio
async def test_the_socket_tells_strangers_when_it_came_further(chains: None) -> None:
    connection = socket("/ws/joins/")
    await connection.connect()
    assert "hidden" in await connection.text()
    row = await sync_to_async(dogwood)()
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(JOINS_GROUP, {"type": "joins.changed"})
    assert "4 of 8 steps" in await connection.text()
    manifest = {"tokens": [{"symbol": "WETH"}, {"symbol": "USDC"}]}
    await Join.objects.filter(pk=row.pk).aupdate(state="done", ended_at=timezone.now(), manifest=manifest)
    await layer.group_send(JOINS_GROUP, {"type": "joins.changed"})
    last = await connection.text()
    assert "connected in" in last
    assert "/?to=dogwood:USDC" in last
    await connection.disconnect()
