"""The private Redis starts on a socket that every path length allows, and answers."""

import subprocess
import time
from pathlib import Path

import pytest
import redis

from intents.devnet.redis_server import LONGEST_SOCKET_PATH, RedisServer, redis_server, socket_path


@pytest.fixture(autouse=True)
def _without_redis_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)


def test_it_answers_also_below_a_very_long_folder(tmp_path: Path) -> None:
    server = redis_server(tmp_path / ("deep" * 30))
    assert server is not None
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    try:
        assert ping(server)
    finally:
        process.terminate()
        process.wait(5)


def test_a_short_folder_holds_its_own_socket(tmp_path: Path) -> None:
    assert socket_path(Path("/run/x")) == Path("/run/x/redis.sock")


def test_two_long_folders_have_two_short_sockets(tmp_path: Path) -> None:
    first, second = (socket_path(tmp_path / ("deep" * 30) / name) for name in ("one", "two"))
    assert first != second
    assert max(len(str(first)), len(str(second))) <= LONGEST_SOCKET_PATH


def test_a_given_redis_is_used_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    assert redis_server(tmp_path) is None


def ping(server: RedisServer) -> bool:
    client = redis.Redis.from_url(server.url)
    for _ in range(100):
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            time.sleep(0.05)
    return False
