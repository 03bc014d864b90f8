"""A whole demo in a child process, on free ports and in a run folder of its own: for bench and tests."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings

START_SECONDS: Final = 300.0
STOP_SECONDS: Final = 30.0
PORTS_IN_A_ROW: Final = 40
# Higher ones may be taken by any outgoing connection before the demo listens there.
FIRST_PORTS: Final = range(11_000, 32_000)
LAST_LINES: Final = 40


class DemoFailed(Exception):
    """The demo ended or never became ready; the text has its last lines."""

    code = "demo_failed"
    retry = False


class DemoProcess:
    """`manage.py demo` with its own ports and run folder. Stop it, or use it as a context.

    `code` is the checkout that the next start runs, this one unless another is put there.
    """

    def __init__(self, run_dir: Path, *, env: Mapping[str, str] | None = None) -> None:
        self.run_dir = run_dir
        self.page_port = _free_row(1 + PORTS_IN_A_ROW)
        self.chain_port = self.page_port + 1
        self.url = f"http://127.0.0.1:{self.page_port}"
        self._lines: list[str] = []
        self._is_ready = threading.Event()
        # Settings of whoever calls us, such as a test's queue in memory, are not the demo's.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
            and not name.startswith("WAYMEET_")
        }
        self.env = {
            **inherited,
            "WAYMEET_CACHE_DIR": str(settings.BASE_DIR / ".cache"),
            "WAYMEET_RUN_DIR": str(run_dir),
            "PORT": str(self.page_port),
            "DEVNET_PORT": str(self.chain_port),
            **(env or {}),
        }
        self.code: Path = settings.BASE_DIR
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "DemoProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return once the page answers and the supervisor says ready; raises DemoFailed."""
        self.start_without_waiting()
        self.wait_ready()

    def start_without_waiting(self) -> None:
        """Start the supervisor."""
        self._is_ready.clear()
        self._process = subprocess.Popen(
            [sys.executable, str(self.code / "manage.py"), "demo"],
            cwd=self.code,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()

    def wait_ready(self) -> None:
        """Return once the supervisor says ready; raises DemoFailed."""
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready.wait(0.2):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise DemoFailed("the demo did not come up:\n" + self.last_lines())

    def stop(self) -> None:
        """SIGTERM and wait: the supervisor stops what it started."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int:
        """The supervisor; every other part is its child."""
        assert self._process is not None
        return self._process.pid

    def kill_supervisor(self) -> None:
        """SIGKILL the supervisor alone; what it started dies with it, as far as the system sees to that."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def last_lines(self) -> str:
        """What it printed last."""
        return "\n".join(self._lines[-LAST_LINES:])

    def output(self) -> list[str]:
        """Every line it printed."""
        return list(self._lines)

    def pids(self) -> dict[str, int]:
        """Process ids of the running parts by name, as the supervisor wrote them down."""
        text = (self.run_dir / "processes.json").read_text("utf-8")
        return {name: int(entry["pid"]) for name, entry in json.loads(text).items()}

    def kill(self, name: str) -> None:
        """SIGKILL one part and the processes it forked; the supervisor starts it again."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pids()[name], signal.SIGKILL)

    def health(self) -> bool:
        """Whether the page answers."""
        try:
            with urlopen(f"{self.url}/health", timeout=2) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.append(line.rstrip("\n"))
            if "ready: http://" in line:
                self._is_ready.set()


def _free_row(count: int) -> int:
    for _ in range(200):
        first = random.choice(FIRST_PORTS)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise DemoFailed(f"no {count} free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
