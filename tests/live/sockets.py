"""A WebSocket client of the ASGI application. The one in channels.testing needs a server we do not use."""

from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from asgiref.testing import ApplicationCommunicator

from intents.services.login import BROWSER_COOKIE, browser_key, new_browser_cookie

COOKIE = new_browser_cookie()
KEY = browser_key({BROWSER_COOKIE: COOKIE})
# Nothing takes so long; a busy machine may.
PATIENCE_SECONDS = 30.0


class Socket(ApplicationCommunicator):
    """One connection."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        parts = urlsplit(path)
        scope = {
            "type": "websocket",
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        # Loading it reads the database, which only a running test may.
        super().__init__(import_module("webapp.asgi").application, scope)

    async def connect(self) -> bool:
        """Whether the handshake was accepted."""
        await self.send_input({"type": "websocket.connect"})
        message = await self.receive_output()
        return bool(message["type"] == "websocket.accept")

    async def receive_output(self, timeout: float = PATIENCE_SECONDS) -> dict[str, Any]:
        message: dict[str, Any] = await super().receive_output(timeout)
        return message

    async def send_text(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def text(self) -> str:
        """The next frame."""
        message = await self.receive_output()
        assert message["type"] == "websocket.send", message
        return str(message["text"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(PATIENCE_SECONDS)


def socket(
    path: str,
    *,
    cookie: str = COOKIE,
    origin: str = "http://testserver",
    extra: str = "",
    accepts: str = "",
) -> Socket:
    """A connection of the browser with this cookie."""
    cookies = "; ".join(part for part in (f"{BROWSER_COOKIE}={cookie}" if cookie else "", extra) if part)
    headers = [(b"origin", origin.encode()), (b"host", b"testserver"), (b"cookie", cookies.encode())]
    headers.append((b"accept-language", accepts.encode()))
    return Socket(path, headers)
