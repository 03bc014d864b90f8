"""Whether the parts that the program needs answer: database, Redis, and every chain's newest block."""

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from intents.errors import WaymeetError
from intents.models import Chain

from .network import chain_views

REDIS_TIMEOUT_SECONDS = 0.5


def health() -> dict[str, Any]:
    """Whether database and redis answer, and how old each chain's head is; never raises."""
    database = _database_state()
    return {
        "database": database,
        "redis": _redis_state(),
        "chains": _heads_json() if database == "ok" else [],
    }


def has_tables() -> bool:
    """Whether the database answers and its tables are there."""
    return _database_state() == "ok"


def _database_state() -> str:
    try:
        tables = connection.introspection.table_names()
    except (DatabaseError, OSError):
        return "unreachable"
    return "ok" if Chain._meta.db_table in tables else "not_migrated"


def _redis_state() -> str:
    if settings.REDIS_URL == "memory://":
        return "memory"
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_SECONDS)
        try:
            client.ping()
        finally:
            client.close()
    except (redis.RedisError, OSError, ValueError):
        return "unreachable"
    return "ok"


def _heads_json() -> list[dict[str, Any]]:
    try:
        views = chain_views()
    except (DatabaseError, WaymeetError):
        return []
    return [
        {
            "chain": view.manifest.slug,
            "head": view.head_number,
            "age_seconds": None if view.head_age_seconds is None else round(view.head_age_seconds, 1),
            "is_stale": view.is_stale,
        }
        for view in views
    ]
