"""Set-up names what is missing and the command that mends it, and does nothing twice."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("waymeet_bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"version": (3, 12)}, None),
        ({"version": (3, 10)}, "PYTHON=python3.11"),
        ({"version": (3, 13)}, "needs 3.11 or 3.12"),
        ({"has_venv": False}, "sudo apt-get install -y python3.11-venv"),
        ({"architecture": "aarch64"}, "sudo apt-get install -y redis-server"),
        ({"architecture": "aarch64", "has_redis": True}, None),
        ({"system": "Darwin", "architecture": "arm64"}, "brew install redis"),
        ({"system": "Windows"}, "WSL 2"),
    ],
)
def test_what_is_missing_is_named_with_its_mend(
    bootstrap: ModuleType, change: dict[str, object], says: str | None
) -> None:
    good = bootstrap.Machine(
        version=(3, 11), has_venv=True, system="Linux", architecture="x86_64", has_redis=False
    )
    said = bootstrap.complaint(dataclasses.replace(good, **change))
    assert said is None if says is None else says in said


def test_a_python_without_ensurepip_gets_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('no ensurepip here')")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "demo"],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"sudo apt-get install -y python3.{sys.version_info.minor}-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_step_is_done_until_what_it_is_made_from_changes(bootstrap: ModuleType, tmp_path: Path) -> None:
    runs: list[str] = []

    def step(digest: str) -> object:
        return bootstrap.Step("Thing", tmp_path / "thing", digest, lambda: runs.append(digest))

    first = step("one")
    assert not first.is_done()
    first.mark_done()
    assert step("one").is_done()
    assert not step("two").is_done()


def test_the_developer_packages_cover_the_demo_ones(bootstrap: ModuleType) -> None:
    demo = bootstrap.python_packages("demo", "python")
    dev = bootstrap.python_packages("dev", "python")
    assert demo.digest in dev.covers
    assert dev.digest not in demo.covers


def test_a_failing_command_shows_the_end_of_its_output(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.SetupError, match="the last words"):
        bootstrap.run(["/bin/sh", "-c", "echo the last words; exit 1"])


def test_contracts_are_compiled_whole_and_modules_only_within_them(bootstrap: ModuleType) -> None:
    names = {path.stem for path in bootstrap.whole_contracts(bootstrap.contract_sources())}
    assert {"input_settler", "output_settler", "solver_account", "hyperlane_oracle"} <= names
    assert not names & {"escrow_status", "escrow_payouts", "escrow_deposits", "escrow_terms"}
