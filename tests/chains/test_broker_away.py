"""A broker that is down or hangs: whoever hurries others gives up soon, and goes on with its own work."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from kombu.utils import functional

from intents import publish, wake
from webapp.celery import app

pytestmark = pytest.mark.django_db(transaction=True)

ORDER_ID = "0x" + "ab" * 32


@pytest.fixture
def place() -> Iterator[socket.socket]:
    """Somebody who listens there takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def at(place: socket.socket, monkeypatch: pytest.MonkeyPatch, **options: float) -> None:
    """The product's own broker options, at that place."""
    url = f"redis://127.0.0.1:{place.getsockname()[1]}/0"
    broker = Celery("away", broker=url, set_as_current=False)
    broker.conf.broker_transport_options = {**app.conf.broker_transport_options, **options}
    monkeypatch.setattr(wake, "current_app", broker)


def test_one_that_is_down_is_not_waited_for(place: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(functional, "sleep", slept.append)
    at(place, monkeypatch)
    place.close()
    wake.advance(ORDER_ID)
    assert sum(slept) <= 0.2


def test_one_that_hangs_is_given_up(place: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a limit this would not end."""
    assert app.conf.broker_transport_options["socket_timeout"] <= 5
    at(place, monkeypatch, socket_timeout=0.2)
    wake.advance(ORDER_ID)


def test_hints_to_pages_are_given_up_too(place: socket.socket, settings: Any) -> None:
    url = f"redis://127.0.0.1:{place.getsockname()[1]}/0"
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": url, "socket_timeout": 0.2}]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}
    publish.order_changed(ORDER_ID, 1)
