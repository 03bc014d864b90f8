"""An answer that comes a byte at a time, each in time, holds nobody: the whole of it has its time."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from intents.chains import node as node_module
from intents.chains.documents import Unreadable, read_json
from intents.chains.node import SILENT, Node
from intents.chains.node_errors import RpcUnavailable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
READ_SECONDS = 0.2
MOST_BYTES = 16_384
# Far within what one read may take; and far more of them than a whole answer may.
PAUSE_SECONDS = 0.02
MOST_DRIPS = 1_000


class Dripping:
    """A server that takes each request and then sends its beginning, and a byte at a time for a long while.

    `asked` are the first lines of what it was asked.
    """

    def __init__(self, beginning: bytes, drip: bytes) -> None:
        self._beginning = beginning
        self._drip = drip
        self.asked: list[bytes] = []
        self._is_over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._is_over.set()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with suppress(OSError), closing(taken):
            self.asked.append(taken.recv(1 << 16).partition(b"\r\n")[0])
            taken.sendall(self._beginning)
            for _ in range(MOST_DRIPS):
                if self._is_over.wait(PAUSE_SECONDS):
                    return
                taken.sendall(self._drip)


@pytest.fixture(
    params=[
        pytest.param((HEAD + b"Content-Length: 100000\r\n\r\n", b" "), id="body"),
        pytest.param((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), id="chunks"),
        pytest.param((HEAD + b"X-Long: ", b"x"), id="header"),
        pytest.param((b"", b"H"), id="status"),
    ]
)
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    server = Dripping(*request.param)
    yield server
    server.stop()


def test_a_node_that_answers_a_byte_at_a_time_is_silent(
    dripping: Dripping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "TIMEOUT_SECONDS", READ_SECONDS)
    for ask in (lambda node: node.request("eth_blockNumber", ()), lambda node: node.probe()):
        node = Node(dripping.url, 901)
        with pytest.raises(RpcUnavailable):
            ask(node)
        assert node.ill == SILENT


def test_a_document_that_comes_a_byte_at_a_time_is_not_waited_for(dripping: Dripping) -> None:
    with pytest.raises(Unreadable) as refused:
        read_json(dripping.url, timeout_seconds=READ_SECONDS, most_bytes=MOST_BYTES)
    assert refused.value.is_slow


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"\r\n" + b" " * 4 * MOST_BYTES, id="endless"),
        pytest.param(HEAD + b"Content-Length: 8000\r\n\r\n" + b"[" * 8_000, id="deep"),
        pytest.param(HEAD.replace(b"200", b"404") + b"Content-Length: 2\r\n\r\n{}", id="missing"),
        pytest.param(b"220 mail.example ready\r\n", id="no HTTP"),
    ],
)
def test_what_is_no_document_is_not_taken_for_one(answer: bytes) -> None:
    server = Dripping(answer, b" ")
    with pytest.raises(Unreadable) as refused:
        read_json(server.url, timeout_seconds=20, most_bytes=MOST_BYTES)
    server.stop()
    assert not refused.value.is_slow


def test_nobody_is_sent_elsewhere() -> None:
    """A validator's address is public: what it answers must not have us ask inside our own network."""
    inside = Dripping(HEAD + b"Content-Length: 2\r\n\r\n{}", b" ")
    server = Dripping(
        HEAD.replace(b"200 OK", b"302 Found")
        + f"Location: {inside.url}/latest/meta-data\r\n".encode()
        + b"Content-Length: 2\r\n\r\n{}",
        b" ",
    )
    with pytest.raises(Unreadable):
        read_json(f"{server.url}/1.json", timeout_seconds=20, most_bytes=MOST_BYTES)
    inside.stop()
    server.stop()
    assert (server.asked, inside.asked) == ([b"GET /1.json HTTP/1.1"], [])
