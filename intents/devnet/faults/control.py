"""Tells a running fault proxy what to suffer from."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from .modes import Fault
from .proxy import CONTROL_PATH, TOKEN_HEADER

CONTROL_SECONDS = 5.0


class ProxyUnreachable(Exception):
    """The proxy did not answer, or did not accept what it was told."""

    code = "proxy_unreachable"
    retry = True


def suffer(url: str, token: str, *faults: Fault) -> dict[str, Any]:
    """Put these faults in force and no others; what is in force. Raises ProxyUnreachable."""
    return _asked(url, token, "PUT", json.dumps([fault.to_json() for fault in faults]))


def status(url: str, token: str) -> dict[str, Any]:
    """`faults` in force and `hits` by mode. Raises ProxyUnreachable."""
    return _asked(url, token, "GET", "")


def _asked(url: str, token: str, method: str, body: str) -> dict[str, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=CONTROL_SECONDS)
    try:
        connection.request(method, CONTROL_PATH, body, {TOKEN_HEADER: token})
        answer = connection.getresponse()
        value: dict[str, Any] = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ProxyUnreachable(f"{url}: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise ProxyUnreachable(f"{url}: {value.get('error')}")
    return value
