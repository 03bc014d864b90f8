"""Time from posting the form, as the page does, to the first frame with a route at a WebSocket client."""

import json
import re
import time
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlencode, urlsplit

from websockets.sync.client import connect
from websockets.typing import Origin

from intents.client.api import Network
from intents.client.transfer import Asked, understood

PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.1
ASKED: Final = Asked(amount="100", source="alder:USDC", target="birch:WETH")
_QUOTE_ID = re.compile(r'data-quote="([0-9a-f-]{36})"')


class QuoteFailed(Exception):
    """A form post brought no route."""

    code = "quote_failed"
    retry = False


def first_routes(url: str, network: Network, *, count: int) -> list[float]:
    """Seconds from each of `count` form posts to its first route; raises QuoteFailed."""
    wish, _ = understood(ASKED, network)
    page = _Page(url)
    form = {
        "from": ASKED.source,
        "to": ASKED.target,
        "amount": ASKED.amount,
        "exact": "input",
        "user": wish.user,
    }
    seconds = []
    for _place in range(count + 3):
        seconds.append(page.first_route(form))
        time.sleep(PAUSE_SECONDS)
    return seconds[3:]


class _Page:
    """A browser's part: one connection, its cookies, the form's token."""

    def __init__(self, url: str) -> None:
        self.netloc = urlsplit(url).netloc
        self._connection = HTTPConnection(self.netloc, timeout=PATIENCE_SECONDS)
        self._cookies: dict[str, str] = {}
        self._request("GET", "/")

    def first_route(self, form: dict[str, str]) -> float:
        started = time.monotonic()
        answer = self._request("POST", "/quote", urlencode(form))
        quote_id = _QUOTE_ID.search(answer)
        if quote_id is None:
            raise QuoteFailed(f"the form's answer names no quote: {answer[:200]}")
        address = f"ws://{self.netloc}/ws/quotes/{quote_id.group(1)}/?format=json"
        headers = {"Cookie": self._cookie_header()}
        origin = Origin(f"http://{self.netloc}")
        with connect(address, additional_headers=headers, origin=origin, proxy=None) as socket:
            while time.monotonic() - started < PATIENCE_SECONDS:
                frame = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
                if frame.get("routes"):
                    return time.monotonic() - started
                if frame.get("refusal"):
                    raise QuoteFailed(f"refused: {frame['refusal']}")
        raise QuoteFailed("no route in time")

    def _request(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": self._cookie_header(), "HX-Request": "true"}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self._cookies.get("csrftoken", ""),
            }
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";", 1)[0].partition("=")
            self._cookies[name] = value
        if response.status != 200:
            raise QuoteFailed(f"{method} {path} answered {response.status}: {text[:200]}")
        return text

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())
