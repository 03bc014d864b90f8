"""A local fork of a chain, for nodes that cannot put code in place for a call: anvil, named by the environment."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from intents.chains.node import Node
from intents.chains.node_errors import RpcError, RpcUnavailable
from intents.errors import WaymeetError

START_SECONDS: Final = 30.0
BINARY: Final = "WAYMEET_ANVIL"


class NoFork(WaymeetError):
    """There is no anvil to fork with, or it did not start."""

    code = "no_fork"
    status = 503


@contextmanager
def forked(url: str, *, chain_id: int) -> Iterator[str]:
    """The address of a fork of the chain behind `url`, ended afterwards. Raises NoFork."""
    binary = os.environ.get(BINARY) or shutil.which("anvil")
    if not binary:
        raise NoFork(f"{BINARY} names no anvil, and there is none on the path")
    port = _free_port()
    command = [binary, "--fork-url", url, "--port", str(port), "--no-mining", "--silent"]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/tmp")}
    process = subprocess.Popen([*command, "--chain-id", str(chain_id)], env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, chain_id, process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str, chain_id: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            Node(address, chain_id).probe()
            return
        except (RpcUnavailable, RpcError):
            time.sleep(0.1)
    raise NoFork(f"the fork of chain {chain_id} did not start")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
