"""The whole database as one file, and back: SQLite by its own backup, PostgreSQL by pg_dump and pg_restore."""

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.db import connection

TIMEOUT_SECONDS: Final = 3_600
SQLITE_HEAD: Final = b"SQLite format 3\x00"
POSTGRESQL_HEAD: Final = b"PGDMP"


class DumpError(Exception):
    """The file cannot be written or read back; the text says why. Nothing was changed."""

    code = "dump_error"
    retry = False


def dump(path: Path) -> None:
    """Write a consistent copy while the system runs; only its owner may read it. Raises DumpError."""
    if connection.vendor == "sqlite" and _is_the_database(path):
        raise DumpError(f"{path} is the database itself")
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with sqlite3.connect(partial) as target:
                connection.connection.backup(target)
            target.close()
        else:
            _run(["pg_dump", "--format=custom", "--no-owner", f"--file={partial}"])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def restore(path: Path) -> None:
    """Put back what `dump` wrote, in place of everything that is there. Raises DumpError before anything is lost."""
    check(path)
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as source:
            source.backup(connection.connection)
        source.close()
        connection.close()
        return
    connection.close()
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run(["pg_restore", *options, f"--dbname={_environment()['PGDATABASE']}", str(path)])


def check(path: Path) -> None:
    """Raises DumpError unless the file is a whole copy of a database of this kind."""
    try:
        head = path.read_bytes()[:16] if path.stat().st_size < 1 << 20 else path.open("rb").read(16)
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror}") from error
    wanted = SQLITE_HEAD if connection.vendor == "sqlite" else POSTGRESQL_HEAD
    if not head.startswith(wanted):
        raise DumpError(f"{path} is no copy of a {connection.vendor} database")
    if connection.vendor != "sqlite":
        _run(["pg_restore", "--list", str(path)])
        return
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        [(said,)] = source.execute("PRAGMA quick_check(1)").fetchall()
        source.execute("SELECT COUNT(*) FROM django_migrations").fetchone()
    except sqlite3.DatabaseError as error:
        raise DumpError(f"{path} is damaged: {error}") from error
    finally:
        source.close()
    if said != "ok":
        raise DumpError(f"{path} is damaged: {said}")


def _is_the_database(path: Path) -> bool:
    """Whether a copy there would take the place of the file that all processes have open."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        files = [str(file) for _, _, file in cursor.fetchall() if file]
    return path.exists() and any(path.samefile(file) for file in files if Path(file).exists())


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise DumpError(f"{command[0]} is not on PATH: install PostgreSQL's client programs") from error
    except subprocess.TimeoutExpired as error:
        raise DumpError(f"{command[0]} took longer than {TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        raise DumpError(f"{command[0]} failed: {done.stderr.strip()[-1000:]}")


def _environment() -> dict[str, str]:
    """The connection in the variables that PostgreSQL's programs read: no password on a command line."""
    given = connection.get_connection_params()
    names = {
        "dbname": "PGDATABASE",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "host": "PGHOST",
        "port": "PGPORT",
    }
    return {**os.environ, **{name: str(given[key]) for key, name in names.items() if given.get(key)}}
