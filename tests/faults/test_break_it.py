"""The panel that breaks things: there on local chains with a supervisor that listens, nowhere else."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from intents.chains import registry
from intents.devnet.breakit import deeds
from intents.devnet.breakit.deeds import Breaker, CannotBreak
from intents.devnet.breakit.server import BreakServer
from intents.devnet.network import Network
from intents.devnet.supervisor import Child
from intents.models import Chain
from intents.services import breakit
from intents.web.breakit import panel

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

PATIENCE_SECONDS = 30.0


class Supervisor:
    """Runs what is posted at once and notes what it was told."""

    def __init__(self) -> None:
        self.signals: list[tuple[str, int]] = []
        self.started: list[Child] = []

    def post(self, work: Any) -> None:
        work()

    def signal(self, name: str, number: int) -> bool:
        self.signals.append((name, number))
        return True

    def start(self, child: Child) -> None:
        self.started.append(child)

    def end(self, name: str) -> None:
        self.signals.append((name, 0))

    def say(self, text: str) -> None:
        """Nobody listens."""


def eventually(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor()


@pytest.fixture
def ear(registered: Network, supervisor: Supervisor, settings: Any) -> Iterator[BreakServer]:
    server = BreakServer()
    server.serve(Breaker(supervisor, list(registered.manifests.values()), server.token))  # type: ignore[arg-type]
    settings.BREAK_URL, settings.BREAK_TOKEN = server.url, server.token
    yield server
    server.stop()


def test_a_worker_is_killed_through_the_page(
    ear: BreakServer, supervisor: Supervisor, client: Client
) -> None:
    asked = {"deed": "kill_worker", "chain": "birch", "order": ""}
    answer = client.post("/break", asked, headers={"HX-Request": "true"})
    assert supervisor.signals == [("worker-engine", signal.SIGKILL)]
    assert "Watch it start again" in answer.content.decode()
    chinese = client.post("/break", asked, headers={"HX-Request": "true", "Accept-Language": "zh-hans"})
    assert "亲手弄坏它" in chinese.content.decode()


def test_without_scripts_it_leads_back_to_the_transfer(ear: BreakServer, client: Client) -> None:
    asked = {"deed": "kill_worker", "chain": "birch"}
    order_id = "0x" + "ab" * 32
    assert client.post("/break", {**asked, "order": order_id})["Location"] == f"/t/{order_id}"
    for other in ("", "../../evil", "//evil.example", "0x1/2"):
        assert client.post("/break", {**asked, "order": other})["Location"] == "/", other


def test_the_panel_offers_every_local_chain(ear: BreakServer, registered: Network) -> None:
    shown = panel(chosen="birch", order_id="0x1")
    assert shown is not None
    assert [slug for slug, _ in shown.chains] == list(registered.manifests)


def test_the_page_wants_its_csrf_token(ear: BreakServer, supervisor: Supervisor) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/break", {"deed": "kill_worker", "chain": "birch"}).status_code == 403
    assert strict.get("/break").status_code == 405
    assert supervisor.signals == []


def test_the_supervisor_wants_its_own_token(ear: BreakServer, supervisor: Supervisor, settings: Any) -> None:
    settings.BREAK_TOKEN = "guessed"
    assert breakit.break_it("kill_worker", "birch").code == "not_possible"
    assert supervisor.signals == []


def test_it_is_absent_where_a_chain_is_not_local(
    ear: BreakServer, supervisor: Supervisor, client: Client
) -> None:
    row = Chain.objects.get(slug="birch")
    real = {
        **json.loads(json.dumps(row.manifest)),
        "is_local": False,
        "endpoints": [{"url": "https://birch.example"}],
    }
    Chain.objects.filter(pk=row.pk).update(manifest=real, manifest_hash="another")
    registry.forget()
    assert not breakit.is_offered()
    assert panel(chosen="birch", order_id="0x1") is None
    assert client.post("/break", {"deed": "kill_worker", "chain": "birch"}).status_code == 404
    assert supervisor.signals == []


def test_it_is_absent_without_a_supervisor(registered: Network, client: Client, settings: Any) -> None:
    settings.BREAK_URL = ""
    assert not breakit.is_offered()
    assert client.post("/break", {"deed": "reorg", "chain": "birch"}).status_code == 404


def test_a_paused_chain_goes_on_by_itself(
    ear: BreakServer, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "PAUSE_SECONDS", 1.0)
    assert breakit.break_it("pause_chain", "cedar").seconds == 1.0
    assert breakit.break_it("pause_chain", "cedar").code == "already_broken"
    eventually(lambda: len(supervisor.signals) == 2)
    assert supervisor.signals == [("chain-cedar", signal.SIGSTOP), ("chain-cedar", signal.SIGCONT)]
    eventually(lambda: breakit.break_it("pause_chain", "cedar").code == "done")


def test_blocks_are_taken_back(ear: BreakServer, registered: Network) -> None:
    registered.mine("alder", 5)
    before = registered.rpc("alder").block()
    assert breakit.break_it("reorg", "alder").code == "done"
    after = registered.rpc("alder").block(before["number"])
    assert after["hash"] != before["hash"]


def test_the_stock_is_taken_and_given_back(
    ear: BreakServer, registered: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "DRAIN_SECONDS", 0.3)
    account = registered.manifest("birch").address("solver_account")
    held = registered.balance("birch", "USDC", account)
    assert held > 0
    assert breakit.break_it("drain", "birch").code == "done"
    assert registered.balance("birch", "USDC", account) == 0
    eventually(lambda: registered.balance("birch", "USDC", account) == held)


def test_what_does_not_exist_is_not_broken(registered: Network, supervisor: Supervisor) -> None:
    breaker = Breaker(supervisor, list(registered.manifests.values()), "token")  # type: ignore[arg-type]
    for deed, slug in (("burn", "birch"), ("reorg", "nowhere")):
        with pytest.raises(CannotBreak):
            breaker.do(deed, slug)
