"""An answer that is lost says nothing about the order: it is handed in again, and is the same one."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from intents.client import api
from intents.client.api import ApiUnreachable, WaymeetClient

TAKEN = {"order_id": "0x12", "share_key": "key", "url": "/t/0x12?k=key", "state": "signed"}


class _Server(ThreadingHTTPServer):
    """Takes every order, and loses its first `lost` answers."""

    lost = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.handed_in: list[Any] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.handed_in.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if len(self.server.handed_in) <= self.server.lost:
            self.close_connection = True
            return
        body = json.dumps(TAKEN).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _LetsGo(_Handler):
    """Says that it keeps the connection, and does not."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        super().do_POST()
        self.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    monkeypatch.setattr(api, "LOST_PAUSES_SECONDS", (0.0, 0.0))
    running = _Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join(5)


def submit(server: _Server) -> str:
    client = WaymeetClient(f"http://127.0.0.1:{server.server_port}")
    return client.submit(quote_id="q", order={"nonce": "1"}, signature="0x34").order_id


def test_the_very_same_order_is_handed_in_again(server: _Server) -> None:
    server.lost = 2
    assert submit(server) == "0x12"
    assert server.handed_in == [{"quote_id": "q", "order": {"nonce": "1"}, "signature": "0x34"}] * 3


def test_who_never_hears_anything_is_not_told_that_nothing_happened(server: _Server) -> None:
    server.lost = 9
    with pytest.raises(ApiUnreachable, match="may have been taken all the same"):
        submit(server)


def test_what_must_not_be_sent_twice_does_not_go_into_a_connection_that_was_let_go_of(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(server, "RequestHandlerClass", _LetsGo)
    client = WaymeetClient(f"http://127.0.0.1:{server.server_port}")
    for _ in range(3):
        client.quote(amount="1")
    assert len(server.handed_in) == 3
