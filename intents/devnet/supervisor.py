"""Starts processes, shows their output, restarts the ones that fall and stops them all.

Everything runs on the main thread: PR_SET_PDEATHSIG is tied to the thread that forked, so a thread that
ended would take its children with it.
"""

import contextlib
import ctypes
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final, TextIO

FIRST_BACKOFF_SECONDS: Final = 0.2
LONGEST_BACKOFF_SECONDS: Final = 10.0
HEALTHY_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.25
COLOURS: Final = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
PR_SET_PDEATHSIG: Final = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class SupervisorError(Exception):
    """The system did not come up; the text says which part and what to look at."""

    code = "supervisor_error"
    retry = False


class ChildFailed(SupervisorError):
    """A task that has to succeed ended otherwise."""

    code = "child_failed"


class NotReady(SupervisorError):
    """A part did not become ready in time."""

    code = "not_ready"


class StopRequested(Exception):
    """SIGINT or SIGTERM arrived: unwinds whatever was being waited for."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to run. A `foundation` is stopped after all the others, which still talk to it."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    is_foundation: bool = False


@dataclass(slots=True)
class _Running:
    child: Child
    colour: int
    log: IO[bytes]
    is_task: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    restarts: int = 0
    failures: int = 0
    partial: bytes = b""


class Supervisor:
    """Owns every process it started, each in a session of its own."""

    def __init__(self, run_dir: Path, *, out: TextIO | None = None) -> None:
        self.run_dir = run_dir
        self.out = out or sys.stdout
        self.is_stopping = False
        self._running: dict[str, _Running] = {}
        self._replaced: dict[signal.Signals, Any] = {}
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._uses_colour = self.out.isatty() and "NO_COLOR" not in os.environ
        (run_dir / "logs").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Supervisor":
        handlers: dict[signal.Signals, Any] = dict.fromkeys(
            (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), self._on_stop_signal
        )
        # An empty handler is enough to wake the selector when a child ends.
        handlers[signal.SIGCHLD] = lambda *_: None
        self._replaced = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        reader, self._wakeup = os.pipe()
        for descriptor in (reader, self._wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wakeup)
        self._selector.register(reader, selectors.EVENT_READ, None)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        for number, handler in self._replaced.items():
            signal.signal(number, handler)

    def say(self, text: str) -> None:
        """One line of our own among the children's."""
        self._print("demo", 37, text)

    def start(self, child: Child) -> None:
        """Start a process and keep it running until `stop`."""
        running = self._add(child)
        self._spawn(running)

    def post(self, work: Callable[[], None]) -> None:
        """Have the main thread run this soon; the one method that other threads may call."""
        self._posted.put(work)
        with contextlib.suppress(OSError):
            os.write(self._wakeup, b"\0")

    def signal(self, name: str, number: int) -> bool:
        """Send a running part and what it forked a signal; False when there is no such part now."""
        running = self._running.get(name)
        if running is None or not _is_alive(running):
            return False
        _signal_group(running, number)
        return True

    def end(self, name: str) -> None:
        """Stop one part for good; nothing happens when it does not exist."""
        running = self._running.get(name)
        if running is not None:
            self._stop_some([running])
            self._running.pop(name, None)
            self._write_processes()

    def run_once(self, child: Child) -> None:
        """Run a task to its end while the others go on. Raises ChildFailed unless it succeeds."""
        running = self._add(child)
        running.is_task = True
        self._spawn(running)
        process = running.process
        assert process is not None
        while process.poll() is None:
            self._pump(POLL_SECONDS)
        self._forget(running)
        if process.returncode != 0:
            raise ChildFailed(
                f"{child.name} failed ({_ending(process.returncode)}); its output is above "
                f"and in {self.run_dir / 'logs' / child.name}.log"
            )

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Let the children run until `is_ready()`. Raises NotReady after `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if time.monotonic() > deadline:
                raise NotReady(f"{what} within {seconds:.0f} s; the logs are in {self.run_dir / 'logs'}")
            self._pump(POLL_SECONDS)

    def serve(self) -> None:
        """Show output and restart what falls until SIGINT or SIGTERM."""
        try:
            while True:
                self._pump(POLL_SECONDS)
        except StopRequested:
            return

    def stop(self) -> None:
        """End every process: first what uses the foundations, then the foundations."""
        self.is_stopping = True
        for is_foundation in (False, True):
            self._stop_some(
                [item for item in self._running.values() if item.child.is_foundation == is_foundation]
            )
        self._write_processes()

    def _stop_some(self, group: list[_Running]) -> None:
        alive = [item for item in group if item.process is not None]
        for item in alive:
            _signal_group(item, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and any(_is_alive(item) for item in alive):
            self._read(0.05)
        for item in alive:
            _signal_group(item, signal.SIGKILL)
            assert item.process is not None
            item.process.wait()
        self._read(0)
        for item in alive:
            self._forget(item)

    def _add(self, child: Child) -> _Running:
        log = (self.run_dir / "logs" / f"{child.name}.log").open("wb", buffering=0)
        colour = COLOURS[len(self._running) % len(COLOURS)]
        running = self._running[child.name] = _Running(child, colour, log)
        return running

    def _spawn(self, running: _Running) -> None:
        child = running.child
        running.process = subprocess.Popen(
            child.command,
            env={**os.environ, **child.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )
        running.started_at = time.monotonic()
        running.restart_at = None
        stream = running.process.stdout
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        self._selector.register(stream, selectors.EVENT_READ, running)
        self._write_processes()

    def _pump(self, seconds: float) -> None:
        self._read(seconds)
        if self.is_stopping:
            raise StopRequested
        while not self._posted.empty():
            self._posted.get()()
        now = time.monotonic()
        for running in list(self._running.values()):
            if running.is_task:
                continue
            if running.process is not None and running.process.poll() is not None:
                self._on_ended(running, now)
            elif running.restart_at is not None and now >= running.restart_at:
                self._spawn(running)

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            chunk = _read_available(key.fd)
            running: _Running | None = key.data
            if running is None:
                continue
            if chunk == b"":
                self._selector.unregister(key.fileobj)
            elif chunk is not None:
                self._show(running, chunk)

    def _show(self, running: _Running, chunk: bytes) -> None:
        running.log.write(chunk)
        *lines, running.partial = (running.partial + chunk).split(b"\n")
        for line in lines:
            self._print(running.child.name, running.colour, line.decode("utf-8", "replace"))

    def _on_ended(self, running: _Running, now: float) -> None:
        process = running.process
        assert process is not None
        _signal_group(running, signal.SIGKILL)
        self._close_output(running)
        running.process = None
        has_been_healthy = now - running.started_at > HEALTHY_SECONDS
        running.failures = 1 if has_been_healthy else running.failures + 1
        running.restarts += 1
        pause = min(FIRST_BACKOFF_SECONDS * 2 ** (running.failures - 1), LONGEST_BACKOFF_SECONDS)
        running.restart_at = now + pause
        self.say(
            f"{running.child.name} ended ({_ending(process.returncode)}); "
            f"restart {running.restarts} in {pause:.1f} s"
        )

    def _close_output(self, running: _Running) -> None:
        assert running.process is not None
        stream = running.process.stdout
        assert stream is not None
        if stream.fileno() in self._selector.get_map():
            while chunk := _read_available(stream.fileno()):
                self._show(running, chunk)
            self._selector.unregister(stream)
        stream.close()

    def _forget(self, running: _Running) -> None:
        self._close_output(running)
        running.log.close()
        running.process = None
        self._running.pop(running.child.name, None)

    def _write_processes(self) -> None:
        alive = {
            name: {"pid": item.process.pid, "restarts": item.restarts}
            for name, item in self._running.items()
            if item.process is not None
        }
        partial = self.run_dir / ".processes.json"
        partial.write_text(json.dumps(alive, indent=2), "utf-8")
        partial.replace(self.run_dir / "processes.json")

    def _print(self, name: str, colour: int, text: str) -> None:
        prefix = f"{name:>14} |"
        if self._uses_colour:
            prefix = f"\033[{colour}m{prefix}\033[0m"
        with contextlib.suppress(OSError):  # a closed terminal must not keep us from stopping the rest
            print(prefix, text, file=self.out, flush=True)

    def _on_stop_signal(self, number: int, _: FrameType | None) -> None:
        if self.is_stopping:
            return
        self.is_stopping = True
        self.say(f"{signal.Signals(number).name}: stopping everything")


def _die_with_parent(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _read_available(descriptor: int) -> bytes | None:
    """What can be read now: b"" at the end, None when there is nothing yet."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None


def _is_alive(running: _Running) -> bool:
    return running.process is not None and running.process.poll() is None


def _signal_group(running: _Running, number: int) -> None:
    assert running.process is not None
    try:
        os.killpg(running.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
