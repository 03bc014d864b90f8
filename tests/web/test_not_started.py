"""Without chains, tables, redis or a database the pages say what to start, and nothing is a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

PROBE = """
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
for path in ("/", "/history", "/network", "/health", "/t/0x" + "12" * 32):
    answer = client.get(path)
    text = answer.content.decode()
    print("ANSWER", path, answer.status_code, "make demo" in text, "Traceback" in text)
answer = client.post("/quote", {"amount": "1"})
print("ANSWER", "POST", answer.status_code, "make demo" in answer.content.decode(), False)
"""


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Not running yet"), ("zh-hans", "尚未启动")])
def test_without_chains_the_form_says_what_to_start(stranger: Client, language: str, words: str) -> None:
    answer = stranger.get("/", headers={"accept-language": language})
    assert answer.status_code == 503
    assert words in answer.content.decode()
    assert "make demo" in answer.content.decode()
    assert not answer.cookies


@pytest.mark.django_db
def test_scripts_are_told_in_json(stranger: Client) -> None:
    answer = stranger.get("/network", headers={"accept": "application/json"})
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("not_started", "Waymeet is not running yet.")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_without_tables_or_database(tmp_path: Path, database: str) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite3" if database == "sqlite" else "postgres://x:y@127.0.0.1:9/none"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "WAYMEET_RUN_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answers = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert len(answers) == 6, done.stderr
    for path, status, says_what, is_traceback in answers:
        assert is_traceback == "False", path
        assert status == "503", (path, status)
        assert says_what == "True" or path == "/health", path


@pytest.mark.django_db
def test_health_names_what_is_missing(stranger: Client) -> None:
    answer = stranger.get("/health")
    assert answer.status_code == 503
    body = answer.json()
    assert body["database"] == "ok"
    assert body["redis"] == "memory"
    assert body["chains"] == []


def test_health_is_200_when_all_is_well(chains: None, stranger: Client) -> None:
    answer = stranger.get("/health")
    assert answer.status_code == 200
    assert [chain["chain"] for chain in answer.json()["chains"]] == ["alder", "birch"]
