"""How often one address may ask: a fixed window in Redis, shared by all processes.

Without Redis every process counts by itself, so that its absence neither stops people nor opens the gates.
"""

import ipaddress
import threading
import time
from collections import defaultdict
from functools import lru_cache
from typing import Final

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils.crypto import salted_hmac

from intents.chains import registry
from intents.errors import WaymeetError

log = structlog.get_logger(__name__)

QUOTES: Final = "quotes"
ORDERS: Final = "orders"
LOGINS: Final = "logins"
# Each may read every chain once.
BALANCES: Final = "balances"
# What people write to staff.
MESSAGES: Final = "messages"
# A whole history in one file.
TABLES: Final = "tables"
# Counted only when nothing was found: reading one's own transfers is not limited.
LOOKUPS: Final = "lookups"

LOCAL_FACTOR: Final = 100
REDIS_TIMEOUT_SECONDS: Final = 0.2
REDIS_PAUSE_SECONDS: Final = 2.0
MOST_COUNTERS: Final = 20_000
IPV6_HOME_BITS: Final = 64


class TooManyRequests(WaymeetError):
    """The address asked too often; `retry_after` seconds from now it may again."""

    code = "too_many_requests"
    retry = True
    status = 429


def spend(kind: str, address: str) -> None:
    """Count one request of this kind; raises `TooManyRequests` beyond the limit of its window."""
    most, seconds = settings.RATE_LIMITS[kind]
    now = time.time()
    window, left = int(now // seconds), seconds - now % seconds
    if _count(f"{kind}:{home(address)}:{window}", seconds=seconds) <= most * factor():
        return
    if len(_refused) >= MOST_COUNTERS:
        _refused.clear()
    _refused[kind, home(address)] = now + left
    raise TooManyRequests(retry_after=_seconds(left))


def refuse_if_spent(kind: str, address: str) -> None:
    """Raises `TooManyRequests` while the address is beyond its limit, without counting and without Redis."""
    until = _refused.get((kind, home(address)), 0.0)
    left = until - time.time()
    if left > 0:
        raise TooManyRequests(retry_after=_seconds(left))
    if until:
        _refused.pop((kind, home(address)), None)


def home(address: str) -> str:
    """What is counted as one client: an IPv4 address, or the /64 network that one household has of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_HOME_BITS), strict=False))


def client_key(address: str) -> str:
    """A fingerprint by which one client is known again and its address cannot be told; empty without one."""
    if not address:
        return ""
    return salted_hmac("waymeet.client", home(address), algorithm="sha256").hexdigest()


class Concurrent:
    """How many of something each address has open in this process."""

    def __init__(self) -> None:
        self._open: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def enter(self, address: str, *, most: int) -> bool:
        """Take a place; False when `most` are taken. Every True is followed by one `leave`."""
        with self._lock:
            if self._open[home(address)] >= most * factor():
                return False
            self._open[home(address)] += 1
            return True

    def leave(self, address: str) -> None:
        """Give the place back."""
        with self._lock:
            self._open[home(address)] -= 1
            if self._open[home(address)] <= 0:
                del self._open[home(address)]


def forget() -> None:
    """Drop what this process counted."""
    _refused.clear()
    with _lock:
        _own.clear()


def _count(key: str, *, seconds: int) -> int:
    client = _client(settings.REDIS_URL)
    if client is None or time.monotonic() < _Pause.until:
        return _count_here(key)
    try:
        pipe = client.pipeline(transaction=False)
        pipe.incr(f"waymeet:limit:{key}")
        pipe.expire(f"waymeet:limit:{key}", seconds * 2)
        return int(pipe.execute()[0])
    except (redis.RedisError, OSError) as error:
        # Not asked again at once: waiting for its timeout would slow every page down.
        _Pause.until = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("limits.redis_unreachable", error=str(error))
        return _count_here(key)


def _count_here(key: str) -> int:
    with _lock:
        if len(_own) >= MOST_COUNTERS:
            _own.clear()
        _own[key] = _own.get(key, 0) + 1
        return _own[key]


def factor() -> int:
    """Local networks are one's own: benchmarks send everything from one address."""
    try:
        is_real = any(not chain.is_local for chain in registry.all_chains().values())
    except (DatabaseError, WaymeetError):
        return 1
    return 1 if is_real else LOCAL_FACTOR


def _seconds(left: float) -> int:
    return max(1, int(left) + 1)


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis | None":
    if url == "memory://":
        return None
    return redis.Redis.from_url(
        url, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
    )


class _Pause:
    until: float = 0.0


_own: dict[str, int] = {}
_refused: dict[tuple[str, str], float] = {}
_lock = threading.Lock()
