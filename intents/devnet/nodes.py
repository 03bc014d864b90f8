"""The anvil process of one local chain."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .anvil_binary import anvil_binary
from .profiles import ChainProfile
from .rpc import NodeUnreachable, Rpc

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
STATE_INTERVAL_SECONDS: Final = 30
# States of past blocks that can be read and that a reorg can go back to; each is half a megabyte.
KEPT_STATES: Final = 64
GAS_LIMIT: Final = 60_000_000


class NodeFailed(Exception):
    """anvil stopped or never answered; the text has its last words."""

    code = "node_failed"
    retry = True


def node_command(
    profile: ChainProfile,
    *,
    port: int,
    state: Path | None = None,
    load_state: Path | None = None,
    is_instant: bool = False,
) -> list[str]:
    """The command line of a chain's node.

    `state` is loaded when it exists and written every few seconds and at the end; `load_state` is only read.
    With `is_instant` every transaction gets its own block at once.
    """
    command = [str(anvil_binary()), "--port", str(port), "--chain-id", str(profile.chain_id)]
    command += ["--gas-limit", str(GAS_LIMIT), "--disable-min-priority-fee", "--quiet"]
    command += ["--block-base-fee-per-gas", str(profile.base_fee_wei), "--no-request-size-limit"]
    # Otherwise anvil writes the whole state of every block to ~/.foundry: gigabytes in an hour.
    command += ["--prune-history", str(KEPT_STATES)]
    if state is not None:
        command += ["--state", str(state), "--state-interval", str(STATE_INTERVAL_SECONDS)]
    if load_state is not None:
        command += ["--load-state", str(load_state)]
    if not is_instant:
        command += ["--block-time", f"{profile.block_seconds:g}"]
    return command


class Node:
    """A node started by this process, which also stops it."""

    def __init__(self, profile: ChainProfile, command: list[str], port: int) -> None:
        self.profile = profile
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.rpc = Rpc(self.url)
        self._command = command
        self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def restart(self) -> None:
        """Stop and start it with the same command, from the state that one loads. Raises NodeFailed."""
        self.stop()
        self._process = self._spawn()
        self.wait()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Return when it answers. Raises NodeFailed."""
        wait_for(self.rpc, self.profile.chain_id, is_alive=lambda: self._process.poll() is None)

    def stop(self) -> None:
        """SIGTERM, so that it writes its state, then SIGKILL if it lingers."""
        self.rpc.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def wait_for(rpc: Rpc, chain_id: int, *, is_alive: Callable[[], bool] = lambda: True) -> None:
    """Return when the node of that chain answers. Raises NodeFailed after a while, or for another chain."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not is_alive():
            raise NodeFailed(f"anvil at {rpc.url} stopped; is its port taken?")
        try:
            found = int(rpc.request("eth_chainId"), 16)
        except NodeUnreachable:
            time.sleep(0.02)
            continue
        if found != chain_id:
            raise NodeFailed(f"{rpc.url} is chain {found}, not {chain_id}")
        return
    raise NodeFailed(f"{rpc.url} did not answer within {START_SECONDS:g} s")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
