"""Asks the local system's supervisor to break something, so that a person can watch it cope.

Offered only when the supervisor told this process where to ask and every chain is local.
"""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from intents.selectors.network import is_local_network

DEEDS = ("kill_worker", "pause_chain", "reorg", "drain", "slow_node")
TOKEN_HEADER = "X-Waymeet-Control"
ASK_SECONDS = 15.0


class NotOffered(Exception):
    """Nothing can be broken from here: not every chain is local, or nobody listens for it. No page says so."""

    code = "not_offered"
    retry = False


@dataclass(frozen=True, slots=True)
class Broken:
    """What came of it: `code` is done, already_broken or not_possible; it lasts `seconds`."""

    code: str
    deed: str
    chain: str
    seconds: float = 0.0


def is_offered() -> bool:
    """Whether pages may show the panel."""
    return bool(settings.BREAK_URL and settings.BREAK_TOKEN) and is_local_network()


def break_it(deed: str, chain: str) -> Broken:
    """Do one of DEEDS to the chain with this slug; raises NotOffered."""
    if not is_offered() or deed not in DEEDS:
        raise NotOffered()
    parts = urlsplit(settings.BREAK_URL)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=ASK_SECONDS)
    try:
        body = json.dumps({"deed": deed, "chain": chain})
        connection.request("POST", "/", body, {TOKEN_HEADER: settings.BREAK_TOKEN})
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return Broken("not_possible", deed, chain)
    finally:
        connection.close()
    if answer.status == 200:
        return Broken("done", deed, chain, float(value["seconds"]))
    code = "already_broken" if value.get("error") == "already_broken" else "not_possible"
    return Broken(code, deed, chain)
