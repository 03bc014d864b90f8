"""A JSON-RPC proxy in front of one node that is ill on command: HTTP, and WebSocket passed through.

`PUT /faults` with a JSON list of faults puts those in force, `GET /faults` tells what is and how often
each mode has hit. Both need the control token, as a header that no page of another site can send.
"""

import contextlib
import http.client
import json
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from .modes import REFUSING, Fault, Illness, Mode, answered_differently, asked_differently, pause

HOST: Final = "127.0.0.1"
CONTROL_PATH: Final = "/faults"
TOKEN_HEADER: Final = "X-Waymeet-Control"
NODE_SECONDS: Final = 30.0
LARGEST_MESSAGE: Final = 65536
UNKNOWN_BLOCK: Final = {"code": -32000, "message": "unknown block"}
STATUS: Final = {Mode.TOO_MANY: 429, Mode.SERVER_ERROR: 503}


class FaultProxy:
    """Listens until `stop`. Port 0 takes a free one."""

    def __init__(self, node_url: str, *, port: int = 0, seed: int = 0, token: str = "") -> None:
        parts = urlsplit(node_url)
        self.node = (parts.hostname or HOST, parts.port or 80)
        self.illness = Illness(seed=seed)
        self.token = token or secrets.token_hex(8)
        self.seen: list[str] = []
        self._local = threading.local()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server((HOST, port), _Handler)
        self._server.proxy = self

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> "FaultProxy":
        """Serve from a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def serve(self) -> None:
        """Serve from this thread."""
        self._server.serve_forever(0.2)

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        self._server.shutdown()
        self._server.server_close()
        self.cut()

    def set(self, *faults: Fault) -> None:
        """These are in force now; open streams of heads end when they would tell too much."""
        self.illness.set(faults)
        if self.illness.is_misleading():
            self.cut()

    def cut(self) -> None:
        """End every WebSocket."""
        with self._lock:
            found, self._sockets = self._sockets, set()
        for item in found:
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)

    def forward(self, body: bytes) -> bytes:
        """The node's own answer; raises OSError or HTTPException."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        is_kept = connection is not None
        if connection is None:
            connection = http.client.HTTPConnection(*self.node, timeout=NODE_SECONDS)
            self._local.connection = connection
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._local.connection = None
            if is_kept:
                return self.forward(body)
            raise

    def head(self) -> int:
        """The node's newest block."""
        return int(self._ask("eth_blockNumber"), 16)

    def is_later(self, message: dict[str, Any], head: int) -> bool:
        """Whether this asks for the logs of one block, by its hash, that comes after `head`."""
        params = message.get("params") or [{}]
        if message.get("method") != "eth_getLogs" or "blockHash" not in params[0]:
            return False
        block = self._ask("eth_getBlockByHash", params[0]["blockHash"], False)
        return block is None or int(block["number"], 16) > head

    def _ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        return json.loads(self.forward(body.encode()))["result"]

    def splice(self, one: socket.socket, other: socket.socket) -> None:
        """Copy both ways until either side ends."""
        with self._lock:
            self._sockets |= {one, other}
        back = threading.Thread(target=_copy, args=(other, one), daemon=True)
        back.start()
        _copy(one, other)
        back.join()
        with self._lock:
            self._sockets -= {one, other}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: FaultProxy

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no event here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body in one write: the client would else wait for an acknowledgement in between.
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        proxy = self.server.proxy
        asked = json.loads(self._body())
        messages: list[dict[str, Any]] = asked if isinstance(asked, list) else [asked]
        methods = [str(message.get("method")) for message in messages]
        proxy.seen.extend(methods)
        del proxy.seen[:-LARGEST_MESSAGE]
        hit = proxy.illness.of(methods)
        pause(hit.get(Mode.DELAY))
        refusal = next((mode for mode in REFUSING if mode in hit), None)
        if refusal is not None:
            self._refuse(refusal)
            return
        try:
            answers = self._answers(proxy, messages, hit)
        except (OSError, http.client.HTTPException, ValueError):
            self._refuse(Mode.CUT)
            return
        if Mode.DROP_REPLY in hit:
            self._refuse(Mode.CUT)
            return
        self._reply(200, answers if isinstance(asked, list) else answers[0])

    def do_OPTIONS(self) -> None:
        """The demo wallet reads local chains from a page."""
        self._send(204, b"")

    def do_PUT(self) -> None:
        body = self._body()
        if not self._is_control():
            return
        try:
            faults = [Fault.parse(value) for value in json.loads(body)]
        except (ValueError, TypeError, AttributeError) as error:
            self._reply(400, {"error": str(error)})
            return
        self.server.proxy.set(*faults)
        self._reply(200, self._status())

    def do_GET(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._pass_through()
        elif self._is_control():
            self._reply(200, self._status())

    def log_message(self, *_: Any) -> None:
        """Quiet: a proxy sees every request of the system."""

    def _answers(
        self, proxy: FaultProxy, messages: list[dict[str, Any]], hit: dict[Mode, Fault]
    ) -> list[Any]:
        stale = hit.get(Mode.STALE_HEAD)
        head = None if stale is None else max(0, proxy.head() - stale.blocks)
        forwarded = [asked_differently(message, head) for message in messages]
        found = json.loads(proxy.forward(json.dumps(forwarded).encode()))
        by_id = {answer.get("id"): answer for answer in found}
        answers = []
        for message in messages:
            answer = by_id[message.get("id")]
            if head is not None and proxy.is_later(message, head):
                answer = {"jsonrpc": "2.0", "id": message.get("id"), "error": UNKNOWN_BLOCK}
            if "result" in answer:
                method = str(message.get("method"))
                result = answered_differently(method, answer["result"], hit, stale_head=head)
                answer = {**answer, "result": result}
            answers.append(answer)
        return answers

    def _status(self) -> dict[str, Any]:
        illness = self.server.proxy.illness
        return {"faults": [fault.to_json() for fault in illness.faults], "hits": dict(illness.hits)}

    def _is_control(self) -> bool:
        token = self.headers.get(TOKEN_HEADER, "")
        if self.path == CONTROL_PATH and secrets.compare_digest(token, self.server.proxy.token):
            return True
        self._reply(404, {"error": "not here"})
        return False

    def _pass_through(self) -> None:
        proxy = self.server.proxy
        self.close_connection = True
        if proxy.illness.is_misleading():
            self._refuse(Mode.SERVER_ERROR)
            return
        lines = [f"{self.command} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in self.headers.items())]
        try:
            node = socket.create_connection(proxy.node, NODE_SECONDS)
        except OSError:
            self._refuse(Mode.CUT)
            return
        with node:
            node.settimeout(None)
            node.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            node.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            proxy.splice(self.connection, node)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _refuse(self, mode: Mode) -> None:
        self.close_connection = True
        if mode in STATUS:
            self._reply(STATUS[mode], {"error": mode.value})
            return
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _reply(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "content-type")
        self.end_headers()
        self.wfile.write(body)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(LARGEST_MESSAGE):
            target.sendall(chunk)
    except OSError:
        pass
    for item in (source, target):
        with contextlib.suppress(OSError):
            item.shutdown(socket.SHUT_RDWR)
