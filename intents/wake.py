"""Tells the workers that there is something to do, by task name and id, after the commit.

The queue is only the hurry: when the broker is down the failure is logged and the sweep finds the
work in the database.
"""

from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

SOLVE_TASK = "intents.solve"
ADVANCE_TASK = "intents.advance"
REQUEST_TASK = "intents.request"
JOIN_TASK = "intents.join"
PROBE_TASK = "intents.probe"
# A message that is lost with its worker is sent again after this long.
MARK_SECONDS = 10
# Orders whose person still waits do not stand behind those that only we still settle.
URGENT_QUEUE = "engine"
SETTLE_QUEUE = "settle"


def solve(quote_id: UUID | str) -> None:
    """Have this quote solved once its row is committed."""
    _on_commit(lambda: _enqueue(SOLVE_TASK, str(quote_id), queue="solve"))


def advance(order_id: str, *, may_wait: bool = False) -> None:
    """Have this order looked at once what was written is committed; once in a queue is enough.

    With `may_wait` behind those whose person waits: it is delivered, and not about to expire.
    """
    queue = SETTLE_QUEUE if may_wait else URGENT_QUEUE
    _on_commit(lambda: _enqueue_once(order_id, queue))


def request(request_id: UUID | str) -> None:
    """Have what two staff members agreed on carried out, or carried on, once that is committed."""
    _on_commit(lambda: _enqueue(REQUEST_TASK, str(request_id), queue=SETTLE_QUEUE))


def probe(chain_id: int) -> None:
    """Have a chain and its tokens measured once this is committed."""
    _on_commit(lambda: _enqueue(PROBE_TASK, str(chain_id), queue=SETTLE_QUEUE))


def join(join_id: int) -> None:
    """Have a chain's way in carried on, once that is committed."""
    _on_commit(lambda: _enqueue(JOIN_TASK, str(join_id), queue=SETTLE_QUEUE))


def taken(order_id: str) -> None:
    """A worker begins with this order: the next hint queues it again."""
    marks = _marks()
    if marks is None:
        return
    try:
        marks.delete(_mark(order_id, URGENT_QUEUE), _mark(order_id, SETTLE_QUEUE))
    except RedisError as error:
        log.warning("wake.mark_unreachable", order_id=order_id, error=str(error))


def _on_commit(action: Callable[[], None]) -> None:
    transaction.on_commit(action)


def _enqueue_once(order_id: str, queue: str) -> None:
    marks = _marks()
    try:
        if marks is not None and not marks.set(_mark(order_id, queue), 1, nx=True, ex=MARK_SECONDS):
            return
    except RedisError as error:
        log.warning("wake.mark_unreachable", order_id=order_id, error=str(error))
    _enqueue(ADVANCE_TASK, order_id, queue=queue)


def _mark(order_id: str, queue: str) -> str:
    return f"waymeet:queued:{queue}:{order_id}"


@lru_cache(maxsize=1)
def _marks() -> Redis | None:
    if settings.REDIS_URL == "memory://":
        return None
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


def _enqueue(task: str, *args: str, queue: str) -> None:
    try:
        current_app.send_task(task, args=args, queue=queue, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("wake.queue_unreachable", task=task, args=args, error=str(error))
