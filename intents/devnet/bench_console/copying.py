"""Rows into tables by COPY, with the tables' indexes made once afterwards."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import connection, models

BLOCK = 2000


class Template:
    """A table's line for COPY: every column has the model's default unless it is named as changing."""

    def __init__(self, model: type[models.Model], changing: Iterable[str], **fixed: Any) -> None:
        self.model = model
        fields = model._meta.concrete_fields
        names = {field.attname for field in fields}
        self.changing = [name for name in changing if name in names]
        columns = [field for field in fields if field.attname not in fixed or fixed[field.attname] is not ...]
        self.columns = [field.column for field in columns]
        parts = [
            f"%({field.attname})s"
            if field.attname in self.changing
            else text_of(_value(field, fixed)).replace("%", "%%")
            for field in columns
        ]
        self._line = "\t".join(parts) + "\n"

    def line(self, values: dict[str, Any]) -> str:
        """One row; `values` are texts that need no escaping, or numbers."""
        return self._line % values


def copy_rows(template: Template, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows; how many."""
    quoted = ", ".join(f'"{column}"' for column in template.columns)
    count = 0
    statement = f'COPY "{template.model._meta.db_table}" ({quoted}) FROM STDIN'
    block: list[str] = []
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            block.append(template.line(row))
            count += 1
            if len(block) >= BLOCK:
                copy.write("".join(block))
                block.clear()
        copy.write("".join(block))
    return count


def text_of(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dict | list):
        value = json.dumps(value, separators=(",", ":"))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Indexes and unique constraints, but for primary keys, are dropped, and made again at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " WHERE i.indrelid::regclass::text = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for _name, definition in indexes:
            cursor.execute(definition)


def quickened() -> None:
    """Settings of this session for writing much at once; the database is thrown away afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET max_parallel_maintenance_workers = 2")
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        row = cursor.fetchone()
        if row and row[0]:
            # Foreign keys are right by construction; looking each one up takes as long as the rest.
            cursor.execute("SET session_replication_role = replica")


def settled() -> None:
    """What autovacuum would have done in time: statistics and visibility."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE)")


def size_bytes() -> int:
    """All of this database on disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _value(field: Any, fixed: dict[str, Any]) -> Any:
    if field.attname in fixed:
        return fixed[field.attname]
    if field.has_default():
        return field.get_default()
    return None if field.null else ("" if field.empty_strings_allowed else 0)
