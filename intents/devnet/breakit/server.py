"""The supervisor's ear: one local port with a token, over which the page asks for something to be broken."""

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from intents.devnet.ports import HOST
from intents.devnet.rpc import NodeUnreachable, RpcError

from .deeds import Breaker, CannotBreak

TOKEN_HEADER: Final = "X-Waymeet-Control"
LARGEST_BODY: Final = 1024


class BreakServer:
    """Listens on a free local port until `stop`."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._server = _Server((HOST, 0), _Handler)
        self._server.token = self.token

    @property
    def url(self) -> str:
        """Where to ask."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """What the page's process has to know."""
        return {"WAYMEET_BREAK_URL": self.url, "WAYMEET_BREAK_TOKEN": self.token}

    def serve(self, breaker: Breaker) -> None:
        """Answer from a thread."""
        self._server.breaker = breaker
        threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server.breaker is not None:
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    token = ""
    breaker: Breaker | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        token = self.headers.get(TOKEN_HEADER, "")
        if self.server.breaker is None or not secrets.compare_digest(token, self.server.token):
            self._reply(404, {"error": "not_here"})
            return
        length = int(self.headers.get("Content-Length") or 0)
        try:
            asked = json.loads(self.rfile.read(min(length, LARGEST_BODY)))
            done = self.server.breaker.do(str(asked["deed"]), str(asked["chain"]))
        except (ValueError, KeyError, TypeError):
            self._reply(400, {"error": "unknown_deed"})
        except CannotBreak as error:
            self._reply(409, {"error": error.code})
        except (NodeUnreachable, RpcError):
            self._reply(502, {"error": "node_away"})
        else:
            self._reply(200, {"deed": done.deed, "chain": done.chain, "seconds": done.seconds})

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _reply(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
