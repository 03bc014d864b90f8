"""The Celery application: queues by urgency, JSON messages that hold ids, and the sweep that is the liveness.

A task may run zero, one or many times: the database and the chains decide, the queue only hurries.
"""

import gc
import importlib
import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_init, worker_process_init
from django.conf import settings
from django.db import close_old_connections, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

TASK_LIMIT_SECONDS = 30
SWEEP_SECONDS = 2.0
REBALANCE_SECONDS = 20.0
PROBES_SECONDS = 30.0
FORGET_SECONDS = 600.0
# A worker's connection to the database is made anew so often, not for each task.
DATABASE_SECONDS = 600
WARM_MODULES = ("intents.tasks", "intents.services.quotes", "intents.services.orders")


def broker_url(redis_url: str) -> str:
    """The URL in kombu's spelling: it writes a unix socket as redis+socket://."""
    if redis_url.startswith("unix://"):
        return "redis+socket://" + redis_url.removeprefix("unix://").split("?", 1)[0]
    return redis_url


app = Celery("waymeet", broker=broker_url(settings.REDIS_URL))
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=TASK_LIMIT_SECONDS - 5,
    task_time_limit=TASK_LIMIT_SECONDS,
    task_default_queue="engine",
    # The sweep does not wait behind the crowd it is there to mend: workers take from each queue in turn.
    task_routes={"intents.solve": {"queue": "solve"}, "intents.sweep": {"queue": "sweep"}},
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.1},
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_proc_alive_timeout=60,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    # Celery itself would close the database around every task: `look_at_database` does what there is to do.
    CELERY_DB_REUSE_MAX=1_000_000,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A killed worker's task returns after visibility_timeout; kombu's defaults would look every 100 s.
    broker_transport_options={
        "visibility_timeout": TASK_LIMIT_SECONDS * 4,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        # Who hurries others must not wait long itself: without these six seconds for a Redis that is down, and
        # for ever for one that hangs.
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    beat_scheduler="celery.beat:Scheduler",
    beat_max_loop_interval=SWEEP_SECONDS,
    beat_schedule={
        "sweep": {
            "task": "intents.sweep",
            "schedule": SWEEP_SECONDS,
            "options": {"queue": "sweep", "expires": SWEEP_SECONDS * 2},
        },
        "stock": {
            "task": "intents.stock",
            "schedule": SWEEP_SECONDS,
            "options": {"queue": "settle", "expires": SWEEP_SECONDS * 2},
        },
        "rebalance": {
            "task": "intents.rebalance",
            "schedule": REBALANCE_SECONDS,
            "options": {"queue": "settle", "expires": REBALANCE_SECONDS},
        },
        "probes": {
            "task": "intents.probes",
            "schedule": PROBES_SECONDS,
            "options": {"queue": "settle", "expires": PROBES_SECONDS},
        },
        "forget": {
            "task": "intents.forget",
            "schedule": FORGET_SECONDS,
            "options": {"queue": "settle", "expires": FORGET_SECONDS},
        },
    },
)
app.autodiscover_tasks(["intents"])
# Threads that did not import this module send through the default application: it must be this one.
app.set_default()


@worker_init.connect
def warm_up(sender: Any, **_: Any) -> None:
    """Import the solver and the chain client before the pool forks: every process then begins warm.

    Refuses to start at all with settings that are unsafe for the connected chains. Whoever only solves sends nothing.
    """
    for module in WARM_MODULES:
        importlib.import_module(module)
    queues = set(sender.app.amqp.queues.consume_from)
    importlib.import_module("intents.services.start").refuse_unsafe_start(sends=queues != {"solve"})
    connections.close_all()  # a connection must not be shared across the fork
    # What is loaded now stays for good: no collection of a process needs to go through it again.
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def connect_ahead(**_: Any) -> None:
    """Open each process's own connections to chains and database before its first task needs them."""
    keep_database_open()
    warm = importlib.import_module("intents.services.warm")
    warm.warm_up()
    warm.keep_warm()


def keep_database_open() -> None:
    """Have this process keep a connection over many tasks, for as long as it answers."""
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict |= {"CONN_MAX_AGE": DATABASE_SECONDS, "CONN_HEALTH_CHECKS": True}


@task_prerun.connect
def look_at_database(task: Any, **_: Any) -> None:
    """Close a connection that is old or lost before a task needs one; the next question opens another."""
    if not task.request.is_eager:
        close_old_connections()
