"""The supervisor restarts what falls, reports it, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intents.devnet.supervisor import Child, ChildFailed, NotReady, Supervisor

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "exec sleep 300"


class System:
    """One running tiny system."""

    def __init__(self, run_dir: Path, **commands: str) -> None:
        self.run_dir = run_dir
        arguments = [f"{name}={command}" for name, command in commands.items()]
        self.output = run_dir / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.ground.tiny_system", str(run_dir), *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        eventually(lambda: "ready" in self.text)

    @property
    def text(self) -> str:
        return self.output.read_text()

    def pid(self, name: str) -> int:
        return int(json.loads((self.run_dir / "processes.json").read_text())[name]["pid"])

    def end(self, number: signal.Signals) -> float:
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - started


def eventually(is_true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., System]]:
    systems: list[System] = []

    def begin(**commands: str) -> System:
        systems.append(System(tmp_path, **commands))
        return systems[-1]

    yield begin
    for system in systems:
        if system.process.poll() is None:
            system.end(signal.SIGTERM)


def test_a_killed_process_is_restarted_and_reported(start: Callable[..., System]) -> None:
    system = start(worker=SLEEPER, other=SLEEPER)
    first, other = system.pid("worker"), system.pid("other")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: system.pid("worker") != first and is_running(system.pid("worker")))
    assert "worker ended (signal SIGKILL); restart 1" in system.text
    assert system.pid("other") == other


def test_a_process_that_keeps_failing_is_tried_less_and_less_often(start: Callable[..., System]) -> None:
    system = start(broken="exit 3")
    eventually(lambda: "restart 4 in 1.6 s" in system.text)
    assert "broken ended (exit code 3); restart 1 in 0.2 s" in system.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_every_process_and_their_children(
    start: Callable[..., System], number: signal.Signals
) -> None:
    system = start(base=SLEEPER, parent="sleep 301 & echo child=$!; wait")
    eventually(lambda: "child=" in system.text)
    grandchild = int(system.text.split("child=")[1].split()[0])
    pids = [system.pid("base"), system.pid("parent"), grandchild]
    assert system.end(number) < 5
    assert system.process.returncode == 0
    assert not any(is_running(pid) for pid in pids)
    assert json.loads((system.run_dir / "processes.json").read_text()) == {}


@pytest.mark.slow
def test_a_process_that_ignores_the_stop_signal_is_killed(start: Callable[..., System]) -> None:
    system = start(stubborn="trap '' TERM; echo deaf; while :; do sleep 1; done")
    eventually(lambda: "deaf" in system.text)
    pid = system.pid("stubborn")
    assert system.end(signal.SIGTERM) < 9
    assert not is_running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child's life to its parent's")
def test_nothing_outlives_a_killed_supervisor(start: Callable[..., System]) -> None:
    system = start(worker=SLEEPER)
    pid = system.pid("worker")
    system.end(signal.SIGKILL)
    eventually(lambda: not is_running(pid))


def test_output_is_prefixed_by_its_process(start: Callable[..., System]) -> None:
    system = start(alpha="echo one; echo two; exec sleep 300")
    eventually(lambda: "two" in system.text)
    assert "         alpha | one\n         alpha | two\n" in system.text
    assert (system.run_dir / "logs" / "alpha.log").read_text() == "one\ntwo\n"


def test_a_task_that_fails_is_named_with_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.run_once(Child("fine", ("/bin/sh", "-c", "echo done")))
        with pytest.raises(ChildFailed, match=r"migrate failed \(exit code 7\).*logs/migrate\.log"):
            supervisor.run_once(Child("migrate", ("/bin/sh", "-c", "exit 7")))


def test_waiting_for_something_that_never_comes_ends(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(NotReady, match="the page answers within 0 s"):
        supervisor.wait_until(lambda: False, seconds=0.3, what="the page answers")
