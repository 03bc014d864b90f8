"""The counters behind the limits: shared through a real Redis, and harmless without one."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from intents.chains import registry
from intents.devnet.redis_server import RedisServer, redis_binary
from intents.services import limits
from intents.services.limits import (
    LOOKUPS,
    QUOTES,
    Concurrent,
    TooManyRequests,
    home,
    refuse_if_spent,
    spend,
)
from tests.web import rows

HERE = "203.0.113.7"


@pytest.fixture(autouse=True)
def _strict(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three requests, on a network where limits count."""
    settings.RATE_LIMITS = {QUOTES: (3, 3600), LOOKUPS: (3, 3600)}
    monkeypatch.setattr(limits, "LOCAL_FACTOR", 1)
    monkeypatch.setattr(limits._Pause, "until", 0.0)
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def shared(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    server = RedisServer(redis_binary(), tmp_path / "limits.sock")
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    settings.REDIS_URL = server.url
    for _ in range(100):
        try:
            redis.Redis.from_url(server.url).ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield server
    process.terminate()
    process.wait(5)


def times(count: int, kind: str = QUOTES, address: str = HERE) -> int:
    """How many of `count` requests were let through."""
    through = 0
    for _ in range(count):
        try:
            spend(kind, address)
        except TooManyRequests:
            continue
        through += 1
    return through


@pytest.mark.django_db
def test_the_limit_is_exact_and_each_address_and_kind_has_its_own() -> None:
    assert times(5) == 3
    with pytest.raises(TooManyRequests) as refusal:
        spend(QUOTES, HERE)
    assert 0 < refusal.value.params["retry_after"] <= 3601
    assert times(5, address="203.0.113.8") == 3
    assert times(5, kind=LOOKUPS) == 3


@pytest.mark.django_db
def test_processes_count_requests_together_in_redis(shared: RedisServer) -> None:
    assert times(2) == 2
    limits.forget()  # what another process would know: nothing
    assert times(5) == 1
    counters = redis.Redis.from_url(shared.url)
    assert all(0 < int(counters.ttl(key)) <= 7200 for key in counters.keys("waymeet:limit:*"))  # type: ignore[union-attr, arg-type]


@pytest.mark.django_db
def test_a_new_window_begins_anew(settings: Any) -> None:
    settings.RATE_LIMITS = {QUOTES: (1, 1)}
    assert times(3) in (1, 2)
    time.sleep(1.05)
    assert times(1) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"])
def test_without_redis_the_process_counts_alone_and_quickly(settings: Any, url: str) -> None:
    settings.REDIS_URL = url
    began = time.monotonic()
    assert times(50) == 3
    assert time.monotonic() - began < 5.0, "it does not ask a dead Redis fifty times"


@pytest.mark.django_db
def test_who_is_beyond_the_limit_is_refused_without_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_if_spent(LOOKUPS, HERE)
    times(4, kind=LOOKUPS)
    with pytest.raises(TooManyRequests):
        refuse_if_spent(LOOKUPS, HERE)
    refuse_if_spent(LOOKUPS, "203.0.113.8")
    now = time.time()
    monkeypatch.setattr(limits.time, "time", lambda: now + 3601)
    refuse_if_spent(LOOKUPS, HERE)


@pytest.mark.django_db
def test_a_local_network_bears_a_crowd_from_one_address(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.undo()
    settings.RATE_LIMITS = {QUOTES: (3, 3600)}
    registry.forget()
    rows.connect(rows.manifest(901, "alder"))
    assert times(200) == 200
    registry.forget()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "nonsense", True),
    ],
)
def test_what_is_one_client(one: str, other: str, is_same: bool) -> None:
    assert (home(one) == home(other)) is is_same


@pytest.mark.django_db
def test_places_are_given_back() -> None:
    places = Concurrent()
    assert [places.enter(HERE, most=2) for _ in range(3)] == [True, True, False]
    assert places.enter("203.0.113.8", most=2)
    places.leave(HERE)
    assert places.enter(HERE, most=2)
