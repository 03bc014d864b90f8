"""What a worker keeps between its tasks: connections to chains, also to those that join, and to the database."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InterfaceError, connection

from intents.chains import registry
from intents.chains.client import client
from intents.chains.node import Node
from intents.devnet.network import Network
from intents.models import Chain
from intents.services import warm
from webapp import celery

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def asked_of_nodes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What nodes are asked from now on, by method."""
    asked: list[str] = []
    real = Node._ask

    def noted(self: Node, method: str, params: Any) -> Any:
        asked.append(method)
        return real(self, method, params)

    monkeypatch.setattr(Node, "_ask", noted)
    return asked


def test_a_chain_that_joins_is_met_before_its_first_user(
    registered: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    birch = registry.chain(902)
    Chain.objects.filter(chain_id=902).update(is_connected=False)
    registry.forget()
    known = dict(registry.all_chains())
    assert not warm.newcomers(known)

    registry.load([replace(birch, name="Birch again")])
    fresh = warm.newcomers(known)
    assert list(fresh) == [902]
    warm.greet(fresh)
    assert not warm.newcomers(known | fresh)
    asked = asked_of_nodes(monkeypatch)
    client(902).head()
    assert asked == ["eth_getBlockByNumber"], "its node need not say again which chain it serves"


def test_one_that_is_away_keeps_nobody_from_the_others(
    registered: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = replace(
        registry.chain(901), endpoints=(replace(registry.chain(901).endpoints[0], url="http://127.0.0.1:9"),)
    )
    registry.load([away])
    warm.greet(registry.all_chains())
    asked = asked_of_nodes(monkeypatch)
    client(902).head()
    assert asked == ["eth_getBlockByNumber"]


def test_the_thread_outlives_a_lost_database(registered: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[int] = []
    looks = iter([InterfaceError("connection already closed"), {902: registry.chain(902)}])
    closed: list[bool] = []

    def look(_known: Any) -> Any:
        found = next(looks, None)
        if found is None:
            raise SystemExit
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(warm, "LOOK_SECONDS", 0)
    monkeypatch.setattr(warm, "newcomers", look)
    monkeypatch.setattr(warm, "greet", met.extend)
    monkeypatch.setattr(warm, "close_old_connections", lambda: closed.append(True))
    with pytest.raises(SystemExit):
        warm._keep_warm()
    assert met == [902]
    assert len(closed) == 3, "a connection that broke is not asked again"


@pytest.fixture
def worker() -> Any:
    """This process keeps its database as a worker's does, and is as it was afterwards."""
    before = dict(connection.settings_dict)
    celery.keep_database_open()
    yield SimpleNamespace(request=SimpleNamespace(is_eager=False))
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


def test_the_database_stays_open_from_task_to_task(worker: Any) -> None:
    celery.look_at_database(task=worker)
    Chain.objects.count()
    kept = connection.connection
    assert kept is not None
    celery.look_at_database(task=worker)
    Chain.objects.count()
    assert connection.connection is kept


def test_one_that_broke_is_opened_anew(worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Chain.objects.count()
    kept = connection.connection
    connection.errors_occurred = True
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    celery.look_at_database(task=worker)
    Chain.objects.count()
    assert connection.connection is not kept


def test_celery_itself_leaves_it_open() -> None:
    assert celery.app.conf.get("CELERY_DB_REUSE_MAX", 0) > 1000
    assert celery.app.conf.worker_prefetch_multiplier == 1, "the other settings are still taken"
