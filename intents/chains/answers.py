"""A session whose answers end: none is read for longer than its time, nor beyond so many bytes.

A timeout of `requests` is that of one read: a node that sends a byte now and then would hold a worker for hours with
it, and one that sends without end would take all memory.
"""

import io
import time
from http.client import HTTPResponse
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError

MOST_BYTES = 64_000_000
CHUNK_BYTES = 1 << 16
POOL_SIZE: Final = 16
# A whole answer may take so many times what one read of it may.
WHOLE_TIMES: Final = 3


class _Reader(io.RawIOBase):
    """Reads a socket until a moment: the last reads wait for no longer than what is left."""

    def __init__(self, raw: Any, sock: Any) -> None:
        self._raw = raw
        self._sock = sock
        self._patience: float | None = sock.gettimeout()
        self._until = time.monotonic() + (self._patience or 0.0) * WHOLE_TIMES

    def readinto(self, buffer: Any) -> int | None:
        """Raises TimeoutError."""
        if self._patience is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the whole answer took too long")
            if left < self._patience:
                self._sock.settimeout(left)
        found: int | None = self._raw.readinto(buffer)
        return found

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """From its first byte on, headers and all."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Plain(HTTPConnection):
    response_class = _Answer


class _Secret(HTTPSConnection):
    response_class = _Answer


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecretPool(HTTPSConnectionPool):
    ConnectionCls = _Secret


def bounded() -> HTTPAdapter:
    """Connections whose answers have WHOLE_TIMES the timeout of a read, headers and all."""
    adapter = HTTPAdapter(pool_maxsize=POOL_SIZE)
    adapter.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecretPool}
    return adapter


class Session(requests.Session):
    """One server's connections. A timeout is the most of a read; the whole answer has WHOLE_TIMES as long."""

    def __init__(self, *, most_bytes: int | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self._most_bytes = most_bytes
        for scheme in ("http://", "https://"):
            self.mount(scheme, bounded())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Raises requests.Timeout for one that takes too long, ValueError for one that is too large."""
        response = super().send(request, **{**kwargs, "stream": True})
        most = MOST_BYTES if self._most_bytes is None else self._most_bytes
        found = bytearray()
        try:
            for chunk in response.iter_content(CHUNK_BYTES):
                found += chunk
                if len(found) > most:
                    response.close()
                    raise ValueError(f"an answer of more than {most} bytes")
        except requests.ConnectionError as error:
            if error.args and isinstance(error.args[0], ReadTimeoutError):
                raise requests.ReadTimeout(error.args[0], request=request) from error
            raise
        response._content = bytes(found)
        return response
