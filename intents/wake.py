"""Tells the workers that there is something to do, by task name and id, after the commit.

The queue is only the hurry: when the broker is down the failure is logged and the sweep finds the
work in the database.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

SOLVE_TASK = "intents.solve"
ADVANCE_TASK = "intents.advance"
SWEEP_TASK = "intents.sweep"
QUEUES = {SOLVE_TASK: "solve", ADVANCE_TASK: "engine", SWEEP_TASK: "sweep"}


def solve(quote_id: UUID | str) -> None:
    """Have this quote solved once its row is committed."""
    _on_commit(lambda: _enqueue(SOLVE_TASK, str(quote_id)))


def advance(order_id: str) -> None:
    """Have this order looked at once what was written is committed."""
    _on_commit(lambda: _enqueue(ADVANCE_TASK, order_id))


def sweep() -> None:
    """Have everything that is due looked at."""
    _on_commit(lambda: _enqueue(SWEEP_TASK))


def _on_commit(action: Callable[[], None]) -> None:
    transaction.on_commit(action)


def _enqueue(task: str, *args: str) -> None:
    try:
        current_app.send_task(task, args=args, queue=QUEUES[task], ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("wake.queue_unreachable", task=task, args=args, error=str(error))
