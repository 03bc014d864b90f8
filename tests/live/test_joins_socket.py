"""Chains on their way in, on the network page and over its socket: public, as it goes, in words."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.test import Client
from django.utils import timezone

from intents.joining.runner import STEP_NAMES
from intents.models import Join
from intents.publish import JOINS_GROUP

from .sockets import socket

pytestmark = pytest.mark.django_db(transaction=True)


def steps(*, done: int, then: str = "under_way", code: str = "", **params: Any) -> list[dict[str, Any]]:
    """So many steps are done, and the next is what it is."""

    def entry(place: int, name: str) -> dict[str, Any]:
        mark = "done" if place < done else then if place == done else "waiting"
        told = {"code": code, "params": params} if place == done else {"code": "", "params": {"notes": []}}
        return {"name": name, "state": mark, "at": 1_800_000_000.0, **told}

    return [entry(place, name) for place, name in enumerate(STEP_NAMES)]


def dogwood(**fields: Any) -> Join:
    values: dict[str, Any] = {
        "asked": {"is_local": True},
        "state": Join.State.RUNNING,
        "steps": steps(done=4, code="join_sending", count=3),
    } | fields
    return Join.objects.create(chain_id=904, slug="dogwood", name="Dogwood", **values)


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
    Join.objects.filter(pk=row.pk).update(asked={"is_local": False})
    text = stranger.get("/joins").content.decode()
    assert "manage.py" not in text, "what may name a node is for staff"
    assert "It stands here for now" in text
    Join.objects.filter(pk=row.pk).update(asked={"is_local": True})
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
