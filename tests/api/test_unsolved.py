"""When no worker solves, nobody waits forever: the server says when to give up, and so does the client."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from intents.api import quotes
from intents.chains import registry
from intents.client.api import ApiError, WaymeetClient
from intents.models import Quote, QuoteState
from tests.web import rows

WISH = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "1",
}


@pytest.fixture
def chains(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(quotes, "WAIT_SECONDS", 0.1)
    registry.forget()
    rows.connect(rows.manifest(901, "alder"), rows.manifest(902, "birch"))
    yield
    registry.forget()


def test_the_wait_is_bounded_and_says_where_to_ask_again(chains: None, client: Client) -> None:
    answer = client.post("/api/v1/quotes", json.dumps(WISH), content_type="application/json")
    assert answer.status_code == 202
    body = json.loads(answer.content)
    assert body["state"] == "solving"
    assert answer["Location"] == f"/api/v1/quotes/{body['quote_id']}"
    assert client.get(answer["Location"]).status_code == 200


def test_a_quote_nothing_solved_is_given_up(chains: None, client: Client) -> None:
    made = rows.quote(state=QuoteState.SOLVING)
    long_ago = timezone.now() - timedelta(seconds=quotes.GIVE_UP_SECONDS + 1)
    Quote.objects.filter(pk=made.pk).update(created_at=long_ago)
    answer = client.get(f"/api/v1/quotes/{made.pk}")
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (503, "quote_timeout")
    assert answer["Retry-After"]
    Quote.objects.filter(pk=made.pk).update(state=QuoteState.READY)
    assert client.get(f"/api/v1/quotes/{made.pk}").status_code == 200, "solved late is solved"


class _NeverSolves(BaseHTTPRequestHandler):
    """An API whose quotes stay as they are."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        body = json.dumps({"quote_id": "q", "state": "solving"}).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def test_the_client_stops_by_itself() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NeverSolves)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    began = time.monotonic()
    try:
        with pytest.raises(ApiError, match="quote_timeout: no answer to quote q within 1 s") as stop:
            WaymeetClient(f"http://127.0.0.1:{server.server_port}", quote_seconds=1.0).quote(**WISH)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
    assert stop.value.status == 503
    assert time.monotonic() - began > 0.9
    assert _NeverSolves.asked > 2
