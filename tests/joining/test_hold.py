"""A run keeps its chain for as long as it lives: slow nodes do not hand it to another worker."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from intents.chains import registry
from intents.chains.manifest_reader import ManifestError
from intents.joining import rows as rows_module
from intents.joining.errors import HeldByAnother
from intents.joining.rows import open_join, run_join, waiting_joins
from intents.models import Join
from intents.services.joining import join_advance
from tests.web import rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_look_that_takes_longer_than_the_lease_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    rows.connect(rows.manifest(901, "alder"))
    row = open_join(rows.newcomer())
    monkeypatch.setattr(rows_module, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(rows_module, "RENEW_SECONDS", 0.05)

    def slow(joining: Any, report: Any) -> None:
        until = Join.objects.get(pk=row.pk).held_until + 0.5
        while time.time() < until:
            time.sleep(0.05)
        with pytest.raises(HeldByAnother):
            run_join(Join.objects.get(pk=row.pk))
        assert waiting_joins() == []
        report.began("probes", joining)

    monkeypatch.setattr(rows_module, "carry_out", slow)
    assert run_join(row).state == Join.State.DONE
    assert Join.objects.get(pk=row.pk).held_until == 0
    registry.forget()


def test_a_worker_without_the_owners_key_leaves_a_join_to_one_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows.connect(rows.manifest(901, "alder"))
    row = open_join(rows.newcomer(), asked_by=get_user_model().objects.create_user("someone"))
    monkeypatch.setattr(rows_module, "has_key", lambda _role: False)
    join_advance(row.pk)
    row.refresh_from_db()
    assert (row.state, row.steps[0]["code"]) == (Join.State.RUNNING, "join_no_key")
    assert waiting_joins() == []
    monkeypatch.setattr(rows_module, "has_key", lambda _role: True)
    monkeypatch.setattr(rows_module, "carry_out", lambda *_: None)
    Join.objects.update(held_until=0)
    assert waiting_joins() == [row.pk]
    join_advance(row.pk)
    row.refresh_from_db()
    assert row.state == Join.State.DONE
    registry.forget()


@pytest.mark.parametrize(("seconds", "state"), [(0.0, Join.State.RUNNING), (60.0, Join.State.FAILED)])
def test_a_run_whose_task_is_stopped_goes_on_and_a_fault_does_not(
    monkeypatch: pytest.MonkeyPatch, seconds: float, state: str
) -> None:
    rows.connect(rows.manifest(901, "alder"))
    row = open_join(rows.newcomer())

    def stopped(*_: Any) -> None:
        raise TimeoutError("the worker's limit")

    monkeypatch.setattr(rows_module, "carry_out", stopped)
    with pytest.raises(TimeoutError):
        run_join(row, seconds=seconds)
    row.refresh_from_db()
    assert (row.state, row.holder) == (state, "")
    registry.forget()


def test_a_chain_with_another_file_in_the_network_folder_does_not_begin(
    tmp_path: Path, settings: Any
) -> None:
    """Two files of one chain would keep every command from reading the folder at all."""
    settings.NETWORK_DIR = tmp_path
    rows.connect(rows.manifest(901, "alder"))
    (tmp_path / "oldname.toml").write_text("chain_id = 904", "utf-8")
    row = open_join(rows.newcomer())
    with pytest.raises(ManifestError, match=r"oldname\.toml"):
        run_join(row)
    row.refresh_from_db()
    assert (row.state, row.steps[0]["code"]) == (Join.State.FAILED, "manifest_invalid")
    registry.forget()
