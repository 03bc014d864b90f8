"""A real anvil node for tests, and a proxy in front of it that can lose answers."""

import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3

PORTS = range(20_000, 32_000)
ROOT = Path(__file__).resolve().parents[2]
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
BOB = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
# Where the first contract of ALICE lands.
FIRST_DEPLOYED = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def free_port() -> int:
    """A port below the range of outgoing connections, so that a stopped node finds it free again."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Node:
    """One anvil process; `rpc` speaks to it directly, past everything under test."""

    def __init__(self, chain_id: int, *options: str) -> None:
        self.chain_id = chain_id
        self.port = free_port()
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._pool = urllib3.PoolManager(retries=False)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(ANVIL), "--port", str(self.port), "--chain-id", str(self.chain_id), "--silent"]
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")}
        self._process = subprocess.Popen([*command, *self.options], env=environment)
        wait_for(self._answers, "anvil does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def rpc(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        headers = {"Content-Type": "application/json"}
        answer = self._pool.request("POST", self.url, body=body.encode(), headers=headers, timeout=10)
        value = json.loads(answer.data)
        if "error" in value:
            raise AssertionError(value["error"])
        return value["result"]

    def transfer(self, to: str = BOB, value: int = 1) -> str:
        tx_hash = self.rpc("eth_sendTransaction", {"from": ALICE, "to": to, "value": hex(value)})
        wait_for(lambda: self.rpc("eth_getTransactionReceipt", tx_hash), "not mined")
        return str(tx_hash)

    def deploy(self, code: str) -> str:
        tx_hash = self.rpc("eth_sendTransaction", {"from": ALICE, "data": code, "gas": hex(2_000_000)})
        receipt = wait_for(lambda: self.rpc("eth_getTransactionReceipt", tx_hash), "not deployed")
        return str(receipt["contractAddress"])

    def number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"anvil ended: is port {self.port} taken?"
        try:
            return bool(self.rpc("eth_chainId"))
        except urllib3.exceptions.HTTPError:
            return False


class LossyProxy:
    """Forwards JSON-RPC; `lose(method)` makes it drop the next answer to that method, after forwarding."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.seen: list[str] = []
        self._lost: list[str] = []
        self._pool = urllib3.PoolManager(retries=False, maxsize=8)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                proxy._serve(self)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def lose(self, method: str) -> None:
        self._lost.append(method)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        asked = json.loads(body)
        methods = [item["method"] for item in (asked if isinstance(asked, list) else [asked])]
        self.seen.extend(methods)
        headers = {"Content-Type": "application/json"}
        answer = self._pool.request("POST", self.target, body=body, headers=headers, timeout=10)
        for method in methods:
            if method in self._lost:
                self._lost.remove(method)
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(answer.data)))
        handler.end_headers()
        handler.wfile.write(answer.data)


def wait_for(check: Callable[[], Any], problem: str, seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(problem)


def reverting_with(data: bytes) -> str:
    """Creation code of a contract that reverts with `data` whatever is called."""
    runtime = _copy(len(data)) + b"\xfd" + data
    return "0x" + (_copy(len(runtime)) + b"\xf3" + runtime).hex()


def _copy(size: int) -> bytes:
    # PUSH2 size, PUSH1 12, PUSH0, CODECOPY, PUSH2 size, PUSH0; one more byte ends it.
    return bytes.fromhex(f"61{size:04x}600c5f3961{size:04x}5f")
